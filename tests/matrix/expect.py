# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare a host's entry of the report with what the case expects: a list of the cells that are wrong."""

from __future__ import annotations

import json
import re
from typing import Any, Dict, List, Sequence

from .case import LOSSES, Expected, Verdict

BUFFERS = ("receive_buffer", "rmem_default", "rmem_max")


def _text(finding: Dict[str, Any]) -> str:
    words = [*finding["evidence"]]
    for advice in finding["advice"]:
        words += [str(advice.get(key)) for key in ("action", "current", "recommended", "why")]
    return "\n".join(words)


def buffer_helps(finding: Dict[str, Any]) -> Any:
    """Return whether the finding's advice says that a larger buffer helps; None where nothing is said."""
    said = [advice["helps"] for advice in finding["advice"] if any(word in advice["action"] for word in BUFFERS)]
    return any(said) if said else None


def _place(finding: Dict[str, Any]) -> str:
    return (finding.get("namespace") or {}).get("name") or ""


def _judged(finding: Dict[str, Any], ours: Sequence[str]) -> bool:
    """Tell whether a finding is the case's: in its namespaces, or at the backlogs, which belong to all of them."""
    return _place(finding) in ("", *ours) or str(finding["finding"]).startswith("softnet.")


def _compare(want: Expected, got: Dict[str, Any]) -> List[str]:
    wrong = []

    def cell(name: str, expected: Any, reported: Any) -> None:
        if expected != reported:
            wrong.append("%s %s: expected %s, got %s" % (want.finding, name, expected, reported))

    if want.namespace is not None:
        cell("namespace", want.namespace, _place(got))
    if want.delta is not None:
        cell("delta", want.delta, got["delta"])
    if want.near is not None and not want.near[0] <= got["delta"] <= want.near[1]:
        cell("delta", "%d..%d" % want.near, got["delta"])
    if want.causes is not None:
        cell("causes", want.causes, got["causes"])
    if want.inodes is not None:
        cell("sockets", sorted(want.inodes), sorted(entry["inode"] for entry in got["sockets"]))
    if want.process is not None:
        cell("process", [want.process], sorted({str(entry.get("process")) for entry in got["sockets"]}))
    if want.share is not None and (got["share"] is None or abs(got["share"] - want.share) > 0.02):
        cell("share", round(want.share, 3), got["share"])
    if want.helps is not None:
        cell("helps", want.helps, buffer_helps(got))
    if want.certainty is not None:
        cell("certainty", want.certainty, got["certainty"])
    if want.closed is not None:
        cell("closed", [want.closed], sorted({bool(entry.get("closed")) for entry in got["sockets"]}))
    if want.rates is False:
        given = [entry.get(key) for entry in got["sockets"] for key in ("arrival_rate", "service_rate")]
        cell("rates", [None] * len(given), given)
    cell("pending", want.pending, bool(got["pending"]))
    text = _text(got)
    for pattern in want.says:
        if not re.search(pattern, text, re.IGNORECASE):
            wrong.append("%s text: nothing matches /%s/" % (want.finding, pattern))
    for pattern in want.silent:
        if re.search(pattern, text, re.IGNORECASE):
            wrong.append("%s text: /%s/ must not be said" % (want.finding, pattern))
    return wrong


def compare(want: Verdict, host: Dict[str, Any], ours: Sequence[str]) -> List[str]:
    """Return what is wrong in the host's entry; ``ours`` are the case's namespaces (others are not judged)."""
    wrong = []
    if host["status"] not in want.status:
        wanted = "/".join(sorted(want.status))
        wrong.append("status: expected %s, got %s (%s)" % (wanted, host["status"], host["reason"]))
    for name, expected in (("main_loss", want.main), ("first_loss", want.first)):
        if host[name] != expected:
            wrong.append("%s: expected %s, got %s" % (name, expected, host[name]))
    left = [finding for finding in host["findings"] if _judged(finding, ours)]
    for expected_finding in want.findings:
        candidates = [finding for finding in left if finding["finding"] == expected_finding.finding]
        if not candidates:
            wrong.append("finding: %s is missing" % expected_finding.finding)
            continue
        tries = [(_compare(expected_finding, finding), index) for index, finding in enumerate(candidates)]
        mistakes, index = min(tries, key=lambda entry: len(entry[0]))
        wrong += mistakes
        left.remove(candidates[index])
    for finding in left:
        if finding["finding"] in LOSSES or finding["finding"] in want.absent:
            told = (finding["finding"], _place(finding), finding["delta"])
            wrong.append("finding: %s in %s is too much (delta %s)" % told)
    spots = [str(spot) for spot in host["blind_spots"]]
    if want.blind is not None and not any(re.search(want.blind, spot, re.IGNORECASE) for spot in spots):
        wrong.append("blind spot: nothing matches /%s/" % want.blind)
    everything = json.dumps([host["reason"], host["findings"]])
    for pattern in want.says:
        if not re.search(pattern, everything, re.IGNORECASE):
            wrong.append("text: nothing matches /%s/" % pattern)
    return wrong


def summary(want: Verdict, host: Dict[str, Any], ours: Sequence[str]) -> Dict[str, Any]:
    """Return the cells of the table for what was reported; findings of class info only where they were expected."""
    told = {finding.finding for finding in want.findings}
    listed = [finding for finding in host["findings"]
              if (finding["class"] != "info" or finding["finding"] in told) and _judged(finding, ours)]  # fmt: skip
    main = next((finding for finding in listed if finding["finding"] == host["main_loss"]), None)
    return {
        "status": host["status"],
        "findings": [finding["finding"] for finding in listed],
        "main": host["main_loss"],
        "causes": main["causes"] if main else [],
        "namespace": _place(main).split("-")[-1] if main else None,
        "sockets": [entry["local"] for entry in main["sockets"]] if main else [],
        "share": main["share"] if main else None,
        "delta": main["delta"] if main else None,
    }
