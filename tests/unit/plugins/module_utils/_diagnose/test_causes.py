# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Causes and cures of an overflow, on simulated queues whose truth is known."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import replay
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host

Simulate = Callable[..., dict[str, Any]]


def overflow_of(sample: dict[str, Any]) -> dict[str, Any]:
    host = diagnose_host(sample, {})
    return next(one for one in host["findings"] if one["finding"] == "socket.receive_buffer_overflow")


def helps(finding: dict[str, Any]) -> set[bool]:
    words = ("receive_buffer", "rmem_default", "rmem_max")
    return {one["helps"] for one in finding["advice"] if any(word in one["action"] for word in words)}


def burst(rate: float, every: float, length: float) -> Callable[[float], float]:
    return lambda now: rate if now % every < length else 0.0


def steady(rate: float) -> Callable[[float], float]:
    return lambda _now: rate


CASES = [
    pytest.param(burst(200_000, 0.5, 0.005), steady(50_000), {}, ["arrival_burst"], True, id="burst-twice-a-second"),
    pytest.param(
        burst(400_000, 1 / 30, 0.001), steady(100_000), {}, ["arrival_burst"], True, id="thirty-bursts-empty-queue"
    ),
    pytest.param(
        steady(4_000),
        lambda now: 0.0 if now % 0.1 < 0.08 else 50_000.0,
        {"receive_buffer": 53248},
        ["reader_stall"],
        True,
        id="asleep-80-of-100-ms",
    ),
    pytest.param(
        steady(4_000),
        lambda now: 0.0 if now % 0.1 < 0.06 else 20_000.0,
        {"throttled": True, "receive_buffer": 106496},
        ["reader_stall"],
        True,
        id="quota-above-arrivals",
    ),
    pytest.param(
        steady(10_000),
        lambda now: 0.0 if now % 0.1 < 0.06 else 20_000.0,
        {"throttled": True},
        ["slow_consumer"],
        False,
        id="quota-below-arrivals",
    ),
    pytest.param(
        steady(2_000),
        lambda now: 0.0 if 1.0 < now < 2.2 else 50_000.0,
        {"blocked_in": "write"},
        ["reader_stall"],
        True,
        id="blocked-downstream-then-released",
    ),
    pytest.param(steady(9_000), steady(3_000), {}, ["slow_consumer"], False, id="slow-consumer"),
    pytest.param(
        steady(9_000), steady(3_000), {"receive_buffer": 2 << 20}, ["slow_consumer"], False, id="slow-consumer-2-mib"
    ),
    pytest.param(steady(10_100), steady(10_000), {}, ["slow_consumer"], False, id="slow-by-one-percent"),
    pytest.param(
        lambda now: 400_000.0 if now % 0.25 < 0.005 else 1_000.0,
        lambda now: 0.0 if now % 1.0 > 0.55 else 100_000.0,
        {"blocked_in": "write", "receive_buffer": 212992},
        None,
        True,
        id="bursts-and-stalls",
    ),
]


@pytest.mark.parametrize(("arrivals", "pace", "more", "causes", "cured"), CASES)
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_cause_and_cure(
    simulate: Simulate, arrivals: Any, pace: Any, more: dict[str, Any], causes: list[str] | None, cured: bool, seed: int
) -> None:
    finding = overflow_of(simulate(arrivals, pace, seed=seed, **more))
    if causes is None:
        assert sorted(finding["causes"]) == ["arrival_burst", "reader_stall"]
    else:
        assert finding["causes"] == causes
    assert (True in helps(finding)) is cured
    assert finding["certainty"] == "exact"


def test_time_before_a_burst_is_no_stall() -> None:
    """A queue that stands at the end of a quiet second did not stand through it."""
    times, reads, drops = [1.0, 1.05, 1.1, 1.15], [0, 0, 0, 90], [0, 40, 30, 0]
    queued = [None, 9000, 9000, 0]
    intervals = replay.build(times, reads, drops, queued, 100, 500.0)
    assert replay.replay(intervals, None).longest_stall == pytest.approx(0.05)
