# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pace of a sender, on a clock of the test's own."""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._probe.load import MAX_RATE
from ansible_collections.rxpath.linux.plugins.module_utils._probe.pace import MAX_LATE, Pace
from hypothesis import given
from hypothesis import strategies as st

rates = st.integers(1, MAX_RATE)
starts = st.integers(0, 2**62)


@given(rates, starts, st.lists(st.integers(0, MAX_LATE - 10**6), max_size=200))
def test_a_sender_that_is_never_late_keeps_the_rate(rate: int, start: int, steps: list[int]) -> None:
    pace, now, sent = Pace(rate, start), start, 0
    for step in steps:
        now = max(now + step, min(pace.moment(sent), now + MAX_LATE))
        sent += pace.due(now, sent)
        # As many as fit into the time, the first at its very beginning.
        if pace.given_up == 0:
            assert sent == (now - start) * rate // 10**9 + 1 or sent == 0
    assert sent <= (now - start) * rate // 10**9 + 1


@given(rates, starts, st.integers(0, 10**7))
def test_a_datagram_is_due_at_its_moment_and_not_before(rate: int, start: int, number: int) -> None:
    moment = Pace(rate, start).moment(number)
    assert Pace(rate, start).due(moment - 1, number) == 0
    assert Pace(rate, start).due(moment, number) == 1


@given(rates, starts, st.integers(MAX_LATE + 1, 10**11))
def test_what_was_missed_is_given_up_but_for_a_few_milliseconds(rate: int, start: int, late: int) -> None:
    pace = Pace(rate, start)
    assert pace.due(start + late, 0) == MAX_LATE * rate // 10**9 + 1
    assert pace.given_up == late - MAX_LATE
    # Afterwards the rate is what it was.
    sent = MAX_LATE * rate // 10**9 + 1
    assert pace.moment(sent + rate) - pace.moment(sent) == 10**9


@given(rates, starts, st.integers(0, 10**6), st.integers(-(10**7), 10**7))
def test_a_pause_never_oversleeps(rate: int, start: int, number: int, offset: int) -> None:
    pace = Pace(rate, start)
    now = pace.moment(number) + offset
    pause = pace.pause(now, number)
    assert pause == 0 or now + pause < pace.moment(number)
