# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Entries of hosts that were not measured."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host
from ansible_collections.rxpath.linux.plugins.plugin_utils.entries import build_report, empty_entry, failure_reason


def test_empty_entry_has_the_keys_of_a_measured_one() -> None:
    measured = diagnose_host({"window": {"seconds": 1.0}, "rebooted": False}, {})
    assert empty_entry("error", "x").keys() == measured.keys()


def test_report() -> None:
    report = build_report({"h": empty_entry("not_run", "x")})
    assert report["schema"] == 1
    made = datetime.datetime.fromisoformat(report["generated_at"].replace("Z", "+00:00"))
    assert made.utcoffset() == datetime.timedelta(0)


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        ({"msg": "it broke\nsee above"}, "it broke"),
        ({"msg": "MODULE FAILURE", "module_stderr": "a\n/bin/sh: 1: x: not found\n"},
         "MODULE FAILURE (/bin/sh: 1: x: not found)"),
        ({"msg": "x: not found", "module_stderr": "x: not found"}, "x: not found"),
        (
            {"msg": "No start of json char found", "module_stderr": "  File x\nSyntaxError: invalid syntax"},
            ("the host's Python is too old: the audit needs 3.9 or newer; name one with ansible_python_interpreter "
            "(SyntaxError: invalid syntax)"),
        ),
        ({}, "the module failed without a message"),
    ],
)  # fmt: skip
def test_failure_reason(result: dict[str, Any], reason: str) -> None:
    assert failure_reason(result) == reason
