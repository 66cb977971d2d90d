# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import marshal

from ansible_collections.rxpath.linux.plugins.module_utils._watch.losers import Label, Losers
from hypothesis import given
from hypothesis import strategies as st

LOST = st.lists(st.lists(st.tuples(st.integers(0, 9), st.integers(1, 1000)), max_size=6), max_size=12)


def label(number: int, namespace: str = "4:1") -> Label:
    return Label(namespace, "udp", f"127.0.0.1:{number}", "reader")


@given(LOST, st.integers(0, 4))
def test_the_number_of_series_is_bounded_and_nothing_is_counted_twice(
    runs: list[list[tuple[int, int]]], limit: int
) -> None:
    losers, ended = Losers(limit), 0
    for run in runs:
        losers.fade(["4:1"])
        for number, datagrams in run:
            before = sum(losers.sums.values()) + losers.rest
            losers.lost(label(number), datagrams)
            ended += before + datagrams - sum(losers.sums.values()) - losers.rest
        assert len(losers.sums) <= limit
        losers = Losers.of(marshal.loads(marshal.dumps(losers.document())), limit)
    whole = sum(datagrams for run in runs for _number, datagrams in run)
    assert sum(losers.sums.values()) + losers.rest + ended == whole
    assert ended >= 0


def test_who_loses_most_of_late_has_a_series() -> None:
    losers = Losers(2)
    for number, datagrams in ((1, 100), (2, 50), (3, 60)):
        losers.lost(label(number), datagrams)
    assert (set(losers.sums), losers.rest) == ({label(1), label(2)}, 60)
    losers.lost(label(4), 500)
    assert (losers.sums, losers.rest) == ({label(1): 100, label(4): 500}, 60)
    for _run in range(30):
        losers.fade(["4:1"])
    losers.lost(label(3), 20)
    assert losers.sums == {label(4): 500, label(3): 20}


def test_series_of_a_namespace_that_is_gone_end() -> None:
    losers = Losers(5)
    losers.lost(label(1), 10)
    losers.lost(label(1, "4:2"), 20)
    losers.fade(["4:2"])
    assert losers.sums == {label(1, "4:2"): 20}


def test_fewer_series_than_there_were_keep_those_that_lose_most() -> None:
    losers = Losers(3)
    for number in (1, 2, 3):
        losers.lost(label(number), 100 * number)
    fewer = Losers.of(losers.document(), 1)
    fewer.fade(["4:1"])
    assert fewer.sums == {label(3): 300}
