# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a finding is: its id, its place on the receive path, its class.

The ids and their order are the collection's contract; whoever reads a report relies on them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

LOSS = "loss"
REFUSED = "refused"
INFO = "info"

EXACT = "exact"
BOUND = "bound"
HINT = "hint"

DATAGRAMS = "datagrams"
PACKETS = "packets"
EVENTS = "events"


class Place(NamedTuple):
    """Where on the path a finding stands, and whether the datagrams were lost or refused there."""

    finding: str
    hop: str  # nic, xdp, tc, softnet, ip, conntrack, qdisc, udp, socket
    handoff: str  # who failed to take the datagram over
    kind: str  # loss, refused or info


# In path order. A refusal is what the host was told to do: nobody listens, or a filter by design.
PLACES = (
    Place("nic.link_errors", "nic", "wire", LOSS),
    Place("nic.ring_overflow", "nic", "ring", LOSS),
    Place("nic.outside_host", "nic", "port", LOSS),
    Place("nic.xdp_drop", "xdp", "xdp", LOSS),
    Place("tc.drop", "tc", "ingress", LOSS),
    Place("softnet.backlog_overflow", "softnet", "backlog", LOSS),
    Place("softnet.flow_limit", "softnet", "backlog", LOSS),
    Place("softnet.hot_cpu", "softnet", "cpu", INFO),
    Place("ip.header_errors", "ip", "ip", LOSS),
    Place("ip.reassembly_failures", "ip", "reassembly", LOSS),
    Place("ip.no_route", "ip", "routing", LOSS),
    Place("ip.reverse_path_filter", "ip", "routing", LOSS),
    Place("ip.discards", "ip", "ip", LOSS),
    Place("ip.policy_drop", "ip", "netfilter", REFUSED),
    Place("ip.unaccounted", "ip", "ip", INFO),
    Place("conntrack.table_full", "conntrack", "conntrack", LOSS),
    Place("conntrack.insert_failed", "conntrack", "conntrack", LOSS),
    Place("qdisc.drop", "qdisc", "qdisc", LOSS),
    Place("udp.no_listener", "udp", "socket lookup", REFUSED),
    Place("udp.checksum_errors", "udp", "checksum", LOSS),
    Place("udp.memory_limit", "udp", "socket memory", LOSS),
    Place("udp.socket_filter", "udp", "socket filter", REFUSED),
    Place("socket.receive_buffer_overflow", "socket", "socket", LOSS),
    Place("socket.reuseport_imbalance", "socket", "socket", INFO),
)

FINDING_IDS = tuple(place.finding for place in PLACES)
_PLACES = {place.finding: place for place in PLACES}
_ORDER = {finding: index for index, finding in enumerate(FINDING_IDS)}


class Where(NamedTuple):
    """The namespace of a finding, as reports show it."""

    name: str
    inode: int | None
    container: str | None


def order(finding: str) -> int:
    """Return the position of a finding id on the path, 0 first."""
    return _ORDER[finding]


def finding(
    name: str,
    where: Where | None,
    delta: int,
    *,
    unit: str = DATAGRAMS,
    certainty: str = EXACT,
    seconds: float,
    arrived: int | None = None,
    evidence: list[str] | None = None,
    advice: list[dict[str, Any]] | None = None,
    interface: str | None = None,
    cpu: int | None = None,
    causes: list[str] | None = None,
    sockets: list[dict[str, Any]] | None = None,
    pending: bool = False,
    traffic: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Build one finding of the report; ``share`` is filled in when all findings of a host are known."""
    place = _PLACES[name]
    built = {
        "finding": name,
        "hop": place.hop,
        "handoff": place.handoff,
        "class": place.kind,
        "causes": causes or [],
        "pending": pending,
        "namespace": None
        if where is None
        else {"name": where.name, "inode": where.inode, "container": where.container},
        "delta": delta,
        "unit": unit,
        "certainty": certainty,
        "rate": round(delta / seconds, 2) if seconds > 0 else None,
        "ratio": round(delta / arrived, 6) if arrived and arrived >= delta else None,
        "share": None,
        "interface": interface,
        "cpu": cpu,
        "sockets": sockets or [],
        "evidence": evidence or [],
        "advice": advice or [],
    }
    if traffic:
        built["traffic"] = traffic
    return built


def advise(
    action: str,
    current: Any,
    recommended: Any,
    helps: bool,
    why: str,
    *,
    knob: dict[str, Any] | None = None,
    restart: list[dict[str, Any]] | None = None,
    fill_seconds: float | None = None,
) -> dict[str, Any]:
    """Build one piece of advice; ``helps`` false names what would be tried in vain.

    What a machine can act on is there only where it is known: ``knob`` is the request to a module of the tuning that
    carries the advice out, ``restart`` names the processes that follow it only when they are started anew,
    ``fill_seconds`` is how long what was enlarged takes to fill at the loss that was measured.
    """
    built = {"action": action, "current": current, "recommended": recommended, "helps": helps, "why": why}
    if knob:
        built["knob"] = knob
    if restart:
        built["restart"] = restart
    if fill_seconds is not None:
        built["fill_seconds"] = round(fill_seconds, 3)
    return built


def sysctl(key: str, value: int | str) -> dict[str, Any]:
    """Return the knob that sets one sysctl."""
    return {"family": "sysctl_settings", "settings": {key: value}}


def finding_key(one: Mapping[str, Any]) -> str:
    """Return what is the same of a finding before and after a change: "finding|namespace|interface".

    A namespace goes by its name: a pod that was restarted has another inode.
    """
    return "{}|{}|{}".format(one["finding"], (one.get("namespace") or {}).get("name") or "", one.get("interface") or "")
