# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a registered window to an entry: whatever the window is, an entry comes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.rxpath.linux.plugins.plugin_utils.judged import UNMEASURED, entry_of, latest
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.changing import OVERFLOW, sample_of

ROLE = Path(__file__).resolve().parents[4] / "roles/udp_audit"
DEFAULTS: dict[str, Any] = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))


def sampled(sample: Any) -> dict[str, Any]:
    return {"outcome": "sampled", "sample": sample}


def test_the_latest_result_that_was_not_skipped_counts() -> None:
    first, again = {"outcome": "extending"}, {"outcome": "sampled"}
    skipped = {"skipped": True, "changed": False}
    names = ["first", "again", "never"]
    assert latest({"first": first, "again": again}, names) is again
    assert latest({"first": first, "again": skipped}, names) is first
    assert latest({"first": skipped, "again": "?"}, names) == {}


def test_a_sample_becomes_an_entry_with_its_label() -> None:
    entry = entry_of(sampled(sample_of()), DEFAULTS, "after")
    assert (entry["status"], entry["main_loss"]) == ("fail", OVERFLOW)
    assert [window["label"] for window in entry["windows"]] == ["after"]


@pytest.mark.parametrize(
    ("result", "status", "reason"),
    [
        ({"outcome": "unreachable", "reason": "timed out"}, "unreachable", "timed out"),
        ({"outcome": "error", "reason": "no Python"}, "error", "no Python"),
        ({"outcome": "extending"}, "error", "the sampler did not end in time, although its window was over"),
        ({}, "error", "nothing was sampled"),
        (sampled({}), "error", "the sample cannot be understood"),
        (sampled(None), "error", "the sample cannot be understood"),
    ],
)
def test_what_was_not_measured_says_why(result: dict[str, Any], status: str, reason: str) -> None:
    entry = entry_of(result, DEFAULTS)
    assert entry["status"] == status
    assert entry["status"] in UNMEASURED
    assert entry["reason"].startswith(reason)
    assert (entry["findings"], entry["windows"], entry["changes"]) == ([], [], [])


def test_a_variable_of_this_host_that_is_wrong_is_its_error() -> None:
    entry = entry_of(sampled(sample_of()), {**DEFAULTS, "udp_audit_max_rounds": "many"})
    assert (entry["status"], entry["reason"].partition(":")[0]) == ("error", "udp_audit_max_rounds")
