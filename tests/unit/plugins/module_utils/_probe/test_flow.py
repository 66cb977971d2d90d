# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which datagrams arrived: the account of a flow against a list that is counted naively."""

from __future__ import annotations

from itertools import groupby
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._probe.flow import MAX_RUNS, Flow, with_tail
from hypothesis import given
from hypothesis import strategies as st


def naive(arrivals: list[int], sent: int) -> dict[str, Any]:
    """Count by going through the list again and again."""
    first = list(dict.fromkeys(arrivals))
    late = [number for index, number in enumerate(first) if any(other > number for other in first[:index])]
    lost = [number for number in range(sent) if number not in arrivals]
    runs: list[list[int]] = []
    for number in lost:
        if runs and sum(runs[-1]) == number:
            runs[-1][1] += 1
        else:
            runs.append([number, 1])
    # A run that reaches from below the highest arrival to the end cannot be: the highest arrival is between them.
    classes = sorted(next(1 << power for power in range(40) if 1 << power >= length) for _start, length in runs)
    behind = [max(other for other in first[: first.index(number)]) - number for number in late]
    return {
        "arrived": len(first),
        "duplicated": len(arrivals) - len(first),
        "reordered": len(late),
        "furthest": max(behind, default=0),
        "next": max(arrivals, default=-1) + 1,
        "missing": len(lost),
        "runs": runs[:MAX_RUNS],
        "run_lengths": [[upper, len(list(group))] for upper, group in groupby(classes)],
    }


@st.composite
def journeys(draw: st.DrawFn) -> tuple[list[int], int]:
    """Return numbers in the order of their arrival, and how many were sent: lost, doubled and moved."""
    sent = draw(st.integers(1, 90))
    numbers = draw(st.lists(st.integers(0, sent - 1), max_size=120))
    if draw(st.booleans()):
        numbers.sort()
    return numbers, sent


@given(journeys())
def test_the_account_is_that_of_a_list(journey: tuple[list[int], int]) -> None:
    arrivals, sent = journey
    flow = Flow(sent)
    assert all(flow.take(number) for number in arrivals)
    assert with_tail(flow.document(), sent) == naive(arrivals, sent)


@given(journeys(), st.integers(0, 50))
def test_a_receiver_need_not_know_how_many_were_sent(journey: tuple[list[int], int], more: int) -> None:
    arrivals, sent = journey
    tight, wide = Flow(sent), Flow(sent + more)
    for number in arrivals:
        tight.take(number)
        wide.take(number)
    assert wide.document() == tight.document()


@given(journeys())
def test_every_datagram_is_accounted_for(journey: tuple[list[int], int]) -> None:
    arrivals, sent = journey
    flow = Flow(sent)
    for number in arrivals:
        flow.take(number)
    done = with_tail(flow.document(), sent)
    assert done["arrived"] + done["missing"] == sent
    assert done["arrived"] + done["duplicated"] == len(arrivals)
    assert done["reordered"] <= done["arrived"]
    assert sum(runs for _upper, runs in done["run_lengths"]) >= len(done["runs"])


@pytest.mark.parametrize("number", [-1, 10, 2**32 - 1])
def test_a_number_that_was_never_to_be_sent_is_refused(number: int) -> None:
    flow = Flow(10)
    assert flow.take(number) is False
    assert flow.document()["arrived"] == 0


def test_more_arrived_than_was_sent() -> None:
    flow = Flow(10)
    flow.take(7)
    with pytest.raises(ValueError, match="number 7 arrived of 7 that were sent"):
        with_tail(flow.document(), 7)


def test_a_long_loss_is_one_run_and_told_in_a_few_numbers() -> None:
    flow = Flow(10**6)
    flow.take(0)
    flow.take(10**6 - 1)
    document = flow.document()
    assert document["runs"] == [[1, 10**6 - 2]]
    assert document["run_lengths"] == [[2**20, 1]]


def test_many_runs_are_counted_and_the_first_told() -> None:
    flow = Flow(1000)
    for number in range(0, 1000, 2):
        flow.take(number)
    document = flow.document()
    assert document["missing"] == 499
    assert document["runs"] == [[number, 1] for number in range(1, 2 * MAX_RUNS, 2)]
    assert document["run_lengths"] == [[1, 499]]
