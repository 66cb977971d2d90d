# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which CPUs send through which transmit queue (XPS).

Source: Documentation/networking/scaling.rst "XPS: Transmit Packet Steering": with as many queues as CPUs each CPU has a
queue of its own; with fewer, those CPUs share one that share a cache with the CPU that takes its completions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._plan.topology import Cpus, Topology


def senders(topology: Topology, order: Iterable[int], interrupts: Sequence[Cpus | None]) -> list[Cpus]:
    """Return for each queue the CPUs that send through it; every online CPU has one queue, so that none is left to
    the hash over all of them, and no lock is shared by more CPUs than need be.

    ``interrupts`` are the CPUs of each queue's interrupt, None where it is pinned to none; ``order`` are the device's
    own CPUs in the order in which queues take them. A CPU goes to a queue whose interrupt is on its core, else on its
    memory node, else to any, and there to the one with the fewest so far.
    """
    preferred = list(order)
    homes = [min(cpus) if cpus else None for cpus in interrupts]
    free = [cpu for cpu in preferred if cpu not in homes]
    placed = [home if home is not None else free.pop(0) if free else None for home in homes]
    sets: list[set[int]] = [{home} if home is not None else set() for home in placed]
    taken = set().union(*sets)
    rest = [cpu for cpu in preferred if cpu not in taken]
    rest += sorted(topology.online - taken - set(rest))
    node_of = {cpu: node for node, cpus in topology.nodes.items() for cpu in cpus}
    for cpu in rest:
        core = topology.core_of(cpu)

        def distance(queue: int, cpu: int = cpu, core: Cpus = core) -> tuple[int, int, int]:
            home = placed[queue]
            far = 0 if home in core else 1 if home is not None and node_of.get(home) == node_of.get(cpu) else 2
            return (far, len(sets[queue]), queue)

        sets[min(range(len(sets)), key=distance)].add(cpu)
    return [frozenset(cpus) for cpus in sets]
