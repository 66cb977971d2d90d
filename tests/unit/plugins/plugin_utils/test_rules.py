# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site's own rules: which match, what they change, and what a bad one says."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils import rules as module
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.entries import empty_entry
from ansible_collections.rxpath.linux.plugins.plugin_utils.rules import RuleError, apply_rules, evaluate, read_rules

ENTRY: dict[str, Any] = {
    **empty_entry("pass", "no loss"),
    "findings": [{"finding": "tc.drop", "delta": 0, "ratio": None, "namespace": {"name": "web"}}],
}


def rule(expression: str, **more: Any) -> dict[str, Any]:
    return {"name": "one", "expression": expression, **more}


@pytest.mark.parametrize(
    ("expression", "matched"),
    [
        ("status", True),
        ("first_loss", False),
        ("blind_spots", False),
        ("nothing.here", False),
        ("findings[0].delta", True),  # 0 is true in JMESPath
        ("findings[0].delta > `0`", False),
        ("findings[?namespace.name == 'web']", True),
        ("length(findings) == `1`", True),
        ("''", False),
    ],
)
def test_matched(expression: str, matched: bool) -> None:
    (result,) = evaluate(read_rules("v", [rule(expression)]), ENTRY)
    assert result == {"name": "one", "severity": "warn", "message": "one", "matched": matched}


@pytest.mark.parametrize(
    ("status", "severity", "expected"),
    [
        ("pass", "info", "pass"),
        ("pass", "warn", "warn"),
        ("pass", "fail", "fail"),
        ("inconclusive", "warn", "warn"),
        ("warn", "warn", "warn"),
        ("fail", "warn", "fail"),
        ("error", "fail", "error"),
        ("unreachable", "fail", "unreachable"),
    ],
)
def test_severity_raises_the_status(status: str, severity: str, expected: str) -> None:
    entry = {**ENTRY, "status": status}
    results = evaluate(read_rules("v", [rule("findings", severity=severity, message="because")]), entry)
    judged = apply_rules(entry, results)
    assert (judged["status"], judged["rules"]) == (expected, results)
    assert judged["reason"] == ("no loss" if expected == status else "rule one: because")


def test_rule_that_does_not_match_changes_nothing() -> None:
    results = evaluate(read_rules("v", [rule("first_loss", severity="fail")]), ENTRY)
    assert apply_rules(ENTRY, results) == {**ENTRY, "rules": results}


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        pytest.param([rule("a[?")], "rule 'one': bad expression 'a\\[\\?'", id="does not parse"),
        pytest.param([rule("")], "rule 'one': 'expression' is missing", id="empty expression"),
        pytest.param([{"expression": "a"}], "rule 1, which has no name: 'name' is missing", id="no name"),
        pytest.param([rule("a", severity="bad")], "rule 'one': unknown severity 'bad'", id="severity"),
        pytest.param([rule("a", expr="b")], "rule 'one': unknown key 'expr'", id="key"),
        pytest.param([rule("a"), rule("b")], "rule 'one': there is another", id="duplicate"),
        pytest.param(["a"], "v\\[0\\]: is no valid JSON", id="no rule"),
    ],
)
def test_bad_rule_is_named(bad: Any, said: str) -> None:
    with pytest.raises(SettingError, match=said):
        read_rules("v", bad)


def test_rules_as_json() -> None:
    assert read_rules("v", '[{"name": "n", "expression": "a"}]')[0]["name"] == "n"


@pytest.mark.parametrize("expression", ["length(status.x)", "sum(findings)", "no_such_function(@)", "abs()"])
def test_expression_that_fails_on_a_host_names_the_rule(expression: str) -> None:
    with pytest.raises(RuleError, match="rule 'one': bad expression"):
        evaluate(read_rules("v", [rule(expression)]), ENTRY)


def test_tagged_values_of_ansible() -> None:
    tags = pytest.importorskip("ansible._internal._datatag._tags", reason="this ansible-core tags no values")
    origin = tags.Origin(description="a test")
    entry = {**ENTRY, "status": origin.tag("pass"), "findings": [{"delta": origin.tag(3)}]}
    tagged = rule(origin.tag("findings[0].delta > `2` && status == 'pass'"))
    assert evaluate(read_rules("v", [tagged]), entry)[0]["matched"] is True


def test_without_jmespath(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HAS_JMESPATH", False)
    assert read_rules("v", []) == []
    with pytest.raises(SettingError, match="rule 'one' needs the Python package jmespath on the controller"):
        read_rules("v", [rule("a")])
