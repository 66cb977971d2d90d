# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host's way through the rounds: plan, window, verdict, next round, without a host."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import yaml
from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible_collections.rxpath.linux.plugins.action import udp_audit_improve
from ansible_collections.rxpath.linux.plugins.action.udp_audit_improve import ActionModule
from ansible_collections.rxpath.linux.plugins.plugin_utils import convert
from ansible_collections.rxpath.linux.plugins.plugin_utils._text import render_text
from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import AuditAction
from ansible_collections.rxpath.linux.plugins.plugin_utils.entries import build_report
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.changing import (
    BACKLOG,
    CHANGING,
    DEFAULT,
    OVERFLOW,
    Host,
    compared,
    entry,
    failing,
    lost,
    sample_of,
    two_findings,
)
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.test_report import SCHEMA

ROLE = Path(__file__).resolve().parents[4] / "roles/udp_audit"
VARIABLES = {**yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8")), "udp_audit_apply": True}
COLLECTED = {"outcome": "sampled", "sample": sample_of()}


class Play:
    """What a host registers, and the task that adds to it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, host: Host, check: bool = False, **variables: Any) -> None:
        self.host, self.check, self.said = host, check, list[str]()
        self.variables = {**VARIABLES, **{f"udp_audit_{name}": value for name, value in variables.items()}}
        self.vars: dict[str, Any] = {
            "inventory_hostname": "web1",
            "recovered": {"busy": "", "rows": []},
            "collected": COLLECTED,
            "diagnosed": {"entry": entry(), "again": True},
        }
        monkeypatch.setattr(AuditAction, "run", lambda *_arguments: {})
        monkeypatch.setattr(udp_audit_improve, "display", SimpleNamespace(display=self.said.append))
        monkeypatch.setattr(time, "sleep", lambda _seconds: None)

    def task(self, state: str) -> dict[str, Any]:
        action = ActionModule.__new__(ActionModule)
        names = {name: name for name in ("recovered", "diagnosed", "made")}
        args = {"state": state, "variables": self.variables, "collected": ["collected"], **names}
        task = SimpleNamespace(args=args, check_mode=self.check)
        vars(action).update(_task=task, _execute=lambda name, arguments: self.host(name, dict(arguments)))
        result: dict[str, Any] = action.run(task_vars=self.vars)
        self.changed = result["changed"]
        return result

    def make(self) -> dict[str, Any]:
        self.vars["made"] = self.task("made")
        return dict(self.vars["made"])

    def decide(self) -> dict[str, Any]:
        self.vars["diagnosed"] = self.task("decided")
        entry: dict[str, Any] = self.vars["diagnosed"]["entry"]
        report = build_report({"web1": entry})
        jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)
        self.text = " ".join(render_text(report, color=False).split())
        return entry


def comparing(monkeypatch: pytest.MonkeyPatch, *verdicts: str) -> None:
    """Let the comparison find these, window after window, for every key."""
    left = list(verdicts)

    def compare(*arguments: Any) -> list[dict[str, Any]]:
        verdict = left.pop(0)
        return [compared(key, verdict) for key in arguments[4]]

    monkeypatch.setattr(udp_audit_improve, "compare", compare)


def test_a_host_that_is_cured_ends_with_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, Host(), restart_services="nsd")
    comparing(monkeypatch, "improved")
    assert play.make()["before"] == COLLECTED["sample"]
    assert play.changed
    quiet = sample_of()
    quiet["namespaces"][1]["sockets"] = []
    play.vars["collected"] = {"outcome": "sampled", "sample": quiet}
    entry = play.decide()
    assert not play.changed
    assert [window["label"] for window in entry["windows"]] == ["before", "after"]
    assert (entry["rounds"], [row["kept"] for row in entry["changes"]]) == (1, [True])
    assert any("restarted nsd.service" in line for line in play.said)
    assert any(f"{DEFAULT} kept" in line for line in play.said)


def test_rounds_go_on_to_the_limit_and_never_repeat_what_was_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, Host(), restart_services="nsd")
    comparing(monkeypatch, "unchanged")
    play.make()
    play.decide()
    assert play.vars["diagnosed"]["again"]
    assert play.make()["outcome"] == "nothing"
    assert not play.changed
    entry = play.decide()
    assert not play.vars["diagnosed"]["again"]
    assert (entry["rounds"], len(entry["changes"]), entry["status"]) == (1, 1, "fail")
    assert any("not tried again" in sentence for sentence in entry["left"])
    assert len(play.host.of("sysctl_settings")) == 1


def test_the_last_round_is_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, Host(), restart_services="nsd", max_rounds=1)
    comparing(monkeypatch, "unchanged")
    play.make()
    play.decide()
    assert not play.vars["diagnosed"]["again"]


def test_a_host_that_waits_for_a_restart_fails_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, Host())
    comparing(monkeypatch, "unchanged")
    play.make()
    entry = play.decide()
    assert (entry["status"], entry["changes"][0]["kept"]) == ("fail", True)
    assert "takes effect when nsd.service is restarted" in entry["reason"]
    assert not play.vars["diagnosed"]["again"]


def test_check_mode_plans_and_calls_no_module_that_changes_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, Host(), check=True, restart_services="nsd")
    assert not play.task("recovered")["changed"]
    assert play.make()["outcome"] == "planned"
    assert play.changed
    entry = play.decide()
    assert [(row["what"], row["planned"]) for row in entry["changes"]] == [(DEFAULT, True)]
    assert not [name for name, _arguments in play.host.calls if name in CHANGING]
    assert play.host.names == ["tuning_session reported", "tuning_plan"]
    assert (entry["status"], play.vars["diagnosed"]["again"]) == ("fail", False)


@pytest.mark.parametrize("check", [False, True])
def test_a_host_that_cannot_plan_says_so_in_its_entry(monkeypatch: pytest.MonkeyPatch, check: bool) -> None:
    play = Play(monkeypatch, Host({"tuning_plan": failing("root is needed")}), check=check)
    assert play.make()["outcome"] == "refused"
    entry = play.decide()
    assert any("root is needed" in str(sentence) for sentence in entry["unknowns"])
    assert entry["changes"] == []


def test_a_host_of_another_run_is_measured_and_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, Host())
    play.vars["recovered"] = {"busy": "the tuning run 12 of bob is changing this host", "rows": []}
    play.make()
    entry = play.decide()
    assert play.host.calls == []
    assert any("bob" in str(sentence) for sentence in entry["unknowns"])
    assert (entry["status"], entry["main_loss"]) == ("fail", OVERFLOW)


@pytest.mark.parametrize("error", [AnsibleConnectionFailure("timed out"), AnsibleError("no room on the device")])
def test_a_host_that_is_lost_in_mid_change_is_told_with_what_it_had_been_changed_to(
    monkeypatch: pytest.MonkeyPatch, error: AnsibleError
) -> None:
    def answer(_arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise error

    play = Play(monkeypatch, Host({"sysctl_settings": answer}))
    assert play.make()["outcome"] == "lost"
    entry = play.decide()
    assert entry["status"] == "unreachable"
    assert entry["reason"].startswith(f"lost after {DEFAULT} had been changed ({error.message}); run again")
    assert [(row["what"], row["kept"]) for row in entry["changes"]] == [(DEFAULT, True)]
    assert "run again to complete it" in play.text
    assert not play.vars["diagnosed"]["again"]


def test_a_step_that_failed_before_the_host_was_lost_is_not_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    def answer(arguments: Mapping[str, Any]) -> dict[str, Any]:
        return {"failed": True, "msg": "EINVAL"} if BACKLOG in arguments["settings"] else lost(arguments)

    play = Play(monkeypatch, Host({"sysctl_settings": answer}))
    play.vars["diagnosed"] = {"entry": two_findings(), "again": True}
    made = play.make()
    entry = play.decide()
    order = [step["rows"][0]["what"] for step in made["steps"]]
    kept = {row["what"]: (row["kept"], row["why"]) for row in entry["changes"]}
    assert order == [BACKLOG, DEFAULT]
    assert kept[DEFAULT][0]
    assert kept[BACKLOG] == (False, "EINVAL")
    assert BACKLOG not in entry["reason"]


@pytest.mark.parametrize("outcome", ["unreachable", "error"])
def test_a_blind_second_window_takes_everything_back(monkeypatch: pytest.MonkeyPatch, outcome: str) -> None:
    play = Play(monkeypatch, Host())
    play.make()
    play.vars["collected"] = {"outcome": outcome, "reason": "the window was not seen"}
    entry = play.decide()
    assert (entry["status"], entry["changes"][0]["kept"]) == (outcome, False)
    assert play.host.running[DEFAULT] == "212992"
    assert play.host.names[-1] == "tuning_session finished"
    assert not play.vars["diagnosed"]["again"]


@pytest.mark.parametrize("blind", [False, True])
def test_a_host_that_is_lost_before_the_verdict_is_unreachable(monkeypatch: pytest.MonkeyPatch, blind: bool) -> None:
    play = Play(monkeypatch, Host(), restart_services="nsd")
    comparing(monkeypatch, "unchanged")
    play.make()
    if blind:
        play.vars["collected"] = {"outcome": "unreachable", "reason": "timed out"}
    play.host.answers["tuning_rollback"] = lost
    entry = play.decide()
    assert (entry["status"], entry["changes"][0]["kept"]) == ("unreachable", True)
    assert entry["reason"].startswith("the host was lost before its changes were settled")
    assert "the host was lost before its changes were settled" in play.text


def test_a_window_that_cannot_be_compared_proves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, Host(), restart_services="nsd")

    def compare(*_arguments: Any) -> list[dict[str, Any]]:
        raise KeyError("series")

    monkeypatch.setattr(udp_audit_improve, "compare", compare)
    play.make()
    entry = play.decide()
    assert (entry["changes"][0]["kept"], play.host.running[DEFAULT]) == (False, "212992")


@pytest.mark.parametrize(("fill", "expected"), [(0.1, 2), (2.0, 3), (100.0, 7)])
def test_the_second_window_outlasts_the_time_that_the_buffer_needs_to_fill(
    monkeypatch: pytest.MonkeyPatch, fill: float, expected: float
) -> None:
    play = Play(monkeypatch, Host(), window=2, max_extension=5)
    for advice in play.vars["diagnosed"]["entry"]["findings"][0]["advice"]:
        if "knob" in advice:
            advice["fill_seconds"] = fill
    assert play.make()["window"] == expected


def test_what_a_killed_run_left_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    killed = {"holder": "the audit 12 of bob", "since": 1.0, "message": "", "changes": []}
    row = {"knob": "sysctl", "target": DEFAULT, "from": "4194304", "to": "212992"}
    host = Host({
        "tuning_session": lambda _arguments: {"held": None, "interrupted": killed},
        "tuning_rollback": lambda _arguments: {"changes": [row]},
    })  # fmt: skip
    play = Play(monkeypatch, host)
    assert play.task("recovered")["rows"][0]["from"] == "212992"
    assert play.said[0].startswith(f"web1: {DEFAULT} taken back to 212992: the audit 12 of bob was not finished")


@pytest.mark.parametrize("error", [AnsibleConnectionFailure("timed out"), AnsibleError("timed out")])
def test_looking_for_leftovers_never_fails_a_host(monkeypatch: pytest.MonkeyPatch, error: AnsibleError) -> None:
    def answer(_arguments: Mapping[str, Any]) -> dict[str, Any]:
        raise error

    play = Play(monkeypatch, Host({"tuning_session": answer}))
    assert play.task("recovered")["busy"] == "timed out"


def test_a_variable_of_one_host_that_is_wrong_never_fails_it(monkeypatch: pytest.MonkeyPatch) -> None:
    play = Play(monkeypatch, Host())
    play.variables["udp_audit_max_rounds"] = "many"
    assert play.task("recovered")["busy"].startswith("udp_audit_max_rounds")
    assert play.host.calls == []
    with pytest.raises(AnsibleActionFail, match="udp_audit_max_rounds"):
        play.task("made")


def test_the_role_takes_the_same_words_for_true_as_the_actions() -> None:
    tasks = yaml.safe_load((ROLE / "tasks/main.yml").read_text(encoding="utf-8"))
    (task,) = [one for one in tasks if one.get("register") == "__udp_audit_recovered"]
    words = task["when"][-1].partition(" in ")[2]
    assert set(yaml.safe_load(words)) == convert._TRUE
