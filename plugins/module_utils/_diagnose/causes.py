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

from typing import Dict, List, Mapping, NamedTuple, Optional, Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.readers import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.replay import Interval, Replay

ARRIVAL_BURST = "arrival_burst"
READER_STALL = "reader_stall"
SLOW_CONSUMER = "slow_consumer"

# A stretch is not followed further back than this: what happened earlier did not fill the queue.
_LOOK_BACK_SECONDS = 1.0


class Verdict(NamedTuple):
    """Causes by the share of the loss that each explains, largest first; ``cured`` when a buffer would do."""

    causes: List[str]
    shares: Dict[str, float]
    cured: bool


def decide(
    intervals: Sequence[Interval],
    played: Replay,
    reader: Optional[Reader],
    largest: float,
    thresholds: Mapping[str, float],
) -> Verdict:
    """Return the causes of the loss in a window; ``largest`` is the biggest queue allowed, in datagrams."""
    lost = sum(interval.drops for interval in intervals)
    nature = _nature(intervals, played, reader, thresholds)
    fits = played.needed <= largest
    if fits:
        shares = nature
    elif played.utilisation >= 1.0 or played.needed == float("inf"):
        # What exceeds the reader's capacity in the long run is lost whatever the buffer; the rest is fluctuation.
        excess = (played.arrival_rate - played.capacity) * played.seconds
        slow = min(1.0, max(0.0, excess / lost)) if lost else 1.0
        slow = max(slow, thresholds["cause_share"])
        shares = {cause: part * (1.0 - slow) for cause, part in nature.items()}
        shares[SLOW_CONSUMER] = slow
    else:
        # The reader is fast enough on average, but no buffer within the ceilings holds what it leaves behind.
        shares = {cause: part * 0.5 for cause, part in nature.items()}
        shares[SLOW_CONSUMER] = 0.5
    told = [cause for cause in sorted(shares, key=lambda name: -shares[name]) if shares[cause] >= thresholds["cause_share"]]
    return Verdict(told or [max(shares, key=lambda name: shares[name])], shares, fits)


def _nature(
    intervals: Sequence[Interval], played: Replay, reader: Optional[Reader], thresholds: Mapping[str, float]
) -> Dict[str, float]:
    """Share the loss out between bursts and stalls."""
    weights = {ARRIVAL_BURST: 0.0, READER_STALL: 0.0}
    stalls = reader is None or reader.stall_share >= thresholds["stall_share"]
    for index, interval in enumerate(intervals):
        if interval.drops <= 0:
            continue
        seconds, arrived, taken = _stretch(intervals, index)
        burst = max(0.0, arrived - played.arrival_rate * seconds)
        stall = max(0.0, played.arrival_rate * seconds - taken)
        if interval.empty and (index == 0 or intervals[index - 1].empty):
            # Over before the next look: only the threads can tell.
            stalled = reader is not None and reader.stall_share >= thresholds["stall_share"]
            # Arrivals that stand out of the mean tell a burst even when the reader also pauses now and then.
            burst, stall = (burst, max(stall, 1.0)) if stalled else (1.0, 0.0)
        elif not stalls:
            burst, stall = 1.0, 0.0
        elif interval.empty and reader is None:
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
