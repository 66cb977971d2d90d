# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of placement on machines of any shape, up to 256 CPUs, 8 nodes and 128 queues."""

from __future__ import annotations

from collections import Counter
from itertools import chain
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._plan.placement import cpu_order, placement
from ansible_collections.rxpath.linux.plugins.module_utils._plan.topology import Topology, cores_of, topology_of
from hypothesis import given
from hypothesis import strategies as st


def machine(
    nodes: int, cores: int, threads: int, *, adjacent: bool = False, isolated: frozenset[int] = frozenset()
) -> Topology:
    """Build a machine of so many cores a node; siblings next to each other, or in a second row as on most servers."""
    total = nodes * cores
    rows = [
        [core * threads + thread if adjacent else core + thread * total for thread in range(threads)]
        for core in range(total)
    ]
    by_node = {node: frozenset(chain.from_iterable(rows[node * cores : (node + 1) * cores])) for node in range(nodes)}
    return Topology(cores_of([], rows), by_node, isolated)


@st.composite
def machines(draw: st.DrawFn) -> Topology:
    nodes = draw(st.integers(1, 8))
    threads = draw(st.sampled_from([1, 2, 4]))
    cores = draw(st.integers(1, 256 // nodes // threads))
    whole = machine(nodes, cores, threads, adjacent=draw(st.booleans()))
    cpus = sorted(whole.online)
    offline = draw(st.sets(st.sampled_from(cpus), max_size=len(cpus) - 1))
    isolated = draw(st.sets(st.sampled_from(cpus)))
    online = whole.online - offline
    return Topology(
        cores_of(online, [core & online for core in whole.cores]),
        {node: cpus & online for node, cpus in whole.nodes.items()},
        frozenset(isolated),
    )


ARGUMENTS: dict[str, Any] = {
    "topology": machines(),
    "queues": st.integers(0, 128),
    "node": st.integers(-1, 8),
    "skip": st.integers(0, 300),
    "housekeeping": st.frozensets(st.integers(0, 255), max_size=8),
}


def local_cpus(topology: Topology, node: int) -> frozenset[int]:
    return topology.nodes.get(node, topology.online)


@given(**ARGUMENTS)
def test_isolated_and_offline_never(
    topology: Topology, queues: int, node: int, skip: int, housekeeping: frozenset[int]
) -> None:
    cpus = placement(topology, queues, node, housekeeping=housekeeping, skip=skip).cpus
    assert set(cpus) <= topology.online - topology.isolated
    assert len(cpus) == (queues if topology.online - topology.isolated else 0)


@given(**ARGUMENTS)
def test_local_node_first(topology: Topology, queues: int, node: int, skip: int, housekeeping: frozenset[int]) -> None:
    usable = topology.online - topology.isolated
    local = usable & local_cpus(topology, node)
    cpus = set(placement(topology, queues, node, housekeeping=housekeeping, skip=skip).cpus)
    if local - housekeeping:
        assert cpus <= local
    if usable - housekeeping:
        assert not cpus & housekeeping


@given(**ARGUMENTS)
def test_every_core_has_a_queue_before_one_has_two(
    topology: Topology, queues: int, node: int, skip: int, housekeeping: frozenset[int]
) -> None:
    order = cpu_order(topology, node, housekeeping=housekeeping)
    assert len(set(order.cpus)) == len(order.cpus)
    homes = [min(topology.core_of(cpu)) for cpu in order.cpus]
    assert len(set(homes[: order.cores])) == order.cores == len(set(homes))
    # As hyper-threads follow, no core has two more than another that still has one free.
    room = Counter(homes)
    counted = dict.fromkeys(room, 0)
    for home in homes:
        counted[home] += 1
        least = min((count for core, count in counted.items() if count < room[core]), default=len(homes))
        assert max(counted.values()) <= least + 1
    placed = placement(topology, queues, node, housekeeping=housekeeping, skip=0).cpus
    assert placed == tuple(order.cpus[queue % len(order.cpus)] for queue in range(queues) if order.cpus)


@given(**ARGUMENTS)
def test_two_devices_take_each_cpu_before_one_twice(
    topology: Topology, queues: int, node: int, skip: int, housekeeping: frozenset[int]
) -> None:
    first = placement(topology, skip, node, housekeeping=housekeeping).cpus
    second = placement(topology, queues, node, housekeeping=housekeeping, skip=skip).cpus
    assert first + second == placement(topology, skip + queues, node, housekeeping=housekeeping).cpus
    counted = Counter(first + second)
    if counted:
        size = len(cpu_order(topology, node, housekeeping=housekeeping).cpus)
        assert max(counted.values()) <= -(-(skip + queues) // size)


@given(allowed=st.frozensets(st.integers(0, 300)), **ARGUMENTS)
def test_only_allowed_ones(
    topology: Topology, queues: int, node: int, skip: int, housekeeping: frozenset[int], allowed: frozenset[int]
) -> None:
    cpus = set(placement(topology, queues, node, housekeeping=housekeeping, allowed=allowed, skip=skip).cpus)
    assert cpus <= allowed & topology.online
    if allowed & topology.online - topology.isolated:
        assert not cpus & topology.isolated


def test_large_machine() -> None:
    topology = machine(8, 16, 2)
    assert placement(topology, 16, 3).cpus == tuple(range(48, 64))
    assert placement(topology, 32, 3).cpus == (*range(48, 64), *range(176, 192))
    assert placement(topology, 128, -1).cpus == tuple(range(128))
    assert placement(topology, 128, -1, skip=128).cpus == tuple(range(128, 256))
    assert set(placement(topology, 128, 7).cpus) == {*range(112, 128), *range(240, 256)}


def test_adjacent_siblings() -> None:
    topology = machine(2, 2, 2, adjacent=True)
    placed = placement(topology, 4, 1)
    assert placed.cpus == (4, 6, 5, 7)
    assert placed.notes == ("more queues than cores (4 on 2): some share a core as hyper-threads",)
    assert placement(topology, 2, 1).notes == ()


def test_a_core_with_an_isolated_sibling_comes_after_whole_ones() -> None:
    topology = machine(1, 3, 2, adjacent=True, isolated=frozenset({1}))
    assert placement(topology, 5).cpus == (2, 4, 0, 3, 5)


@pytest.mark.parametrize(
    ("arguments", "cpus", "note"),
    [
        pytest.param({"node": 0}, (2, 3), "other nodes", id="remote"),
        pytest.param({"node": 1, "housekeeping": [2]}, (3, 3), "more queues than CPUs", id="housekeeping"),
        pytest.param({"node": 1, "housekeeping": [2, 3]}, (2, 3), "left free", id="last-resort"),
        pytest.param({"node": 0, "housekeeping": [2, 3]}, (2, 3), "none on memory node 0", id="last-resort-remote"),
        pytest.param({"allowed": [0, 1, 3]}, (3, 3), "CPUs 0-1 are isolated and left out", id="allowed"),
        pytest.param({"allowed": [0, 1]}, (0, 1), "because no other is allowed", id="isolated-named"),
        pytest.param({"allowed": [9]}, (), "none of the allowed CPUs is online", id="none"),
    ],
)
def test_notes(arguments: dict[str, Any], cpus: tuple[int, ...], note: str) -> None:
    placed = placement(machine(2, 2, 1, isolated=frozenset({0, 1})), 2, **arguments)
    assert placed.cpus == cpus
    assert any(note in text for text in placed.notes), placed.notes


def test_no_cpu_at_all() -> None:
    placed = placement(machine(1, 2, 1, isolated=frozenset({0, 1})), 2)
    assert placed == ((), ("every CPU is isolated",))


def test_facts_become_a_topology() -> None:
    topology = topology_of(
        {
            "online": "0-6",
            "isolated": "3",
            "nohz_full": "2",
            "nodes": {"0": "0-3", "1": "4-7"},
            "siblings": ["0-1", "2-3", "4-5", "6-7"],
        }
    )
    assert topology.online == frozenset(range(7))
    assert topology.isolated == {2, 3}
    assert topology.nodes == {0: {0, 1, 2, 3}, 1: {4, 5, 6}}
    assert topology.core_of(6) == {6}
    assert placement(topology, 3, 0).cpus == (0, 1, 0)
