# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report of a run over a path: on the terminal, as hops.json and as hops.html."""

from __future__ import annotations

import json
import os
import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._hops.place import HINT, OWN_SOCKET
from ansible_collections.rxpath.linux.plugins.plugin_utils._plain import plain, visible
from ansible_collections.rxpath.linux.plugins.plugin_utils.entries import build_report
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_compared import compared
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_page import render_hops, way
from ansible_collections.rxpath.linux.plugins.plugin_utils.report import write_file

SCHEMA = 1
FILE, PAGE = "hops.json", "hops.html"
_WORST = ("error", "fail", "warn", "pass")
_COLOURS = {"fail": "1;31", "error": "1;35", "warn": "1;33", "pass": "32"}
_WIDTH = 110


def build(rounds: Sequence[Mapping[str, Any]], groups: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the report of all rounds."""
    statuses = [str(one["status"]) for one in rounds]
    status = next((word for word in _WORST if word in statuses), "error")
    report = {
        "schema": SCHEMA,
        "generated_at": build_report({})["generated_at"],
        "status": status,
        "path": [dict(one) for one in groups],
        "verdicts": [f"{title(one)}: {said}" for one in rounds for said in one["verdicts"]],
        "compared": compared(rounds),
        "rounds": [dict(one) for one in rounds],
    }
    copy: dict[str, Any] = plain(report)
    return copy


def title(one: Mapping[str, Any]) -> str:
    """Return what a round was about."""
    return "counters" if one["kind"] == "counters" else f"probe {way(one, ' -> ')}"


def render(report: Mapping[str, Any], color: bool) -> str:
    """Return the report for a terminal, without a newline at its end; what a host is called cannot act on it."""
    shown: dict[str, Any] = plain(report, visible)
    lines: list[str] = []
    for one in shown["rounds"]:
        lines.append(f"{_badge(one['status'], color)} {title(one)}")
        if "numbered" in one:
            lines += _field("sent", f"{one['numbered']:,} at {one['rate']:,.0f}/s; arrived {one['arrived']:,}")
        for said in one["verdicts"]:
            lines += _field("verdict", said)
        for place in one["places"]:
            if place["evidence"]:
                lines += _field("why", place["evidence"])
        for note in one["notes"]:
            lines += _field("note", note)
        for row in one.get("handoffs") or []:
            lines += _field("rates", _rates(row))
    for said in shown["compared"]:
        lines += ["", *textwrap.wrap(f"side by side: {said}", _WIDTH, break_on_hyphens=False)]
    return "\n".join(lines) or "no host was measured"


def _rates(row: Mapping[str, Any]) -> str:
    """Return what left one part of a path and reached the next, a second, in the order of the way."""
    rates = {name: f"{rate:,.0f}" for name, rate in row["rates"].items()}
    leaving = f"{row['before']} sent {rates['sent']}/s (IP {rates['ip_out']}, NIC {rates['nic_out']})"
    taken = f"{row['after']} took in {rates['taken']}/s (NIC {rates['nic_in']}, IP {rates['ip_in']})"
    return f"{leaving}; {taken} and passed on {rates['passed_on']}/s"


def _badge(status: str, color: bool) -> str:
    word = status.upper()
    return f"\x1b[{_COLOURS[status]}m{word}\x1b[0m" if color else word


def _field(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=f"  {label:<8}  ", subsequent_indent=" " * 12, break_on_hyphens=False
    )


def write(report: Mapping[str, Any], directory: str) -> tuple[str, str]:
    """Write hops.json and hops.html and return their paths. Raises ReportError.

    Both are rendered before the first is written.
    """
    target = os.path.abspath(os.path.expanduser(directory))
    texts = {FILE: json.dumps(plain(report), indent=1, allow_nan=False) + "\n", PAGE: render_hops(report)}
    found, page = (write_file(target, name, text, "udp_hops_report_dir") for name, text in texts.items())
    return found, page


def verdict_of(host: str, rounds: Sequence[Mapping[str, Any]] | None) -> tuple[str, str]:
    """Return a host's status and reason: it fails for what is lost on it, or on the wire to it."""
    if rounds is None:
        return "error", "the run ended before it was measured"
    worst, reason = "pass", "nothing lost here"
    for one in rounds:
        own = (one["hosts"] or {}).get(host)
        if own is None:
            continue
        if own["outcome"] != "measured":
            return str(own["outcome"]), str(own["reason"])
        for place, said in zip(one["places"], one["verdicts"]):
            if place["host"] != host:
                continue
            # Of a probe the number is exact, if not always the place; of counters alone a hint is not enough to fail.
            sure = one["kind"] == "probe" or place["certainty"] != HINT
            status = "fail" if one["status"] == "fail" and sure and place["kind"] != OWN_SOCKET else "warn"
            if _WORST.index(status) < _WORST.index(worst):
                worst, reason = status, f"{title(one)}: {said}"
        if one["status"] == "error" and one["kind"] == "probe" and worst == "pass":
            return "error", f"{title(one)}: {one['verdicts'][0]}"
    return worst, reason
