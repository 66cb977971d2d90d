# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports for the tests: the recorded cases, a fleet made of them, and one whose every name is hostile."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

DIRECTORY = Path(__file__).parents[2] / "fixtures" / "reports"
CASES = tuple(sorted(path.stem for path in DIRECTORY.glob("*.json")))

# Out of 100 hosts; the rest is healthy.
_SHARES = {
    "incident_dns": 6,
    "incident_quic": 4,
    "incident_ingestion": 3,
    "pending": 2,
    "warn_softnet": 7,
    "unreachable": 3,
    "error": 1,
    "not_run": 2,
    "inconclusive": 4,
    "applied": 5,
    "planned": 2,
}

# Markup, attribute and script ends, separators that end a line in JavaScript, what XML forbids, terminal escapes,
# direction overrides, a label's end, a lone surrogate as undecodable bytes become.
HOSTILE = "</script><img src=x onerror=alert(1)>\"'`&amp;{{7*7}}{% raw %}]]>"
HOSTILE += "\x00\x1b[31m\x1b]0;t\x07\x9b\r\n\t\u2028\u202e\ufffe\udc80\\n"


def load(case: str) -> dict[str, Any]:
    """Return one recorded report."""
    report: dict[str, Any] = json.loads((DIRECTORY / f"{case}.json").read_text(encoding="utf-8"))
    return report


def mixed() -> dict[str, Any]:
    """Return one report with the hosts of all cases."""
    report = load("healthy")
    for case in CASES:
        report["hosts"].update(load(case)["hosts"])
    return report


def fleet(number: int) -> dict[str, Any]:
    """Return a report with so many hosts, each kind as often as in a fleet on a bad day."""
    kinds = [case for case, share in _SHARES.items() for _ in range(share)]
    kinds += ["healthy"] * (100 - len(kinds))
    hosts = {case: next(iter(load(case)["hosts"].values())) for case in set(kinds)}
    report = load("healthy")
    # 37 has no divisor in common with 100, so the kinds are spread over the names.
    report["hosts"] = {
        f"host-{index:04d}.example.net": _varied(hosts[kinds[index * 37 % 100]], index) for index in range(number)
    }
    return report


def _varied(host: dict[str, Any], index: int) -> dict[str, Any]:
    host = copy.deepcopy(host)
    for finding in host["findings"]:
        finding["delta"] += index
        finding["rate"] = (finding["rate"] or 0) + index / 10
    return host


def hostile() -> dict[str, Any]:
    """Return all cases with every free text, names and keys included, replaced by a hostile one."""
    fixed = {
        "status",
        "finding",
        "first_loss",
        "main_loss",
        "class",
        "unit",
        "certainty",
        "label",
        "generated_at",
        "causes",
    }

    def spoiled(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: spoiled(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [spoiled(item, key) for item in value]
        # The host's own namespace is called so by the collection itself.
        return value + HOSTILE if isinstance(value, str) and key not in fixed and value != "host" else value

    report: dict[str, Any] = spoiled(mixed())
    report["hosts"] = {name + HOSTILE: host for name, host in report["hosts"].items()}
    for host in report["hosts"].values():
        for window in host["windows"]:
            names = window["counters"]["namespaces"]
            window["counters"]["namespaces"] = {name + HOSTILE: value for name, value in names.items()}
    return report
