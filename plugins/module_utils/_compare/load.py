# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one window says about one finding's handoff: lost, arrived, when, and what stands in the queues at its end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._compare import blocks
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import buffers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import EVENTS, finding_key
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import open_ledger, total

Sample = Mapping[str, Any]
Namespace = Mapping[str, Any]
# Pairs of payload and truesize in bytes, as the host measured them.
Table = Sequence[Sequence[int]]


class Place(NamedTuple):
    """Where a finding stands, by name: a pod that was restarted has another inode, a socket another number."""

    finding: str
    namespace: str
    interface: str
    unit: str | None


class Load(NamedTuple):
    """One window at one place. ``faults`` say why it cannot be compared with another; mostly there are none."""

    lost: int
    arrived: int | None  # at the handoff; None where nothing counts that
    offered: int  # what came to the namespace, or to the machine: shows a quieter window where ``arrived`` is None
    seconds: float
    looks: blocks.Looks | None  # the handoff's own series
    witness: blocks.Looks | None  # the series that shows the peak: its own, or that of the busiest namespace
    pending: bool
    standing: float  # datagrams that stood in the queues at the end, less those at the start
    faults: list[str]


def place(key: str, entries: Sequence[Mapping[str, Any]]) -> Place:
    """Return the place that a key names, from the findings of either entry where they have it."""
    for entry in entries:
        for one in entry.get("findings") or []:
            if finding_key(one) == key:
                where = one.get("namespace") or {}
                return Place(one["finding"], str(where.get("name") or ""), one.get("interface") or "", one.get("unit"))
    finding, _bar, rest = key.partition("|")
    name, _bar, interface = rest.rpartition("|")
    return Place(finding, name, interface, None)


def load(sample: Sample, entry: Mapping[str, Any], key: str, where: Place, witness: str) -> Load:
    """Return what a window says about a place; ``witness`` is the namespace whose series shows its peak."""
    findings = [one for one in entry.get("findings") or [] if finding_key(one) == key]
    lost = sum(int(one.get("delta") or 0) for one in findings)
    hop = where.finding.partition(".")[0]
    spaces = _spaces(sample, where.namespace)
    faults = [] if spaces else [_absent(sample, where.namespace)]
    faults += [f"{name} was reset in the window" for space in spaces for name in _resets(space, hop)][:1]
    arrived, offered = _arrived(sample, spaces, where, hop, lost, faults)
    table = sample.get("truesize") or []
    looks = _looks(spaces[0], table, where.finding, lost) if len(spaces) == 1 and hop in ("socket", "udp") else None
    return Load(
        lost=lost,
        arrived=arrived,
        offered=offered,
        seconds=float(sample["window"]["seconds"]),
        looks=looks,
        witness=looks or next((_series(space, table) for space in _spaces(sample, witness)), None),
        pending=any(one.get("pending") for one in findings),
        standing=sum(_standing(space, table) for space in spaces) if hop == "socket" else 0.0,
        faults=faults,
    )


def busiest(sample: Sample) -> str:
    """Return the name of the namespace to which most datagrams came."""
    spaces = sample.get("namespaces") or []
    return str(max(spaces, key=lambda space: open_ledger(space).arrived)["name"]) if spaces else ""


def _spaces(sample: Sample, name: str) -> list[Namespace]:
    """Return the namespaces of a name; without one, the host's own, which stands first."""
    spaces = list(sample.get("namespaces") or [])
    return [space for space in spaces if str(space["name"]) == name] if name else spaces[:1]


def _absent(sample: Sample, name: str) -> str:
    if int((sample.get("rest") or {}).get("namespaces") or 0):
        return f"namespace {name} is not among those that were told one by one: it was quiet, or is a sum of several"
    return f"namespace {name} was not there"


def _resets(space: Namespace, hop: str) -> list[str]:
    kinds = {"socket": ("Udp",), "udp": ("Udp",), "ip": ("Ip", "TcpExt"), "conntrack": ("conntrack",)}
    return [str(name) for name in space.get("resets") or [] if str(name).startswith(kinds.get(hop, ()))]


