# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The names of what is written for Prometheus, and the file made of what is remembered. Pure.

What the audit's metrics.prom has as well is called the same after the prefix, and so are its labels.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import PLACES
from ansible_collections.rxpath.linux.plugins.module_utils._watch.exposition import COUNTER, GAUGE, Exposition
from ansible_collections.rxpath.linux.plugins.module_utils._watch.memory import Memory
from ansible_collections.rxpath.linux.plugins.module_utils._watch.tally import PASSED, Series

PREFIX = "rxpath_udp_watch_"
METRICS = {
    "generated_timestamp_seconds": (GAUGE, "When this was written, in seconds since the epoch."),
    "interval_seconds": (GAUGE, "How often this is to be written."),
    "cpu_seconds": (GAUGE, "CPU time that the last run took, the start of the interpreter included."),
    "unknowns": (GAUGE, "Things that could not be read."),
    "namespaces": (GAUGE, "Network namespaces, and how many of them are told one by one."),
    "udp_memory_pages": (GAUGE, "Pages of memory that all UDP sockets hold."),
    "udp_memory_limit_pages": (GAUGE, "Pages from which on UDP refuses datagrams, the first number of udp_mem."),
    "loss_total": (COUNTER, "What was lost or refused at a handoff, by the finding that it makes."),
    "passed_total": (COUNTER, "What a handoff passed on."),
    "socket_drops_total": (COUNTER, "What the sockets of an address and process dropped since they were seen to."),
    "socket_drops_rest_total": (COUNTER, "What all other sockets dropped since the first run."),
}
REST = "rest"
_KINDS = {place.finding: place.kind for place in PLACES}


class Run(NamedTuple):
    """What the file says of the run itself; times in seconds, memory in pages."""

    moment: float
    interval: float
    cpu: float
    unknowns: int
    pages: Optional[int]
    limit: Optional[int]


def render(memory: Memory, run: Run) -> str:
    """Return the file's text."""
    out = Exposition(PREFIX)
    for name, (kind, text) in METRICS.items():
        out.declare(name, text, kind)
    out.add("generated_timestamp_seconds", round(run.moment, 3))
    out.add("interval_seconds", run.interval)
    out.add("cpu_seconds", round(run.cpu, 4))
    out.add("unknowns", run.unknowns)
    out.add("namespaces", len(memory.listed), told="yes")
    out.add("namespaces", len(memory.namespaces) - len(memory.listed), told="no")
    out.add("udp_memory_pages", run.pages)
    out.add("udp_memory_limit_pages", run.limit)
    _add(out, memory.machine.sums, {})
    for key in memory.listed:
        known = memory.namespaces[key]
        _add(out, known.book.sums, labels_of(key, known.owner))
    _add(out, memory.rest.sums, {"netns": REST})
    for label, drops in memory.losers.sums.items():
        where = labels_of(label.namespace, memory.namespaces[label.namespace].owner)
        out.add("socket_drops_total", drops, **where, protocol=label.protocol, local=label.local, process=label.process)
    out.add("socket_drops_rest_total", memory.losers.rest)
    return out.render()


def labels_of(key: str, owner: list[Optional[str]]) -> dict[str, str]:
    """Return the labels of a namespace. Its number is among them: another one may come by the same name.

    They are not called namespace and container: where Prometheus finds node_exporter through Kubernetes, those are the
    exporter's own.
    """
    device, _colon, inode = key.partition(":")
    # Without the right to see a namespace's number there is only that of a file of /proc.
    return {
        "netns": owner[0] or "",
        "inode": "" if device.startswith("-") else inode,
        "owner": owner[2] or "",
    }


def _add(out: Exposition, sums: Mapping[str, int], where: dict[str, str]) -> None:
    for key, value in sums.items():
        series = Series.of(key)
        kind = _KINDS.get(series.finding)
        labels = {**where, "interface": series.interface}
        if series.finding.startswith(PASSED):
            out.add("passed_total", value, handoff=series.finding[len(PASSED) :], unit=series.unit, **labels)
        # What an older version remembered by another name ends with it.
        elif kind is not None:
            out.add("loss_total", value, finding=series.finding, **{"class": kind}, unit=series.unit, **labels)
