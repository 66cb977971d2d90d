# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from typing import Optional

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._sample.pending import seconds_to_overflow
from hypothesis import given
from hypothesis import strategies as st

TIMES = [0.05 * step for step in range(1, 201)]


def test_a_steady_growth_is_predicted() -> None:
    """25 MB of buffer, 2 MB a second: full 12.5 s after the start, 2.5 s after the window."""
    left = seconds_to_overflow(TIMES, [2e6 * moment for moment in TIMES], 25_000_000, 30.0)
    assert left == pytest.approx(2.5, abs=0.2)
    assert seconds_to_overflow(TIMES, [2e6 * moment for moment in TIMES], 25_000_000, 2.0) is None


def test_a_few_odd_looks_change_nothing() -> None:
    levels: list[Optional[float]] = [2e6 * moment for moment in TIMES]
    levels[50] = 0.0
    levels[120] = None
    levels[150] = 24e6
    levels[0] = levels[199] = None
    assert seconds_to_overflow(TIMES, levels, 25_000_000, 30.0) == pytest.approx(2.5, abs=0.3)


@pytest.mark.parametrize(
    "levels",
    [
        pytest.param([20e6] * 200, id="stands still"),
        pytest.param([20e6 - 5e4 * step for step in range(200)], id="drains"),
        pytest.param([1e4 * step for step in range(200)], id="far below the buffer"),
        pytest.param([2e7 * (step % 20) / 20 for step in range(200)], id="bursts that are emptied"),
        pytest.param([min(2e5 * step, 2e7) for step in range(200)], id="grew and then stood"),
        pytest.param([26e6 + step for step in range(200)], id="full already"),
        pytest.param(
            [2e6 * moment if step < 4 else None for step, moment in enumerate(TIMES)], id="looked at too rarely"
        ),
        pytest.param([], id="never looked at"),
    ],
)
def test_no_overflow_is_coming(levels: list[Optional[float]]) -> None:
    assert seconds_to_overflow(TIMES, levels, 25_000_000, 30.0) is None


def test_a_socket_without_a_known_buffer() -> None:
    assert seconds_to_overflow(TIMES, [2e6 * moment for moment in TIMES], 0, 30.0) is None


@given(
    st.lists(st.tuples(st.floats(0, 600), st.none() | st.floats(0, 1e9)), max_size=90),
    st.integers(-1, 1 << 31),
    st.floats(0, 600),
)
def test_any_window_gives_a_time_within_the_bound_or_none(
    points: list[tuple[float, Optional[float]]], buffer: int, bound: float
) -> None:
    points.sort(key=lambda point: point[0])
    left = seconds_to_overflow([moment for moment, _ in points], [level for _, level in points], buffer, bound)
    assert left is None or (0 <= left <= bound and not math.isnan(left))