def _arrived(
    sample: Sample, spaces: list[Namespace], where: Place, hop: str, lost: int, faults: list[str]
) -> tuple[int | None, int]:
    """Return what arrived at the handoff (None: not counted), and what came to the namespace or the machine."""
    counters = [space.get("counters") or {} for space in spaces]
    packets = sum(total(one, "Ip.InReceives", "Ip6.InReceives") for one in counters)
    if hop in ("socket", "udp"):
        reached = sum(open_ledger(space).arrived for space in spaces)
        return reached, reached
    if hop == "softnet":
        rows = sample.get("softnet") or []
        if any(row.get(column, 0) is None for row in rows for column in ("processed", "dropped")):
            faults.append("softnet_stat was reset in the window")
        passed = sum(int(row.get("processed") or 0) + int(row.get("dropped") or 0) for row in rows)
        return passed, passed
    if hop == "nic":
        devices = [one for space in spaces for one in space.get("devices") or [] if one.get("name") == where.interface]
        if not devices or any(one.get("recreated") for one in devices):
            faults.append(
                f"interface {where.interface} {'was made anew in' if devices else 'was not there in'} the window"
            )
        received = [one.get("statistics", {}).get("rx_packets") for one in devices]
        if None in received:
            faults.append(f"the statistics of {where.interface} were reset in the window, or could not be read")
        number = sum(value or 0 for value in received) + lost
        return (None if where.unit == EVENTS or where.finding == "nic.xdp_drop" else number), number
    return (packets if hop == "ip" and where.unit != EVENTS and packets >= lost else None), packets


def _series(
    space: Namespace, table: Table, lost: Sequence[float] = (), silent: Sequence[float] = ()
) -> blocks.Looks | None:
    """Return a namespace's series: what arrived in each look is what was read, lost, and left in the queues.

    ``silent`` is what was lost in each look and is no error of UDP.
    """
    series: Mapping[str, Any] = space.get("series") or {}
    times = series.get("t") or []
    if not times:
        return None
    arrived = [float(read or 0) + float(bad or 0) for read, bad in zip(series["reads"], series["errors"])]
    arrived = [value + more for value, more in zip(arrived, silent or [0.0] * len(arrived))]
    for socket in space.get("sockets") or []:
        own: Mapping[str, Any] = socket.get("series") or {}
        last = float(socket.get("queue_start") or 0)
        for index, level in enumerate((own.get("queued") or own.get("memory") or [])[: len(arrived)]):
            if level is not None:
                arrived[index] += (level - last) / _truesize(space, table)
                last = float(level)
    return blocks.looks(times, arrived, lost or [0.0] * len(arrived))


def _looks(space: Namespace, table: Table, finding: str, lost: int) -> blocks.Looks | None:
    """Return the series of a finding's losses; None where the sample has none that shows them."""
    series: Mapping[str, Any] = space.get("series") or {}
    columns = {"socket.receive_buffer_overflow": "overflows", "udp.memory_limit": "mem_errors"}
    silent: list[float] = []
    column = [float(value or 0) for value in series.get(columns.get(finding, "")) or []]
    if finding == "udp.memory_limit" and lost and not sum(column):
        # On kernels of the 6.18 line only the sockets count what was lost for want of memory.
        column = silent = _socket_drops(space, len(series.get("t") or []))
    if finding not in columns or (lost and not sum(column)):
        return None
    return _series(space, table, column, silent)


def _socket_drops(space: Namespace, rows: int) -> list[float]:
    drops = [0.0] * rows
    for socket in space.get("sockets") or []:
        for index, value in enumerate(((socket.get("series") or {}).get("drops") or [])[:rows]):
            drops[index] += value or 0
    return drops


def _standing(space: Namespace, table: Table) -> float:
    grown = sum(
        int(one.get("queue_end") or 0) - int(one.get("queue_start") or 0)
        for one in space.get("sockets") or []
        if not one.get("closed")
    )
    return grown / _truesize(space, table)


def _truesize(space: Namespace, table: Table) -> int:
    payload = buffers.mean_payload(space.get("counters") or {})
    return buffers.DEFAULT_TRUESIZE if payload is None else buffers.truesize_of(payload, table)
