# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receive path of one host as lanes of stations, with what each lost."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.plugin_utils import _wording as wording
from ansible_collections.rxpath.linux.plugins.plugin_utils._summary import losers, namespace_name, owner

HOST_STATIONS = ("nic", "xdp/tc", "softnet", "ip", "conntrack")
POD_STATIONS = ("softnet", "ip", "conntrack", "udp", "socket", "application")
SOCKET_STATIONS = ("udp", "socket", "application")
# More namespaces than this in one picture cannot be read; all of them stand among the findings.
MAX_LANES = 6

# Strongest first: what a station shows when several findings stand there.
_STATES = ("main", "loss", "pending", "refused", "info")
STATE_WORDS = {
    "main": "main loss",
    "loss": "loss",
    "pending": "overflow predicted",
    "refused": "refused, no loss",
    "info": "note",
    "reader": "reads the socket",
    "quiet": "no loss reported",
}


class Node(NamedTuple):
    """One station: its state, one of STATE_WORDS, and what to say about it."""

    label: str
    state: str
    notes: list[str]


class Lane(NamedTuple):
    """The stations of one namespace."""

    label: str
    nodes: list[Node]


def lanes(host: dict[str, Any], main: dict[str, Any] | None) -> tuple[list[Lane], int]:
    """Return the host's lane, one for every other namespace with a loss, and how many of those were left out."""
    by_namespace: dict[str, list[dict[str, Any]]] = {"": []}
    for finding in host.get("findings") or []:
        by_namespace.setdefault(_key(finding), []).append(finding)
    own = by_namespace.pop("")
    pods = [group for group in by_namespace.values() if any(_loses(finding) for finding in group)]
    pods.sort(key=lambda group: (main not in group, -sum(f.get("delta") or 0 for f in group if _loses(f))))
    stations: tuple[str, ...] = HOST_STATIONS
    if pods or any(wording.station(finding) == "qdisc" for finding in own):
        stations += ("qdisc",)
    if not pods or any(wording.station(finding) in SOCKET_STATIONS for finding in own):
        stations += SOCKET_STATIONS
    drawn = [Lane("host", _nodes(stations, own, main))]
    drawn += [Lane(namespace_name(pod[0]), _nodes(POD_STATIONS, pod, main)) for pod in pods[:MAX_LANES]]
    return drawn, max(0, len(pods) - MAX_LANES)


def _key(finding: dict[str, Any]) -> str:
    namespace = finding.get("namespace") or {}
    name = str(namespace.get("name") or "")
    return "" if name in ("", "host") else f"{name} {namespace.get('inode')}"


def _loses(finding: dict[str, Any]) -> bool:
    return finding.get("class") == "loss" or bool(finding.get("pending"))


def _nodes(stations: tuple[str, ...], findings: list[dict[str, Any]], main: dict[str, Any] | None) -> list[Node]:
    nodes = []
    for station in stations:
        here = [finding for finding in findings if wording.station(finding) == station]
        if station == "application":
            nodes.append(_application(findings))
        elif here:
            state = min((_state(finding, main) for finding in here), key=_STATES.index)
            nodes.append(Node(station, state, [_note(finding) for finding in here]))
        else:
            nodes.append(Node(station, "quiet", []))
    return nodes


def _state(finding: dict[str, Any], main: dict[str, Any] | None) -> str:
    if finding.get("pending"):
        return "pending"
    if finding is main:
        return "main"
    return str(finding.get("class")) if finding.get("class") in _STATES else "info"


def _note(finding: dict[str, Any]) -> str:
    if finding.get("pending") and not finding.get("delta"):
        return "overflow predicted"
    if finding.get("class") == "info":
        return wording.title(finding["finding"])
    verb = "refused" if finding.get("class") == "refused" else "lost"
    text = f"{wording.count(finding.get('delta'))} {verb}"
    return f"{text}, {wording.percent(finding['ratio'])}" if finding.get("ratio") is not None else text


def _application(findings: list[dict[str, Any]]) -> Node:
    """Return the application: it has no counter, but the socket's causes speak of it."""
    for finding in findings:
        if wording.station(finding) == "socket" and finding.get("sockets"):
            # A burst is the senders' doing; the other causes are the reader's.
            causes = [cause for cause in finding.get("causes") or [] if cause != "arrival_burst"]
            words = [wording.CAUSES.get(cause, cause) for cause in causes]
            return Node("application", "reader", [owner(losers(finding)[0]), *words])
    return Node("application", "quiet", [])
