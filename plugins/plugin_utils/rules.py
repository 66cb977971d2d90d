# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A site's own rules: JMESPath expressions over the report's entry of a host.

The language is that of https://jmespath.org/specification.html; in it only ``null``, ``false`` and what is empty is
false, so that the number 0 is true: write ``delta > `0```, not ``delta``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError, to_list, to_mapping

try:
    import jmespath
    from jmespath.exceptions import JMESPathError
except ImportError:  # an audit without rules works without it
    HAS_JMESPATH = False
else:
    HAS_JMESPATH = True

SEVERITIES = ("info", "warn", "fail")
# A rule raises a verdict and never lowers one; a host that was not measured stays what it is.
_RANK = {"pass": 0, "inconclusive": 0, "warn": 1, "fail": 2}
_KEYS = ("name", "expression", "message", "severity")

Rule = dict[str, str]


class RuleError(ValueError):
    """A rule that cannot be evaluated; the message names the rule."""


def read_rules(variable: str, value: Any) -> list[Rule]:
    """Return the rules, each complete and with an expression that parses.

    Raises:
        SettingError: rules that are not rules, an expression that does not parse (the rule is named), no jmespath.
    """
    rules: list[Rule] = []
    for index, item in enumerate(to_list(variable, value)):
        given = to_mapping(f"{variable}[{index}]", item)
        name = str(given.get("name") or "").strip()
        where = f"rule '{name}'" if name else f"rule {index + 1}, which has no name"
        for key in ("name", "expression"):
            if not str(given.get(key) or "").strip():
                raise SettingError(variable, f"{where}: '{key}' is missing")
        for key in given:
            if key not in _KEYS:
                raise SettingError(variable, f"{where}: unknown key '{key}'; there are: {', '.join(_KEYS)}")
        rule = {
            "name": name,
            "expression": str(given["expression"]),
            "message": str(given.get("message") or name),
            "severity": str(given.get("severity") or "warn"),
        }
        if rule["severity"] not in SEVERITIES:
            raise SettingError(
                variable, f"{where}: unknown severity '{rule['severity']}'; there are: {', '.join(SEVERITIES)}"
            )
        if any(other["name"] == name for other in rules):
            raise SettingError(variable, f"{where}: there is another rule of that name")
        try:
            _compile(rule)
        except RuleError as error:
            raise SettingError(variable, str(error)) from None
        rules.append(rule)
    return rules


def evaluate(rules: list[Rule], entry: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the result of each rule over a host's entry, in the order of the rules.

    Raises:
        RuleError: an expression that this entry makes impossible (a function of a wrong type, say); names the rule.
    """
    if not rules:
        return []
    # jmespath refuses the tagged strings and numbers of ansible-core: it gets plain ones.
    plain = json.loads(json.dumps(entry))
    results = []
    for rule in rules:
        try:
            found = _compile(rule).search(plain)
        except JMESPathError as error:
            raise RuleError(_said(rule, error)) from error
        results.append(
            {
                "name": rule["name"],
                "severity": rule["severity"],
                "message": rule["message"],
                "matched": not (found is None or found is False or found in ("", [], {})),
            }
        )
    return results


def apply_rules(entry: Mapping[str, Any], results: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the entry with the rules' results, its status raised by a matched rule of severity warn or fail."""
    judged = {**entry, "rules": results}
    for result in results:
        wanted = result["severity"]
        if not result["matched"] or wanted == "info" or judged["status"] not in _RANK:
            continue
        if _RANK[wanted] > _RANK[judged["status"]]:
            judged["status"] = wanted
            judged["reason"] = f"rule {result['name']}: {result['message']}"
    return judged


def _compile(rule: Rule) -> Any:
    if not HAS_JMESPATH:
        raise RuleError(
            f"rule '{rule['name']}' needs the Python package jmespath on the controller: pip install jmespath"
        )
    try:
        return jmespath.compile(str(rule["expression"]))
    except JMESPathError as error:
        raise RuleError(_said(rule, error)) from error


def _said(rule: Rule, error: Exception) -> str:
    """Say what is wrong with an expression in one line (jmespath draws a second one with a caret)."""
    return f"rule '{rule['name']}': bad expression {rule['expression']!r}: {str(error).splitlines()[0]}"
