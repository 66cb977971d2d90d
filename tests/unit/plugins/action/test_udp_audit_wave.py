# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a wave is not begun any more."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.action import udp_audit_wave
from ansible_collections.rxpath.linux.plugins.action.udp_audit_wave import ActionModule, got_worse
from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import AuditAction

CHANGE = {"what": "x", "round": 1, "kept": False, "why": "30 % before, 60 % after", "comparison": None}
WORSE = {**CHANGE, "comparison": {"verdict": "worse"}}


def entry(status: str, *changes: dict[str, Any]) -> dict[str, Any]:
    return {"status": status, "reason": "lost after x had been changed", "changes": list(changes)}


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (entry("fail", WORSE), "x made it worse: 30 % before, 60 % after"),
        (entry("pass", WORSE), "x made it worse: 30 % before, 60 % after"),
        (entry("unreachable", CHANGE), "lost after x had been changed"),
        (entry("error", CHANGE), "lost after x had been changed"),
        # A host that loses as before, one that was never reached, one that is told what an earlier run left.
        (entry("fail", CHANGE, {**CHANGE, "comparison": {"verdict": "unchanged"}}), ""),
        (entry("unreachable"), ""),
        (entry("error", {**CHANGE, "round": 0}), ""),
        (entry("error", {**CHANGE, "planned": True}), ""),
        ({}, ""),
    ],
)
def test_got_worse(found: dict[str, Any], expected: str) -> None:
    assert got_worse(found) == expected


def look(monkeypatch: pytest.MonkeyPatch, batch: list[str], hosts: dict[str, dict[str, Any]]) -> tuple[str, list[str]]:
    """Return why a wave is stopped, and what was shown."""
    shown: list[str] = []
    monkeypatch.setattr(udp_audit_wave, "display", SimpleNamespace(display=shown.append))
    monkeypatch.setattr(AuditAction, "run", lambda *_arguments: {})
    action = ActionModule.__new__(ActionModule)
    vars(action)["_task"] = SimpleNamespace(args={"diagnosed": "seen"})
    task_vars = {
        "ansible_play_batch": batch,
        "ansible_play_hosts_all": list(hosts),
        "hostvars": {host: {"seen": {"entry": found}} if found else {} for host, found in hosts.items()},
    }
    return action.run(task_vars=task_vars)["stopped"], shown


def test_a_wave_is_not_begun_after_one_that_got_worse(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped, shown = look(monkeypatch, ["b"], {"a": entry("fail", WORSE), "b": {}})
    assert stopped == (
        "an earlier wave got worse, so that this one was not begun (a: x made it worse: 30 % before, 60 % after)"
    )
    assert shown == [f"stop: {stopped}"]


def test_a_wave_goes_on_after_one_that_did_not(monkeypatch: pytest.MonkeyPatch) -> None:
    hosts = {"a": entry("fail", CHANGE), "b": {}, "c": entry("unreachable")}
    assert look(monkeypatch, ["b"], hosts) == ("", [])


def test_a_wave_does_not_stop_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    assert look(monkeypatch, ["a"], {"a": entry("fail", WORSE)}) == ("", [])
