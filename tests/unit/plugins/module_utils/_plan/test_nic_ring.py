# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Ring sizes: what drivers make of a number, their maximum, and the memory behind the receive rings."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_ring import RingState, buffer_bytes, plan_ring
from ansible_collections.rxpath.linux.plugins.module_utils._plan.ring_rounding import RULES, taken
from hypothesis import given
from hypothesis import strategies as st

RING = {"rx": 256, "tx": 256, "rx_max": 4096, "tx_max": 4096}


def plan(
    driver: str = "igb", queues: int = 4, ring: dict[str, int] | None = RING, mtu: int = 1500, **asked: Any
) -> Plan:
    return plan_ring(asked, RingState("eth0", driver, ring, queues, buffer_bytes(mtu)))


def rx_of(result: Plan) -> int:
    (change,) = result.changes
    assert change[:3] == ("ring", Target("eth0", ""), {"rx": 256, "tx": 256})
    return int(change.wanted["rx"])


def test_nothing_asked() -> None:
    assert plan(rx="keep", memory_limit=1) == plan() == Plan()


# What each driver made of these numbers in a virtual machine, Linux 6.1 and 6.12.
@pytest.mark.parametrize(
    ("driver", "asked", "made"),
    [
        ("igb", 100, 104),
        ("igb", 10, 64),
        ("e1000e", 100, 104),
        ("e1000e", 10, 64),
        ("vmxnet3", 100, 128),
        ("vmxnet3", 10, 32),
        ("virtio_net", 100, 128),
        ("virtio_net", 10, 32),
        ("ena", 1500, 1024),
        ("tg3", 100, 100),
    ],
)
def test_rounded(driver: str, asked: int, made: int) -> None:
    result = plan(driver, rx=str(asked))
    assert rx_of(result) == made
    assert bool(result.notes) == (asked != made)
    again = plan_ring({"rx": asked}, RingState("eth0", driver, {**RING, "rx": made}, 4, 2304))
    assert again.changes == ()


def test_both_sides_are_one_change() -> None:
    wanted = {"rx": 4096, "tx": 512}
    assert plan(rx="max", tx="512").changes == (Change("ring", Target("eth0", ""), {"rx": 256, "tx": 256}, wanted),)


def test_above_the_maximum() -> None:
    result = plan(rx="9999")
    assert rx_of(result) == 4096
    assert result.unsupported == ("eth0 (igb): rx ring of 9999 asked, clamped to the driver's maximum of 4096",)


def test_no_ring() -> None:
    assert plan("veth", ring=None, rx="max").unsupported == (
        "eth0 (veth): the driver has no rx ring whose size can be set",
    )


def test_buffer() -> None:
    assert (buffer_bytes(1500), buffer_bytes(9000), buffer_bytes(1500, 4096)) == (2304, 16640, 4352)


def test_memory_lowers_the_maximum() -> None:
    """64 queues of 8192 buffers would pin 1.2 GB."""
    ring = {"rx": 256, "tx": 256, "rx_max": 8192, "tx_max": 8192}
    result = plan("mlx5_core", 64, ring, rx="max", tx="max")
    assert result.changes[0].wanted == {"rx": 1024, "tx": 8192}
    (note,) = result.notes
    assert note.startswith("eth0 (mlx5_core): rx ring of 1024, the maximum is 8192: ")
    assert note.endswith("8192 x 64 queues x 2304 bytes are over memory_limit, 268435456 bytes")


def test_memory_never_lowers_what_is_there() -> None:
    result = plan(ring={**RING, "rx": 4096}, rx="max", memory_limit=1 << 20)
    assert result.changes == ()
    assert "rx ring stays at 4096" in result.notes[0]


def test_memory_refuses_a_number() -> None:
    result = plan(rx="4096", tx="512", memory_limit=1 << 20)
    assert result.refused == (
        "eth0 (igb): rx ring of 4096 refused: 4096 x 4 queues x 2304 bytes are over memory_limit, 1048576 bytes",
    )
    assert result.changes[0].wanted == {"rx": 256, "tx": 512}
    assert rx_of(plan(rx="4096", memory_limit=1 << 20, force=True)) == 4096


@given(st.sampled_from([*RULES, "other"]), st.integers(1, 70000), st.integers(5, 15))
def test_what_a_driver_takes_it_takes_as_it_is(driver: str, number: int, power: int) -> None:
    most = 1 << power
    made = taken(driver, number, most)
    assert 1 <= made <= most
    assert taken(driver, made, most) == made


@given(st.sampled_from([*RULES, "other"]), st.integers(1, 200), st.integers(1500, 9000), st.integers(1 << 20, 1 << 30))
def test_max_stays_within_memory(driver: str, queues: int, mtu: int, limit: int) -> None:
    ring = {"rx": 64, "tx": 64, "rx_max": 8192, "tx_max": 8192}
    result = plan(driver, queues, ring, mtu, rx="max", memory_limit=limit)
    size = result.changes[0].wanted["rx"] if result.changes else 64
    assert size * queues * buffer_bytes(mtu) <= limit or size <= max(64, RULES.get(driver, RULES["igb"]).least)
