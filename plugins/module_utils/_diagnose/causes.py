# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Why a socket's buffer overflowed: arrival burst, reader stall or slow consumer, in the order in which they bind.

Slow or not is decided by the replay. What a buffer would have saved is then shared out between bursts and stalls,
stretch by stretch from the last empty queue to the loss: arrivals above the mean rate speak for a burst, reads
below it for a stall. Bursts shorter than a sub-sample leave the queue empty at each look; there the threads of
the reader decide.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.readers import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.replay import Interval, Replay

ARRIVAL_BURST = "arrival_burst"
READER_STALL = "reader_stall"
SLOW_CONSUMER = "slow_consumer"

# Arrivals count as a burst where they exceed the mean by more than looks that are not simultaneous make of them.
_ABOVE_MEAN = 1.25
# A look that came so many times later than the others mixes what must be told apart.
_LUMP = 4.0
# A stretch is not followed further back than this: what happened earlier did not fill the queue.
_LOOK_BACK_SECONDS = 1.0


class Verdict(NamedTuple):
    """Causes in the order in which they bind; ``cured`` when a buffer within the ceilings would lose nothing.

    A slow consumer binds first: nothing else that is done removes the loss. The others follow by their share.
    """

    causes: list[str]
    shares: dict[str, float]
    cured: bool


def decide(
    intervals: Sequence[Interval],
    played: Replay,
    reader: Reader | None,
    largest: float,
    thresholds: Mapping[str, float],
) -> Verdict:
    """Return the causes of the loss in a window; ``largest`` is the biggest queue allowed, in datagrams."""
    nature = _nature(intervals, played, reader, thresholds)
    if played.needed <= largest:
        return Verdict(_told(nature, thresholds), nature, True)
    shares = {SLOW_CONSUMER: _excess(intervals, played, thresholds)}
    rest = 1.0 - shares[SLOW_CONSUMER]
    shares[ARRIVAL_BURST] = rest * nature[ARRIVAL_BURST]
    grows = played.needed == float("inf")
    if not grows:
        # Fast enough on average, but no buffer within the ceilings holds what the reader leaves behind.
        shares[READER_STALL] = rest * nature[READER_STALL]
    elif reader is not None and reader.downstream_share >= thresholds["stall_share"]:
        # A quota below the arrivals just is a slow consumer; a blocked downstream is a cause of its own.
        shares[READER_STALL] = max(thresholds["cause_share"], rest * nature[READER_STALL])
    told = [cause for cause in _told(shares, thresholds) if cause != SLOW_CONSUMER]
    return Verdict([SLOW_CONSUMER, *told], shares, False)


def _told(shares: Mapping[str, float], thresholds: Mapping[str, float]) -> list[str]:
    """Return the causes that explain enough to be told, largest first; at least one."""
    ordered = sorted(shares, key=lambda name: -shares[name])
    return [cause for cause in ordered if shares[cause] >= thresholds["cause_share"]] or ordered[:1]


def _excess(intervals: Sequence[Interval], played: Replay, thresholds: Mapping[str, float]) -> float:
    """Return the share of the loss that comes of arrivals above the reader's capacity in the long run."""
    lost = sum(interval.drops for interval in intervals)
    if played.needed != float("inf") or not lost:
        return 1.0 if not lost else 0.5
    excess = (played.arrival_rate - played.capacity) * played.seconds
    return min(1.0, max(thresholds["cause_share"], excess / lost))


def _nature(
    intervals: Sequence[Interval], played: Replay, reader: Reader | None, thresholds: Mapping[str, float]
) -> dict[str, float]:
    """Share the loss out between bursts and stalls."""
    weights = {ARRIVAL_BURST: 0.0, READER_STALL: 0.0}
    stalls = reader is None or reader.stall_share >= thresholds["stall_share"]
    mean = _mean_rate(intervals, played)
    hidden = reader is not None and reader.stall_share - _visible_stall(intervals, mean) >= thresholds["stall_share"]
    usual = sorted(interval.seconds for interval in intervals)[len(intervals) // 2] if intervals else 0.0
    losing = [index for index, interval in enumerate(intervals) if interval.drops > 0]
    clear = [index for index in losing if intervals[index].seconds <= _LUMP * usual]
    for index in clear or losing:
        interval = intervals[index]
        seconds, arrived, taken = _stretch(intervals, index)
        burst = max(0.0, arrived - _ABOVE_MEAN * mean * seconds)
        stall = max(0.0, mean * seconds - taken)
        if interval.empty and (index == 0 or intervals[index - 1].empty):
            # Over before the next look: only the threads can tell.
            # A stall that the looks resolved explains the threads' waiting; only what remains can hide in here.
            burst, stall = (burst, max(stall, 1.0)) if hidden else (1.0, 0.0)
        elif not stalls or (interval.empty and reader is None):
            burst, stall = 1.0, 0.0
        total = burst + stall
        if total <= 0:
            burst, stall, total = (0.0, 1.0, 1.0) if stalls and reader is not None else (1.0, 0.0, 1.0)
        weights[ARRIVAL_BURST] += interval.drops * burst / total
        weights[READER_STALL] += interval.drops * stall / total
    total = sum(weights.values())
    if total <= 0:
        return {ARRIVAL_BURST: 1.0, READER_STALL: 0.0}
    return {cause: weight / total for cause, weight in weights.items()}


def _visible_stall(intervals: Sequence[Interval], mean: float) -> float:
    """Return the share of the window in which a queue stood and next to nothing was read."""
    seconds = sum(interval.seconds for interval in intervals)
    stood = sum(
        interval.seconds
        for interval in intervals
        if not interval.empty and interval.reads < 0.25 * mean * interval.seconds
    )
    return stood / seconds if seconds else 0.0


def _mean_rate(intervals: Sequence[Interval], played: Replay) -> float:
    """Return the mean rate of arrivals while traffic flowed: it may have begun or ended within the window."""
    busy = [index for index, interval in enumerate(intervals) if interval.arrivals > 0]
    if not busy:
        return played.arrival_rate
    span = intervals[busy[0] : busy[-1] + 1]
    seconds = sum(interval.seconds for interval in span)
    if seconds < 0.5 * played.seconds:
        return played.arrival_rate
    return sum(interval.arrivals for interval in span) / seconds


class _Stretch(NamedTuple):
    seconds: float
    arrivals: float
    reads: float


def _stretch(intervals: Sequence[Interval], index: int) -> _Stretch:
    """Return what happened from the last empty queue up to the end of the interval ``index``."""
    seconds = arrivals = reads = 0.0
    for position in range(index, -1, -1):
        interval = intervals[position]
        if position < index and (interval.empty or seconds >= _LOOK_BACK_SECONDS):
            break
        seconds += interval.seconds
        arrivals += interval.arrivals
        reads += interval.reads
    return _Stretch(seconds, arrivals, reads)
