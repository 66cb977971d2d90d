# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.softnet import SoftnetRow
from ansible_collections.rxpath.linux.plugins.module_utils._sample.delta import (
    counter_bits,
    counter_gains,
    from_zero,
    gain,
    softnet_gains,
)
from hypothesis import given
from hypothesis import strategies as st

U32, U64 = 1 << 32, 1 << 64


@given(st.integers(0, U32 - 1), st.integers(0, 10_000_000))
def test_a_wrap_of_32_bits_is_counted_through(start: int, steps: int) -> None:
    assert gain(start, (start + steps) % U32, 32, 10.0) == steps


@given(st.integers(0, U64 - 1), st.integers(0, U64 - 1))
def test_64_bits_do_not_wrap(before: int, after: int) -> None:
    assert gain(before, after, 64, 10.0) == (after - before if after >= before else None)


@given(st.integers(0, U32 - 1), st.integers(0, U32 - 1), st.sampled_from([32, 64]), st.floats(0.0, 600.0))
def test_a_gain_is_never_negative_nor_huge_after_a_decrease(before: int, after: int, bits: int, seconds: float) -> None:
    value = gain(before, after, bits, seconds)
    assert value is None or value >= 0
    if after < before and value is not None:
        assert value <= 1 << 31


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (U32 - 10, 5, 15),
        # A device or a namespace that began anew has counted far too much for a wrap.
        (3_000_000_000, 5, None),
        (1000, 0, None),
        (7, 7, 0),
    ],
)
def test_a_reset_is_told_from_a_wrap(before: int, after: int, expected: int | None) -> None:
    assert gain(before, after, 32, 1.0) == expected


@pytest.mark.parametrize(
    ("machine", "bits"),
    [("x86_64", 64), ("aarch64", 64), ("ppc64le", 64), ("s390x", 64), ("riscv64", 64), ("armv7l", 32), ("i686", 32)],
)
def test_width_of_a_machine(machine: str, bits: int) -> None:
    assert counter_bits(machine) == bits


def test_gains_of_what_both_reads_have() -> None:
    before = {"Udp.InDatagrams": 10, "Ip.Forwarding": 1, "Udp.Old": 3, "Udp.InErrors": 9}
    after = {"Udp.InDatagrams": 15, "Ip.Forwarding": 2, "Udp.New": 4, "Udp.InErrors": 1}
    deltas = counter_gains(before, after, 64, 1.0)
    assert deltas.values == {"Udp.InDatagrams": 5, "Udp.InErrors": None}
    assert deltas.resets == ["Udp.InErrors"]


def test_counters_that_began_within_the_window() -> None:
    assert from_zero({"Udp.InErrors": 4, "Ip.DefaultTTL": 64}) == {"Udp.InErrors": 4}


def _row(cpu: int, processed: int, dropped: int = 0, flow_limit: int | None = 0) -> SoftnetRow:
    return SoftnetRow(cpu, processed, dropped, 0, 0, flow_limit, 3)


def test_softnet_rows_are_matched_by_cpu() -> None:
    gains = softnet_gains([_row(0, 10), _row(1, U32 - 5), _row(2, 7)], [_row(0, 30, 2), _row(1, 10), _row(3, 9)], 1.0)
    assert [(row["cpu"], row["processed"], row["dropped"]) for row in gains.rows] == [(0, 20, 2), (1, 15, 0)]
    assert gains.rows[0]["backlog_end"] == 3
    assert (gains.vanished, gains.appeared) == ([2], [3])


def test_a_column_that_the_kernel_lacks_has_no_delta() -> None:
    rows = softnet_gains([_row(0, 1, flow_limit=None)], [_row(0, 2, flow_limit=None)], 1.0).rows
    assert "flow_limit" not in rows[0]


_ROWS = st.lists(
    st.builds(_row, st.integers(0, 5), st.integers(0, U32 - 1), st.integers(0, U32 - 1)),
    max_size=6,
    unique_by=lambda r: r.cpu,
)


@given(_ROWS, _ROWS)
def test_no_row_is_made_up(before: list[SoftnetRow], after: list[SoftnetRow]) -> None:
    gains = softnet_gains(before, after, 10.0)
    both = {row.cpu for row in before} & {row.cpu for row in after}
    assert {row["cpu"] for row in gains.rows} == both
    assert all(value is None or value >= 0 for row in gains.rows for value in row.values())
