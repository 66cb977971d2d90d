# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import parse_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._plan.cpu_request import CpuRequestError
from ansible_collections.rxpath.linux.plugins.module_utils._plan.packet_steering import (
    FLOW_ENTRIES,
    SteeringState,
    plan_packet_steering,
    power_of_two,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.sending import senders
from ansible_collections.rxpath.linux.plugins.module_utils._plan.topology import Topology, cores_of
from hypothesis import given
from hypothesis import strategies as st


def flat(cpus: int, isolated: frozenset[int] = frozenset()) -> Topology:
    return Topology(cores_of(range(cpus), []), {}, isolated)


def state(queues: int = 1, cpus: int = 4, **more: Any) -> SteeringState:
    fields: dict[str, Any] = {
        "interface": "eth0",
        "kind": "nic",
        "node": -1,
        "topology": flat(cpus),
        "rps": dict.fromkeys(range(queues), ""),
        "rfs": dict.fromkeys(range(queues), 0),
        "xps": dict.fromkeys(range(queues), "") if queues > 1 else {},
        "tx_queues": queues,
        "interrupts": {},
        "entries": 0,
    }
    return SteeringState(**{**fields, **more})


def wanted(request: dict[str, Any], of: SteeringState) -> dict[str, Any]:
    return {f"{change.knob} {change.target}": change.wanted for change in plan_packet_steering(request, of).changes}


def made(request: dict[str, Any], of: SteeringState) -> SteeringState:
    """Return the state after the changes, as the kernel makes them."""
    values: dict[str, dict[int, Any]] = {"rps": dict(of.rps), "rfs": dict(of.rfs), "xps": dict(of.xps)}
    entries = of.entries
    for change in plan_packet_steering(request, of).changes:
        if change.knob == "sysctl":
            entries = int(change.wanted)
        else:
            values[change.knob][int(change.target.item[3:])] = change.wanted
    return of._replace(entries=entries, rps=values["rps"], rfs=values["rfs"], xps=values["xps"])


def test_rps_spreads_a_device_of_one_queue() -> None:
    assert wanted({"rps": "auto"}, state()) == {"rps eth0 rx-0": "0-3"}
    # The CPU that takes the interrupt has enough to do.
    assert wanted({"rps": "auto"}, state(interrupts={0: frozenset({2})})) == {"rps eth0 rx-0": "0-1,3"}


def test_rps_leaves_out_all_that_take_interrupts_where_enough_others_are_left() -> None:
    of = state(2, interrupts={0: frozenset({0}), 1: frozenset({1})})
    assert wanted({"rps": "auto"}, of) == {"rps eth0 rx-0": "2-3", "rps eth0 rx-1": "2-3"}
    of = state(3, interrupts={queue: frozenset({queue}) for queue in range(3)})
    assert wanted({"rps": "auto"}, of) == {"rps eth0 rx-0": "1-3", "rps eth0 rx-1": "0,2-3", "rps eth0 rx-2": "0-1,3"}


def test_rps_goes_by_cores() -> None:
    threads = Topology(cores_of([], [[0, 4], [1, 5], [2, 6], [3, 7]]), {})
    of = state(1, topology=threads, interrupts={0: frozenset({4})})
    assert wanted({"rps": "auto"}, of) == {"rps eth0 rx-0": "1-3"}


def test_rps_is_off_where_the_queues_are_enough() -> None:
    of = state(4, rps={0: "0-3", 1: "", 2: "", 3: ""})
    plan = plan_packet_steering({"rps": "auto"}, of)
    assert [(change.current, change.wanted) for change in plan.changes] == [("0-3", "")]
    assert "4 receive queues for 4 cores are enough" in plan.notes[0]


def test_rps_with_channels_to_come() -> None:
    assert wanted({"rps": "auto", "channels": 4}, state(1)) == {}
    assert wanted({"rps": "0-1", "channels": 2}, state(1)) == {"rps eth0 rx-0": "0-1", "rps eth0 rx-1": "0-1"}


def test_interrupts_to_come() -> None:
    assert wanted({"rps": "auto", "interrupts": {"0": "3"}}, state()) == {"rps eth0 rx-0": "0-2"}


def test_rps_as_named_without_what_the_kernel_drops() -> None:
    of = state(topology=flat(4, frozenset({3})))
    plan = plan_packet_steering({"rps": "2-5"}, of)
    assert [change.wanted for change in plan.changes] == ["2"]
    assert len(plan.notes) == 2
    assert plan_packet_steering({"rps": "2-5"}, made({"rps": "2-5"}, of)).changes == ()
    assert "no CPU of 3,9 may be used" in plan_packet_steering({"rps": "3,9"}, of).refused[0]


def test_rps_that_makes_loss_is_warned_of() -> None:
    assert "adds a hop" in plan_packet_steering({"rps": "0-3"}, state(4)).warnings[0]
    assert plan_packet_steering({"rps": "0-3"}, state(4, kind="virtual")).warnings == ()


def test_rfs_rounds_and_raises_the_sysctl() -> None:
    of = state(2)
    assert wanted({"rfs": "1000"}, of) == {
        f"sysctl {FLOW_ENTRIES}": "1024",
        "rfs eth0 rx-0": 512,
        "rfs eth0 rx-1": 512,
    }
    plan = plan_packet_steering({"rfs": "1000"}, of)
    assert plan.changes[0].knob == "sysctl"
    assert "makes 1024 of 1000" in plan.notes[0]
    assert "connected sockets" in plan.warnings[0]
    again = plan_packet_steering({"rfs": "1000"}, made({"rfs": "1000"}, of))
    assert again.changes == ()
    assert again.warnings == ()


def test_rfs_never_lowers_what_others_use() -> None:
    assert f"sysctl {FLOW_ENTRIES}" not in wanted({"rfs": "1024"}, state(entries=65536))
    assert wanted({"rfs": "off"}, state(rfs={0: 4096}, entries=65536)) == {"rfs eth0 rx-0": 0}


def test_rfs_follows_rps() -> None:
    assert wanted({"rps": "auto", "rfs": "auto"}, state())["rfs eth0 rx-0"] == 32768
    assert wanted({"rfs": "auto"}, state(rps={0: "0-3"}))["rfs eth0 rx-0"] == 32768
    plan = plan_packet_steering({"rps": "auto", "rfs": "auto"}, state(4))
    assert plan.changes == ()
    assert "RFS off" in plan.notes[1]


def test_rfs_in_a_network_namespace() -> None:
    plan = plan_packet_steering({"rfs": "1024"}, state(entries=None))
    assert [change.knob for change in plan.changes] == ["rfs"]
    assert FLOW_ENTRIES in plan.unsupported[0]


@pytest.mark.parametrize("off", ["off", "False", False])
def test_off_as_yaml_has_it(off: Any) -> None:
    of = state(2, rps={0: "1", 1: "1"}, rfs={0: 8, 1: 8}, xps={0: "0", 1: "1"})
    assert set(wanted({"rps": off, "rfs": off, "xps": off}, of).values()) == {"", 0}


def test_xps_follows_the_interrupts() -> None:
    of = state(2, 4, interrupts={0: frozenset({3}), 1: frozenset({1})})
    assert wanted({"xps": "auto"}, of) == {"xps eth0 tx-0": "0,3", "xps eth0 tx-1": "1-2"}


def test_xps_as_named() -> None:
    assert wanted({"xps": ["0-1", "2,9"]}, state(2)) == {"xps eth0 tx-0": "0-1", "xps eth0 tx-1": "2"}
    assert wanted({"xps": "0-1"}, state(2)) == {"xps eth0 tx-0": "0-1", "xps eth0 tx-1": "0-1"}
    assert wanted({"xps": {1: ""}}, state(2, xps={0: "0", 1: "1"})) == {"xps eth0 tx-1": ""}
    plan = plan_packet_steering({"xps": {2: "1", 0: "9"}}, state(2))
    assert "no transmit queue 2" in plan.unsupported[0]
    assert "queue 0 is online" in plan.refused[0]


def test_xps_of_one_queue() -> None:
    assert plan_packet_steering({"xps": "auto"}, state(1)).unsupported == ("eth0: XPS: it has one transmit queue",)


def test_a_kernel_without_steering() -> None:
    plan = plan_packet_steering({"rps": "auto", "rfs": "8", "xps": "auto"}, state(4, rps={}, rfs={}, xps={}))
    assert plan.changes == ()
    assert len(plan.unsupported) == 3


@pytest.mark.parametrize(
    "request_", [{"rps": "0-"}, {"rfs": "many"}, {"rfs": "0"}, {"xps": ["x"]}, {"rfs": str(2**40)}]
)
def test_requests_that_are_none(request_: dict[str, str]) -> None:
    with pytest.raises(CpuRequestError):
        plan_packet_steering(request_, state(2))


REQUESTS = st.fixed_dictionaries(
    {},
    optional={
        "rps": st.sampled_from(["auto", "off", "keep", "0-63", "1,200"]),
        "rfs": st.sampled_from(["auto", "off", "keep", "1", "1000", "70000"]),
        "xps": st.sampled_from(["auto", "off", "keep", "0-255"]),
    },
)


@given(
    request_=REQUESTS,
    queues=st.integers(1, 128),
    cpus=st.integers(1, 256),
    isolated=st.frozensets(st.integers(0, 255), max_size=20),
    pinned=st.dictionaries(st.integers(0, 127), st.integers(0, 255).map(lambda cpu: frozenset({cpu})), max_size=20),
)
def test_any_machine_twice(
    request_: dict[str, str],
    queues: int,
    cpus: int,
    isolated: frozenset[int],
    pinned: dict[int, frozenset[int]],
) -> None:
    of = state(queues, topology=flat(cpus, isolated), interrupts=pinned)
    plan = plan_packet_steering(request_, of)
    for change in plan.changes:
        if change.knob == "rps":
            assert not set(parse_cpulist(change.wanted)) & isolated
        if change.knob in ("rps", "xps"):
            assert set(parse_cpulist(change.wanted)) <= set(range(cpus))
        if change.knob == "rfs":
            assert change.wanted == power_of_two(change.wanted)
    assert plan_packet_steering(request_, made(request_, of)).changes == ()


@given(cpus=st.integers(1, 256), homes=st.lists(st.none() | st.integers(0, 255), min_size=1, max_size=128))
def test_every_cpu_sends_through_some_queue(cpus: int, homes: list[int | None]) -> None:
    topology = flat(cpus)
    pinned = [frozenset({home % cpus}) if home is not None else None for home in homes]
    sets = senders(topology, range(cpus), pinned)
    assert frozenset().union(*sets) == topology.online
    for cpu, own in zip(pinned, sets):
        assert cpu is None or cpu <= own


def test_senders_share_a_core_then_a_node() -> None:
    topology = Topology(
        cores_of([], [[0, 1], [2, 3], [4, 5], [6, 7]]), {0: frozenset(range(4)), 1: frozenset(range(4, 8))}
    )
    sets = senders(topology, (4, 6, 5, 7), [frozenset({4}), frozenset({6})])
    assert [cpu in sets[0] for cpu in (4, 5)] == [True, True]
    assert [cpu in sets[1] for cpu in (6, 7)] == [True, True]
    assert {len(cpus) for cpus in sets} == {4}


@pytest.mark.parametrize(
    ("number", "rounded"), [(0, 0), (1, 1), (2, 2), (3, 4), (1000, 1024), (1024, 1024), (1025, 2048)]
)
def test_rounding(number: int, rounded: int) -> None:
    assert power_of_two(number) == rounded
