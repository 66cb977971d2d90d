# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""hops.html: the hosts of a path from left to right, and what stayed where, for each round of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.plugin_utils._page import render_page
from ansible_collections.rxpath.linux.plugins.plugin_utils._plain import plain, visible
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_drawn import MARKS, Station, is_certain, stations

# What one page tells of a path by counters alone: all of it is in hops.json.
MAX_HOSTS = 60
_WORST = ("fail", "error", "warn")


class Column(NamedTuple):
    """A handoff of a host: what its column is called, and where in the host's part of the report its count stands."""

    label: str
    layer: str
    member: str


# In the order in which a datagram meets them.
HANDOFFS = (
    Column("NIC in", "nic", "in"),
    Column("IP in", "ip", "in"),
    Column("UDP read", "udp", "read"),
    Column("UDP sent", "udp", "sent"),
    Column("IP forwarded", "ip", "forwarded"),
    Column("IP out", "ip", "out"),
    Column("NIC out", "nic", "out"),
)
RATES = (
    ("UDP sent", "sent"),
    ("IP out", "ip_out"),
    ("NIC out", "nic_out"),
    ("NIC in", "nic_in"),
    ("IP in", "ip_in"),
    ("UDP read", "taken"),
    ("UDP passed on", "passed_on"),
)


class RoundView(NamedTuple):
    """What the template needs of one round."""

    ident: str
    title: str
    one: dict[str, Any]
    row: list[Station]
    hosts: list[tuple[str, dict[str, Any]]]
    hosts_left: int
    evidence: list[str]
    where: str


def render_hops(report: Mapping[str, Any]) -> str:
    """Return the page."""
    shown: dict[str, Any] = plain(report, visible)
    views = [_view(number, one, shown["path"]) for number, one in enumerate(shown["rounds"], start=1)]
    status, headline = _headline(views)
    return render_page(
        "hops.html.j2",
        generated_at=str(shown["generated_at"]),
        status=status,
        headline=headline,
        failed=sum(1 for view in views if view.one["status"] == "error") if status != "error" else 0,
        names=[part["name"] for part in shown["path"]],
        compared=shown["compared"],
        views=views,
        probes=[view for view in views if "numbered" in view.one],
        MARKS=MARKS,
        HANDOFFS=HANDOFFS,
        RATES=RATES,
    )


def way(one: Mapping[str, Any], arrow: str = " → ") -> str:
    """Return a round's way, from sender to receiver."""
    if one["kind"] == "counters":
        return "All hosts, by counters alone"
    return arrow.join([one["sender"], *([one["via"]] if one["via"] else []), one["receiver"]])


def _view(number: int, one: dict[str, Any], path: list[dict[str, Any]]) -> RoundView:
    hosts = [(name, host) for name, host in one["hosts"].items() if host["outcome"] == "measured"]
    places = one["places"]
    return RoundView(
        ident=f"round-{number}",
        title=way(one),
        one=one,
        row=stations(one, path),
        hosts=hosts[:MAX_HOSTS],
        hosts_left=max(0, len(hosts) - MAX_HOSTS),
        evidence=list(dict.fromkeys(place["evidence"] for place in places if place["evidence"])),
        where="; ".join(one["verdicts"]) if places or one["status"] == "error" else "",
    )


def _headline(views: list[RoundView]) -> tuple[str, str]:
    """Return a status and what the page is about in one line: of the worst round the largest loss, a certain one first.

    A loss that was found stands before what could not be measured.
    """
    for status in _WORST:
        found = [view.one for view in views if view.one["status"] == status]
        if not found:
            continue
        told = [(one, place, said) for one in found for place, said in zip(one["places"], one["verdicts"])]
        if told:
            return status, str(max(told, key=lambda it: (is_certain(it[0], it[1]), int(it[1]["packets"])))[2])
        if status == "error":
            return status, f"{len(found)} of {len(views)} measurements could not be made"
        return status, next((str(note) for one in found for note in one["notes"]), "There is something to be known")
    return ("pass", "Nothing is lost") if views else ("error", "No host was measured")
