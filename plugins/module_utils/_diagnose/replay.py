# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Replay of a window: would a larger buffer have lost nothing?

The arrivals and the reads of the sub-samples run through a queue of any size. While the queue held datagrams, what
was read *is* what the reader could do; where it ran empty the reader had time to spare, and how much follows from
the CPU time a datagram cost it. The window is played twice in a row: a queue that stands higher after the second
time than after the first grows without bound, and no buffer helps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Interval(NamedTuple):
    """One sub-sample: seconds it lasted, datagrams that arrived, were read, were lost, and stood at its end."""

    seconds: float
    arrivals: float
    reads: float
    drops: float
    queued: float
    empty: bool


class Replay(NamedTuple):
    """What a window says about arrivals and the reader."""

    seconds: float
    arrival_rate: float
    read_rate: float
    capacity: float  # datagrams per second that the reader can take
    saturated: bool  # the queue never ran empty: capacity is measured, not estimated
    utilisation: float  # arrivals over capacity
    needed: float  # datagrams that the queue must hold for no loss; infinite when it grows without bound
    peak: float  # the same, were every sub-sample's arrivals to come at once
    longest_stall: float  # seconds


def build(
    times: Sequence[float],
    reads: Sequence[int | None],
    drops: Sequence[int | None],
    queued: Sequence[int | None],
    truesize: int,
    empty_below: float,
) -> list[Interval]:
    """Turn the columns of a window into intervals.

    ``times`` are seconds since the start at the end of each interval, ``queued`` bytes of truesize in the queue
    (None where the socket was not looked at: the interval lasts until it was), ``empty_below`` bytes under which a
    queue counts as empty.
    """
    intervals = []
    before, last = 0.0, 0.0
    taken = lost = 0.0
    known = False
    for index, moment in enumerate(times):
        taken += float(reads[index] or 0)
        lost += float(drops[index] or 0)
        level = queued[index] if index < len(queued) else None
        if level is None and index + 1 < len(times):
            continue  # not looked at: what happened belongs to the next look
        bytes_now = last if level is None else float(level)
        if not known:
            # The queue before the first look is taken as the first level that was seen.
            last, known = bytes_now, True
        grown = (bytes_now - last) / truesize
        intervals.append(
            Interval(
                seconds=max(1e-6, moment - before),
                arrivals=max(0.0, taken + lost + grown),
                reads=taken,
                drops=lost,
                queued=bytes_now / truesize,
                empty=bytes_now <= empty_below,
            )
        )
        before, last = moment, bytes_now
        taken = lost = 0.0
    return intervals


def replay(intervals: Sequence[Interval], reader_capacity: float | None) -> Replay:
    """Play the window against an unlimited queue; see the module's description.

    ``reader_capacity`` is the readers' datagrams per second from their CPU time, None when unknown: then a reader
    that was seen idle is believed to keep its best pace.
    """
    seconds = sum(interval.seconds for interval in intervals)
    arrived = sum(interval.arrivals for interval in intervals)
    taken = sum(interval.reads for interval in intervals)
    body = _while_it_flowed(since_first_queue(intervals))
    flowing = [interval for interval in body if interval.arrivals > 0 or interval.queued > 0 or interval.reads > 0]
    empty = sum(1 for interval in flowing if interval.empty)
    saturated = bool(flowing) and empty <= 0.02 * len(flowing)
    measured = body if saturated else intervals
    over = max(1e-6, sum(interval.seconds for interval in measured))
    pace = sum(interval.reads for interval in measured) / over
    rate = sum(interval.arrivals for interval in measured) / over
    best = max((interval.reads / interval.seconds for interval in intervals), default=0.0)
    could = reader_capacity if reader_capacity is not None else max(best, 2.0 * arrived / seconds if seconds else 0.0)
    offered = []
    stood = intervals[0].queued if intervals else 0.0
    for interval in intervals:
        possible = interval.reads
        # First in, first out: who reads fewer than stood there at the start never saw an empty queue in between.
        kept_up = interval.empty or (not saturated and interval.reads >= stood)
        if kept_up:
            possible = max(possible, (pace if saturated else could) * interval.seconds)
        stood = interval.queued
        offered.append(possible)
    capacity = sum(offered) / seconds if seconds else 0.0
    if not saturated and reader_capacity is not None:
        # Intervals in which the queue stood count as read; the long run is what the reader can do on average.
        capacity = max(capacity, taken / seconds if seconds else 0.0)
    utilisation = arrived / (capacity * seconds) if capacity > 0 and seconds else float("inf")
    first = _run(intervals, offered, intervals[0].queued if intervals else 0.0)
    second = _run(intervals, offered, first.left)
    grows = utilisation >= 1.0 or second.left > first.left + max(1.0, 0.01 * arrived)
    return Replay(
        seconds=seconds,
        arrival_rate=rate,
        read_rate=pace,
        capacity=capacity,
        saturated=saturated,
        utilisation=utilisation,
        needed=float("inf") if grows else second.highest,
        peak=float("inf") if grows else second.peak,
        longest_stall=_longest_stall(intervals),
    )


def since_first_queue(intervals: Sequence[Interval]) -> Sequence[Interval]:
    """Leave out a start without a queue: a buffer that fills from empty says nothing about the reader until it does.

    A start of more than three tenths of the window is no start: then the whole window stands.
    """
    total = sum(interval.seconds for interval in intervals)
    passed = 0.0
    for index, interval in enumerate(intervals):
        if not interval.empty:
            return intervals[index:] if passed <= 0.3 * total else intervals
        passed += interval.seconds
    return intervals


def _while_it_flowed(intervals: Sequence[Interval]) -> Sequence[Interval]:
    """Leave out an end without arrivals and without a queue."""
    last = len(intervals)
    while last and intervals[last - 1].arrivals <= 0 and intervals[last - 1].queued <= 0:
        last -= 1
    return intervals[:last]


class _Run(NamedTuple):
    left: float
    highest: float
    peak: float


def _run(intervals: Sequence[Interval], offered: Sequence[float], start: float) -> _Run:
    level = highest = peak = start
    for interval, possible in zip(intervals, offered):
        peak = max(peak, level + interval.arrivals)
        level = max(0.0, level + interval.arrivals - possible)
        highest = max(highest, level)
    return _Run(level, highest, peak)


def _longest_stall(intervals: Sequence[Interval]) -> float:
    """Return the longest time without a single read while datagrams stood in the queue from its start to its end."""
    longest = current = 0.0
    stood = False
    for interval in intervals:
        if interval.reads == 0 and stood and not interval.empty:
            current += interval.seconds
            longest = max(longest, current)
        else:
            current = 0.0
        stood = not interval.empty
    return longest
