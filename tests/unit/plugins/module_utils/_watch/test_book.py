# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A sum is the kernel's number, and never falls, whatever becomes of the counters that it is made of."""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._watch.book import Book
from ansible_collections.rxpath.linux.plugins.module_utils._watch.tally import Count, Series
from hypothesis import given
from hypothesis import strategies as st

SERIES = Series("qdisc.drop", "packets")
KEY = SERIES.key
READINGS = st.lists(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, (1 << 32) - 1)), min_size=1, max_size=8
)


def enter(book: Book, keep: bool = False, bits: int = 64, **values: int) -> int:
    return book.enter([Count(SERIES, name, value, bits) for name, value in values.items()], 15.0, keep).get(KEY, 0)


@given(READINGS, st.booleans(), st.sampled_from([32, 64]))
def test_a_sum_never_falls_and_is_what_was_gained(readings: list[dict[str, int]], keep: bool, bits: int) -> None:
    book, before = Book(), 0
    for reading in readings:
        gained = enter(book, keep, bits, **reading)
        assert gained >= 0
        assert book.sums.get(KEY, 0) == before + gained
        before += gained


@given(st.lists(st.integers(0, 1000), min_size=1), st.integers(0, 1 << 40))
def test_a_counter_that_only_rises_is_its_sum(steps: list[int], start: int) -> None:
    book, value = Book(), start
    for step in steps:
        value += step
        enter(book, a=value)
    assert book.sums[KEY] == value


def test_what_is_gone_takes_nothing_along_and_what_comes_new_counts_whole() -> None:
    book = Book()
    assert enter(book, veth1=100, veth2=50) == 150
    assert enter(book, veth2=60) == 10
    assert enter(book, veth2=60, veth1=7) == 7
    assert book.sums[KEY] == 167


def test_a_cpu_that_went_and_came_counts_on_where_it_was() -> None:
    book = Book()
    enter(book, keep=True, cpu0=10, cpu1=1000)
    enter(book, keep=True, cpu0=11)
    assert enter(book, keep=True, cpu0=11, cpu1=1001) == 1
    assert book.sums[KEY] == 1012


def test_a_wrap_is_counted_through_and_a_reset_counts_from_zero() -> None:
    book = Book()
    enter(book, bits=32, a=(1 << 32) - 10)
    assert enter(book, bits=32, a=5) == 15
    book = Book()
    enter(book, a=5000)
    assert enter(book, a=3) == 3


def test_a_difference_that_falls_by_a_little_is_no_reset() -> None:
    book = Book()
    enter(book, a=1_000_000)
    assert enter(book, a=999_998) == 0
    assert enter(book, a=1_000_001) == 1
    assert book.sums[KEY] == 1_000_001


def test_a_series_that_cannot_be_read_for_a_while_goes_on_where_it_was() -> None:
    book, other = Book(), Series("tc.drop", "packets")
    enter(book, veth1=1000)
    book.enter([Count(other, "", 0)], 15.0)
    assert enter(book, veth1=1001) == 1
    assert book.sums == {KEY: 1001, other.key: 0}


def test_series_of_a_device_that_is_gone_end() -> None:
    book = Book()
    eth0, eth1 = (Series("nic.ring_overflow", "packets", name) for name in ("eth0", "eth1"))
    book.enter([Count(eth0, "2", 5), Count(eth1, "3", 6), Count(SERIES, "veth", 7)], 15.0)
    book.keep_interfaces({"eth1", "lo"})
    assert book.sums == {eth1.key: 6, KEY: 7}
    assert book.enter([Count(eth0, "2", 5)], 15.0) == {eth0.key: 5}
