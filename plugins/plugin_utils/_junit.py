# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""junit.xml: one test suite a host, one test case for its verdict and one for each station of the path.

Elements and attributes are those that the widespread schemas have in common (Ant/Windy Road, Jenkins xUnit).
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any
from xml.etree import ElementTree

from ansible_collections.rxpath.linux.plugins.plugin_utils import _wording as wording
from ansible_collections.rxpath.linux.plugins.plugin_utils._changes import rounds
from ansible_collections.rxpath.linux.plugins.plugin_utils._shape import shown
from ansible_collections.rxpath.linux.plugins.plugin_utils._summary import (
    Summary,
    lost,
    summaries,
    where,
    who,
    window_seconds,
)

PACKAGE = "rxpath.linux.udp_audit"
Outcome = tuple[str, str] | None  # element name and message; None: passed


def render_junit(report: dict[str, Any]) -> str:
    """Return the document's text."""
    plain = shown(report)
    root = ElementTree.Element("testsuites")
    stamp = _timestamp(str(plain.get("generated_at") or ""))
    for number, summary in enumerate(summaries(plain)):
        _add_suite(root, number, stamp, summary, plain["hosts"][summary.name])
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _add_suite(root: ElementTree.Element, number: int, stamp: str, summary: Summary, host: dict[str, Any]) -> None:
    cases = [("verdict", _verdict(summary))]
    measured = bool(host.get("windows"))
    if measured:
        cases += [(f"{name} handoff", _handoff(name, summary, host)) for name in wording.STATIONS]
    for rule in host.get("rules") or []:
        cases.append((f"rule {rule.get('name')}", _rule(rule)))
    kinds = [outcome[0] for _name, outcome in cases if outcome]
    total = sum(float(window.get("seconds") or 0) for window in host.get("windows") or [])
    suite = ElementTree.SubElement(
        root,
        "testsuite",
        {
            "name": summary.name,
            "package": PACKAGE,
            "id": str(number),
            "hostname": summary.name.strip() or "unnamed",
            "timestamp": stamp,
            "tests": str(len(cases)),
            "failures": str(kinds.count("failure")),
            "errors": str(kinds.count("error")),
            "skipped": str(kinds.count("skipped")),
            "time": f"{total:.3f}",
        },
    )
    ElementTree.SubElement(suite, "properties")
    for name, outcome in cases:
        length = window_seconds(host) if name == "verdict" else None
        attributes = {"name": name, "classname": f"{PACKAGE}.{summary.name}", "time": f"{length or 0:.3f}"}
        case = ElementTree.SubElement(suite, "testcase", attributes)
        if outcome is None:
            continue
        kind, message = outcome
        if kind == "skipped":
            ElementTree.SubElement(case, kind, {"message": message})
        else:
            detail = ElementTree.SubElement(case, kind, {"message": message, "type": _kind(name, summary)})
            detail.text = _detail(name, summary, host)
    ElementTree.SubElement(suite, "system-out").text = _output(host)
    ElementTree.SubElement(suite, "system-err").text = "\n".join(
        f"not read: {wording.sentence(item)}" for item in host.get("unknowns") or []
    )


def _verdict(summary: Summary) -> Outcome:
    message = summary.reason or wording.STATUS_WORDS.get(summary.status, summary.status)
    if summary.status == "fail":
        return "failure", message
    if summary.status in ("inconclusive", "not_run"):
        return "skipped", message
    return None if summary.status in ("pass", "warn") else ("error", message)


def _handoff(name: str, summary: Summary, host: dict[str, Any]) -> Outcome:
    """Return a station's outcome. In a host that only warns, a loss is told in system-out and fails nothing."""
    losses = _losses(name, host)
    if summary.status == "inconclusive" and not losses:
        return "skipped", summary.reason or "too little traffic to tell"
    if summary.status != "fail" or not losses:
        return None
    return "failure", "; ".join(f"{finding['finding']}: lost {lost(finding, host)}" for finding in losses)


def _rule(rule: dict[str, Any]) -> Outcome:
    if rule.get("matched") and rule.get("severity") in ("fail", "error"):
        return "failure", str(rule.get("message") or rule.get("name"))
    return None


def _losses(name: str, host: dict[str, Any]) -> list[dict[str, Any]]:
    findings = host.get("findings") or []
    return [item for item in findings if item.get("class") == "loss" and wording.station(item) == name]


def _kind(name: str, summary: Summary) -> str:
    if name == "verdict":
        return str((summary.finding or {}).get("finding") or summary.status)
    return name


def _detail(name: str, summary: Summary, host: dict[str, Any]) -> str:
    station = name.removesuffix(" handoff")
    findings = _losses(station, host) if station != name else ([summary.finding] if summary.finding else [])
    return "\n\n".join(_told(finding, host) for finding in findings)


def _output(host: dict[str, Any]) -> str:
    blind = [f"blind spot: {wording.sentence(item)}" for item in host.get("blind_spots") or []]
    changed = [f"{turn.title.lower()}: {one.line}" for turn in rounds(host) for one in turn.changes]
    return "\n\n".join(changed + [_told(finding, host) for finding in host.get("findings") or []] + blind)


def _told(finding: dict[str, Any], host: dict[str, Any]) -> str:
    verb = {"refused": "refused", "info": "counted"}.get(str(finding.get("class")), "lost")
    lines = [f"{finding.get('finding')}: {verb} {lost(finding, host)}", where(finding), who(finding)]
    lines += [str(text) for text in finding.get("evidence") or []]
    for advice in finding.get("advice") or []:
        word = "do" if advice.get("helps") else "in vain"
        lines.append(f"{word}: {advice.get('action')} ({advice.get('why')})")
    return "\n".join(line for line in lines if line)


def _timestamp(text: str) -> str:
    """Return the moment in UTC without an offset, the one form that every schema takes."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = datetime.fromtimestamp(0, timezone.utc)
    if moment.tzinfo:
        moment = moment.astimezone(timezone.utc)
    return moment.strftime("%Y-%m-%dT%H:%M:%S")
