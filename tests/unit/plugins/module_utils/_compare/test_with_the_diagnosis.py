# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Simulated queues before and after a change of their buffer or their reader, diagnosed and compared."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._compare.compare import compare
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import finding_key
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._diagnose.conftest import simulate


def burst(rate: float, every: float, length: float) -> Callable[[float], float]:
    return lambda now: rate if now % every < length else 0.0


def steady(rate: float) -> Callable[[float], float]:
    return lambda _now: rate


def compared(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    first, second = (diagnose_host(sample, {}) for sample in (before, after))
    keys = [finding_key(one) for one in first["findings"] if one["finding"] == first["main_loss"]]
    (row,) = compare(before, first, after, second, keys)
    return row


BURST = burst(200_000, 0.5, 0.005)
SLOW_READ = burst(30_000, 0.8, 0.02)


@pytest.mark.parametrize(
    ("arrivals", "pace"),
    [
        pytest.param(BURST, steady(50_000), id="quick-reader"),
        # What the larger buffer took in is read over many looks: the peak is the arrivals', not that of the reads.
        pytest.param(SLOW_READ, steady(1_000), id="reader-that-takes-long"),
        pytest.param(steady(8_000), lambda now: 0.0 if now % 0.5 < 0.1 else 50_000.0, id="reader-that-stalls"),
    ],
)
def test_a_larger_buffer_cures_bursts_and_stalls(
    arrivals: Callable[[float], float], pace: Callable[[float], float]
) -> None:
    before = simulate(arrivals, pace, seconds=10.0)
    after = simulate(arrivals, pace, seconds=10.0, receive_buffer=4 << 20, seed=2)
    row = compared(before, after)
    assert row["verdict"] == "improved", row["why"]
    assert row["after"]["lost"] == 0


def test_a_buffer_that_only_fills_is_no_cure() -> None:
    before = simulate(steady(9_000), steady(8_000), seconds=6.0)
    after = simulate(steady(9_000), steady(8_000), seconds=6.0, receive_buffer=32 << 20, seed=2)
    row = compared(before, after)
    assert row["verdict"] == "inconclusive", row["why"]


def test_a_buffer_that_was_full_again_is_no_cure() -> None:
    before = simulate(steady(9_000), steady(3_000), seconds=6.0)
    after = simulate(steady(9_000), steady(3_000), seconds=6.0, receive_buffer=1 << 20, seed=2)
    assert compared(before, after)["verdict"] == "unchanged"


def test_enough_readers_are_a_cure() -> None:
    before = simulate(steady(9_000), steady(3_000), seconds=6.0)
    after = simulate(steady(9_000), steady(12_000), seconds=6.0, seed=2)
    assert compared(before, after)["verdict"] == "improved"


def test_a_knob_that_does_nothing_changes_nothing() -> None:
    for seed in range(2, 6):
        before = simulate(BURST, steady(50_000), seconds=6.0)
        after = simulate(BURST, steady(50_000), seconds=6.0, seed=seed)
        assert compared(before, after)["verdict"] in ("unchanged", "inconclusive")


def test_smaller_bursts_are_no_cure() -> None:
    before = simulate(BURST, steady(50_000), seconds=6.0)
    after = simulate(burst(40_000, 0.5, 0.005), steady(50_000), seconds=6.0, seed=2)
    assert compared(before, after)["verdict"] == "inconclusive"
