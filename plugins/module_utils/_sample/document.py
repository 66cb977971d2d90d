# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sample document: everything that a window found, as the diagnosis takes it."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._sample import host
from ansible_collections.rxpath.linux.plugins.module_utils._sample.blind_spots import blind_spots
from ansible_collections.rxpath.linux.plugins.module_utils._sample.consumers import Consumers
from ansible_collections.rxpath.linux.plugins.module_utils._sample.counters import (
    NOTHING,
    Counted,
    count,
    count_new,
    unchanged,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.devices import device_rows, lost_below, nft_part
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import Options
from ansible_collections.rxpath.linux.plugins.module_utils._sample.peers import name_peers
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import Reading
from ansible_collections.rxpath.linux.plugins.module_utils._sample.sockets import list_sockets, summarise
from ansible_collections.rxpath.linux.plugins.module_utils._sample.summary import Candidate, choose, fit
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns
from ansible_collections.rxpath.linux.plugins.module_utils._sample.watch import Watch

SCHEMA = 1
# Link kinds whose packets pass UDP a second time, as the outer datagram.
_TUNNELS = ("vxlan", "geneve", "wireguard", "gtp", "bareudp", "amt", "fou", "l2tp")


class Ends(NamedTuple):
    """What the window knows of itself and of the machine at its two ends."""

    options: Options
    began: float
    seconds: float
    extended: float
    looks: int
    stretched: bool
    host_start: host.HostReading
    host_end: host.HostReading
    udp_pages_highest: Optional[int]
    softnet: list[dict[str, Any]]
    irqs: list[dict[str, Any]]
    rebooted: bool
    truesize: list[list[int]]
    facts: Optional[dict[str, Any]]
    drop_reasons: Optional[dict[str, Any]]


def build(ends: Ends, watches: list[Watch], consumers: Consumers, unknowns: Unknowns) -> dict[str, Any]:
    """Return the document, bounded in size."""
    candidates = [_candidate(watch, unknowns) for watch in watches]
    chosen = choose(candidates)
    namespaces = [_namespace(candidate, ends.seconds, consumers, unknowns) for candidate in chosen.listed]
    for candidate, namespace in zip(chosen.listed, namespaces):
        name_peers(candidate.watch, namespace["devices"], watches)
    limits = host.read_limits()
    for namespace in namespaces:
        if namespace["conntrack"] is not None:
            namespace["conntrack"]["max"] = limits["nf_conntrack_max"]
    document: dict[str, Any] = {
        "schema": SCHEMA,
        "host": host.describe_host(unknowns),
        "window": {
            "started_at": ends.began,
            "seconds": round(ends.seconds, 4),
            "interval": ends.options.interval,
            "subsamples": ends.looks,
            "extended_seconds": round(ends.extended, 4),
            "cpu_seconds": 0.0,
            "interval_effective": round(ends.seconds / (ends.looks + 1), 4),
            "stretched": ends.stretched,
        },
        "rebooted": ends.rebooted,
        "limits": limits,
        "truesize": ends.truesize,
        "udp_memory": {
            "pages_start": ends.host_start.udp_pages,
            "pages_end": ends.host_end.udp_pages,
            "pages_max": max(
                (
                    pages
                    for pages in (ends.host_start.udp_pages, ends.udp_pages_highest, ends.host_end.udp_pages)
                    if pages is not None
                ),
                default=None,
            ),
        },
        "cpus": host.cpu_rows(ends.host_start, ends.host_end, ends.seconds),
        "softnet": ends.softnet,
        "irqs": ends.irqs,
        "namespaces": namespaces,
        "rest": chosen.rest,
        "unknowns": unknowns.entries(),
        "blind_spots": blind_spots(watches),
        "facts": ends.facts,
        "drop_reasons": ends.drop_reasons,
    }
    return fit(document)


def _candidate(watch: Watch, unknowns: Unknowns) -> Candidate:
    """Return what decides whether a namespace is told whole; of one in which nothing moved nothing is parsed."""
    end = watch.end or watch.start
    idle = watch.young is None and unchanged(watch.start, end)
    tables = [table for _source, table in watch.sources]
    return Candidate(
        watch=watch,
        counted=NOTHING if idle else _count(watch, unknowns),
        drops=sum(table.living_drops + table.closed_drops for table in tables),
        # The own namespace is told whatever it lost, and has a device for each of the others.
        below=0 if watch.found.own else lost_below(_beginning(watch), end, max(0.001, end.moment - watch.start.moment)),
        sockets=sum(len(table.last) for table in tables),
        standing=watch.standing,
    )


def _count(watch: Watch, unknowns: Unknowns) -> Counted:
    if watch.young is not None:
        return count_new(watch.start, watch.young, watch.owner.name, unknowns)
    if watch.end is None:
        return NOTHING
    return count(watch.start, watch.end, watch.end.moment - watch.start.moment, watch.owner.name, unknowns)


def _beginning(watch: Watch) -> Reading:
    """Return the first reading; of a namespace that began within the window the devices began at zero."""
    if not watch.young:
        return watch.start
    return watch.start._replace(links=[], qdiscs=[], drivers={}, qstats={}, nft=None)


def _namespace(candidate: Candidate, window: float, consumers: Consumers, unknowns: Unknowns) -> dict[str, Any]:
    watch, end = candidate.watch, candidate.watch.end or candidate.watch.start
    counted = _count(watch, unknowns) if candidate.counted is NOTHING else candidate.counted
    # A namespace that came within the window is told over the window, most of which it was not there.
    seconds = window if watch.young is not None else max(0.001, watch.end_moment - watch.start.moment)
    start = _beginning(watch)
    sockets = list_sockets(watch, consumers, candidate.talkers, unknowns)
    moved = any(watch.rows.total) or any(socket["series"] for socket in sockets)
    conntrack = None if counted.entries is None else {"count": counted.entries, "max": None}
    kinds = {link.name: link.kind for link in end.links}
    return {
        "name": watch.owner.name,
        "inode": watch.found.inode,
        "kind": watch.owner.kind,
        "container": watch.owner.container,
        "command": watch.owner.command,
        "processes": len(watch.found.pids),
        "state": watch.state,
        "seconds": round(seconds, 4),
        "counters": counted.gains,
        "totals": counted.totals,
        "resets": counted.resets,
        "conntrack": conntrack,
        "sysctls": {},
        "devices": device_rows(start, end, watch.steering, seconds),
        "nft": nft_part(start.nft, end.nft),
        "traits": {
            "tunnels": [name for name, kind in kinds.items() if kind in _TUNNELS],
            "wireguard": "wireguard" in kinds.values(),
            "forwarding": counted.forwarding,
        },
        "sockets": sockets,
        "socket_summary": summarise(watch, len(sockets)),
        "series": watch.rows.document() if moved else None,
    }
