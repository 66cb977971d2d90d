# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which CPU takes which queue: one queue to one physical core of the NIC's memory node.

Source of the rules: Documentation/networking/scaling.rst "RSS IRQ Configuration"; a second hyper-thread adds little
to a core that is busy with interrupts, and a packet that is handled on another node crosses the link between them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import format_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._plan.topology import Cpus, Topology

_NONE: Cpus = frozenset()


class Order(NamedTuple):
    """CPUs in the order in which queues take them. The first ``cores`` of them are all on cores of their own."""

    cpus: tuple[int, ...]
    cores: int
    notes: tuple[str, ...] = ()


class Placement(NamedTuple):
    """One CPU for each queue; none at all where no CPU may be used."""

    cpus: tuple[int, ...]
    notes: tuple[str, ...] = ()


def placement(
    topology: Topology,
    queues: int,
    node: int = -1,
    *,
    housekeeping: Iterable[int] = (),
    allowed: Iterable[int] | None = None,
    skip: int = 0,
) -> Placement:
    """Return a CPU for each of ``queues`` queues of a device on a memory node (-1: nowhere in particular).

    ``housekeeping`` are left free as long as any other CPU may be used, ``allowed`` limits what may be used at all.
    ``skip`` is the number of queues that other devices of that node were given, so that each core has a queue before
    one has two. The same arguments always give the same placement.
    """
    order = cpu_order(topology, node, housekeeping=housekeeping, allowed=allowed)
    if not order.cpus:
        return Placement((), order.notes)
    return Placement(
        tuple(order.cpus[(skip + queue) % len(order.cpus)] for queue in range(queues)),
        order.notes + _shared(order, queues, skip),
    )


def cpu_order(
    topology: Topology, node: int = -1, *, housekeeping: Iterable[int] = (), allowed: Iterable[int] | None = None
) -> Order:
    """Return the CPUs that a device's queues take, in order; see ``placement``."""
    usable, notes = usable_cpus(topology, allowed)
    kept = frozenset(housekeeping)
    local = topology.nodes.get(node, _NONE) if node >= 0 and node in topology.nodes else topology.online
    for pool, note in (
        ((usable & local) - kept, None),
        (usable - kept, f"no usable CPU on memory node {node}: the CPUs of other nodes are used"),
        (usable & local, "no CPU is left but those to be left free: they are used"),
        (usable, f"no CPU is left but those to be left free, and none on memory node {node}: they are used"),
    ):
        if pool:
            cpus, cores = _cores_first(topology, pool)
            return Order(cpus, cores, notes + ((note,) if note else ()))
    return Order((), 0, notes)


def usable_cpus(topology: Topology, allowed: Iterable[int] | None = None) -> tuple[Cpus, tuple[str, ...]]:
    """Return the CPUs that may be used, and notes on those that may not.

    Isolated CPUs may not, unless ``allowed`` names no other: a range that happens to run over them does not mean
    them, a list of nothing but them can mean nothing else.
    """
    free = topology.online - topology.isolated
    if allowed is None:
        return free, () if free else ("every CPU is isolated",)
    named = frozenset(allowed)
    notes = []
    if named - topology.online:
        notes.append(f"CPUs {format_cpulist(named - topology.online)} are not online and are left out")
    named &= topology.online
    isolated = named & topology.isolated
    if not named:
        notes.append("none of the allowed CPUs is online")
    elif isolated == named:
        notes.append(f"CPUs {format_cpulist(isolated)} are isolated and used because no other is allowed")
        return named, tuple(notes)
    elif isolated:
        notes.append(f"CPUs {format_cpulist(isolated)} are isolated and left out")
    return named - isolated, tuple(notes)


def _cores_first(topology: Topology, pool: Cpus) -> tuple[tuple[int, ...], int]:
    """Return a pool by rank in its core: a CPU of each core, then a second one of each, …, and the number of cores.

    Within a rank, cores of which the pool has every CPU go first: the others have someone on them who was to be left
    alone.
    """
    ranked = []
    cores = 0
    for core in topology.cores:
        threads = sorted(core & pool)
        cores += bool(threads)
        ranked += [(rank, core - pool != _NONE, cpu) for rank, cpu in enumerate(threads)]
    return tuple(cpu for _rank, _shared, cpu in sorted(ranked)), cores


def _shared(order: Order, queues: int, skip: int) -> tuple[str, ...]:
    """Say where queues have to share: a core, or even a CPU."""
    last = skip + queues
    if last > len(order.cpus):
        return (f"more queues than CPUs ({last} on {len(order.cpus)}): some CPUs take more than one",)
    if last > order.cores:
        return (f"more queues than cores ({last} on {order.cores}): some share a core as hyper-threads",)
    return ()
