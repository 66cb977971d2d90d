# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The copy of a report from which all that people read is made: plain, visible, and without gaps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.plugin_utils._plain import plain, visible

# What a part of a report has by contract. One that a report lacks is told as not known: at the end of a run that
# measured a fleet, a report with a gap is worth more than none.
_HOST = ("status", "reason", "first_loss", "main_loss", "rounds")
_HOST_LISTS = ("findings", "windows", "blind_spots", "unknowns", "rules", "changes")
_FINDING = ("finding", "hop", "handoff", "class", "pending", "namespace", "delta", "unit", "certainty", "rate")
_FINDING_MORE = ("ratio", "share", "interface", "cpu")
_FINDING_LISTS = ("causes", "sockets", "evidence", "advice")
_SOCKET = ("protocol", "local", "inode", "process", "pid", "receive_buffer", "drops", "queue_share")
_ADVICE = ("action", "current", "recommended", "helps", "why")
_WINDOW = ("label", "seconds", "counters")
_SERIES = ("namespace", "socket", "inode", "process", "receive_buffer", "t", "arrivals", "reads", "drops", "queue")
_RULE = ("name", "severity", "message", "matched")
_CHANGE = ("what", "from", "to", "kept", "why", "round", "planned", "comparison")
_CHANGE_LISTS = ("findings", "restart")


def shown(report: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plain copy for people: characters made visible, members that are missing filled in as None."""
    copy: dict[str, Any] = plain(report, visible)
    copy["hosts"] = {name: host if isinstance(host, dict) else {} for name, host in (copy.get("hosts") or {}).items()}
    for host in copy["hosts"].values():
        _fill([host], _HOST, _HOST_LISTS)
        for finding in _fill(host["findings"], _FINDING + _FINDING_MORE, _FINDING_LISTS):
            finding["finding"] = finding["finding"] or "unnamed"
            if finding["namespace"]:
                _fill([finding["namespace"]], ("name", "inode", "container"))
            _fill(finding["sockets"], _SOCKET)
            for advice in _fill(finding["advice"], _ADVICE):
                advice["helps"] = bool(advice["helps"])
        for window in _fill(host["windows"], _WINDOW):
            series = window.get("series")
            window["series"] = series if isinstance(series, dict) else {}
            _fill([one for one in window["series"].values() if isinstance(one, dict)], _SERIES)
        _fill(host["rules"], _RULE)
        _fill(host["changes"], _CHANGE, _CHANGE_LISTS)
    return copy


def _fill(parts: list[Any], members: tuple[str, ...], lists: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    for part in parts:
        for member in members:
            part.setdefault(member, None)
        for member in lists:
            part[member] = part.get(member) or []
    return parts
