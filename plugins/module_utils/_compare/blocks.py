# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A window cut into blocks: what arrived and what was lost in each, from the looks of its series."""

from __future__ import annotations

import bisect
import math
from collections.abc import Sequence
from typing import NamedTuple

# Into so many blocks a window is cut, one way after the other: what is lost in episodes longer than a short block
# shows its true variation in the longer ones, and the widest interval holds.
BLOCKS = (20, 10)
# A block shorter than so many looks would hold a burst in one window and half of it in the other.
LOOKS_A_BLOCK = 2.0
# The span in which arrivals are at their peak: so many looks, since one look may cut a burst in two.
LOOKS_A_PEAK = 3.0


class Block(NamedTuple):
    """What arrived and was lost in one part of a window."""

    arrived: float
    lost: float


class Rhythm(NamedTuple):
    """How often losing and not losing took turns, and the share of the looks that lost."""

    episodes: int
    share: float

    @property
    def variation(self) -> float:
        """Return the relative standard deviation of the time spent losing, in another window of the same kind.

        Of a process that goes on and off at random, n times in the window, it is (1 - share) * sqrt(2 / n).
        """
        return (1.0 - self.share) * math.sqrt(2.0 / self.episodes) if self.episodes else 0.0

    @property
    def unseen(self) -> float:
        """Return the part that one episode has in all the loss; 0 where losing hardly ever stops."""
        return (1.0 - self.share) / self.episodes if self.episodes else 0.0


class Looks(NamedTuple):
    """A series: what arrived and was lost up to each look, and when that look was, from the window's start on."""

    times: Sequence[float]
    arrived: Sequence[float]
    lost: Sequence[float]

    @property
    def seconds(self) -> float:
        """Return how long it lasted."""
        return self.times[-1]

    @property
    def interval(self) -> float:
        """Return the mean time between two looks."""
        return self.seconds / len(self.times)


def looks(times: Sequence[float], arrived: Sequence[float], lost: Sequence[float]) -> Looks | None:
    """Return a series from the columns of a sample, None where it is too short to be cut."""
    rows = min(len(times), len(arrived), len(lost))
    if rows < LOOKS_A_BLOCK * BLOCKS[-1] or times[rows - 1] <= 0:
        return None
    return Looks(times[:rows], _summed(arrived[:rows]), _summed(lost[:rows]))


def _summed(values: Sequence[float]) -> list[float]:
    sums, total = [], 0.0
    for value in values:
        total += value
        sums.append(total)
    return sums


def lengths(one: Looks, other: Looks) -> list[float]:
    """Return the lengths of blocks, shortest first, in which two windows can be compared; may be empty."""
    seconds, interval = min(one.seconds, other.seconds), max(one.interval, other.interval)
    return [seconds / number for number in BLOCKS if seconds / number >= LOOKS_A_BLOCK * interval]


def cut(series: Looks, length: float) -> list[Block]:
    """Cut a window into blocks of a length; what is left at its end belongs to the last.

    Arrivals are taken as even between two looks; a loss belongs to the block in which it was seen.
    """
    number = max(1, math.floor(series.seconds / length + 0.01))
    times, sums = [0.0, *series.times], [0.0, *series.arrived]
    edges = [index * length for index in range(number)] + [series.seconds]
    levels = [_at(times, sums, edge) for edge in edges]
    lost, before = [0.0] * number, 0.0
    for moment, total in zip(series.times, series.lost):
        lost[min(number - 1, max(0, math.ceil(moment / length) - 1))] += total - before
        before = total
    return [Block(max(0.0, levels[index + 1] - levels[index]), lost[index]) for index in range(number)]


def rhythm(series: Looks) -> Rhythm:
    """Return how often a series began to lose; looks in which nothing arrived say nothing."""
    episodes = losing = seen = 0
    before_arrived = before_lost = 0.0
    on = False
    for arrived, lost in zip(series.arrived, series.lost):
        if arrived > before_arrived:
            seen += 1
            losing += lost > before_lost
            episodes += lost > before_lost and not on
            on = lost > before_lost
        before_arrived, before_lost = arrived, lost
    return Rhythm(episodes, losing / seen if seen else 0.0)


def peak(series: Looks, span: float) -> float:
    """Return the most that arrived within a span; between two looks arrivals are taken as even."""
    times, sums = [0.0, *series.times], [0.0, *series.arrived]
    most = 0.0
    for index, moment in enumerate(times):
        most = max(most, _at(times, sums, moment + span) - sums[index], sums[index] - _at(times, sums, moment - span))
    return most


def _at(times: Sequence[float], sums: Sequence[float], moment: float) -> float:
    if moment >= times[-1]:
        return sums[-1]
    if moment <= 0:
        return 0.0
    index = bisect.bisect_right(times, moment)
    part = (moment - times[index - 1]) / max(1e-9, times[index] - times[index - 1])
    return sums[index - 1] + part * (sums[index] - sums[index - 1])
