# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Intervals: how far a share of lost datagrams can be trusted, and the difference of two of them.

Losses come in runs: a buffer that overflows loses the next datagrams as well. So no interval here takes one datagram
for one draw. Where a window has a series, its blocks are the draws; elsewhere the count is divided by a design effect.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._compare.blocks import Block, Rhythm

# The normal quantile of a two-sided 95 % interval, and what lies outside at each end.
Z = 1.959964
TAIL = 0.025
# Without a series, so many lost datagrams count as one: a backlog or a ring that is full turns away a run of them.
DESIGN_EFFECT = 50.0
# ... and however many were lost, not more than so many independent losses a second are taken to have happened.
LOSSES_A_SECOND = 1.0
# A block of one window is comparable where it had this share of what came in the other's losing blocks.
COMPARABLE = 0.7

# So many of a thing that comes at random are expected at most, where none came (-ln 0.025).
_UNSEEN = 3.689

# Student's t, two-sided 95 %, for 1 to 30 degrees of freedom; beyond them the normal quantile does.
# fmt: off
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)
# fmt: on


class Limits(NamedTuple):
    """An estimate with the ends of its 95 % interval."""

    value: float
    low: float
    high: float


class Window(NamedTuple):
    """One window cut into blocks, and the rhythm of its losses."""

    blocks: Sequence[Block]
    rhythm: Rhythm


def difference(before: Limits, after: Limits) -> tuple[float, float]:
    """Return the 95 % interval of after less before, from the two intervals (Newcombe's method 10, generalised)."""
    middle = after.value - before.value
    low = middle - math.hypot(after.value - after.low, before.high - before.value)
    high = middle + math.hypot(after.high - after.value, before.value - before.low)
    return low, high


def of_blocks(value: float, own: Window, other_value: float, other: Window) -> Limits:
    """Return the interval of a window's share of lost datagrams.

    The ratio estimator's variance is the jackknife's that leaves out one block at a time, and not below what so few
    episodes of loss must vary. A window that lost little has little to vary: its upper end is never below what a
    window of so many comparable blocks can hide.
    """
    half = _quantile(len(own.blocks) - 1) * math.sqrt(_jackknife(own.blocks))
    half = max(half, _quantile(max(1, 2 * own.rhythm.episodes)) * value * own.rhythm.variation)
    hidden = max(_hidden(own.blocks, other_value, other.blocks), _UNSEEN * other_value * other.rhythm.unseen)
    return Limits(value, max(0.0, value - half), min(1.0, max(value + half, hidden)))


def _quantile(freedom: int) -> float:
    return _T[freedom - 1] if freedom <= len(_T) else Z


def _jackknife(blocks: Sequence[Block]) -> float:
    """Return the variance of lost over arrived, from leaving out each block once."""
    number = len(blocks)
    lost = math.fsum(block.lost for block in blocks)
    arrived = math.fsum(block.arrived for block in blocks)
    left_out = [(lost - block.lost) / (arrived - block.arrived) if arrived > block.arrived else 0.0 for block in blocks]
    mean = math.fsum(left_out) / number
    return (number - 1) / number * math.fsum((one - mean) ** 2 for one in left_out)


def _hidden(own: Sequence[Block], other_value: float, other: Sequence[Block]) -> float:
    """Return the largest share that ``own`` can hide although it shows none.

    n comparable blocks without a loss leave room for a chance of 1 - 0.025^(1/n) a block ("rule of three"); each
    such block would lose what a losing block of the other window did.
    """
    losing = [block for block in other if block.lost > 0]
    if not losing:
        return 0.0
    load = COMPARABLE * math.fsum(block.arrived for block in losing) / len(losing)
    comparable = sum(1 for block in own if block.arrived >= load)
    if not comparable:
        return 1.0
    chance: float = 1.0 - TAIL ** (1.0 / comparable)
    return chance * other_value * (sum(1 for block in other if block.arrived >= load) / len(losing))


def design_effect(lost: float, seconds: float) -> float:
    """Return how many lost datagrams count as one, where nothing shows when they were lost."""
    return max(DESIGN_EFFECT, lost / max(1.0, LOSSES_A_SECOND * seconds))


def of_share(lost: float, arrived: float, effect: float) -> Limits:
    """Return Wilson's interval of a share, for a number of draws that is smaller by the design effect."""
    value, draws = lost / arrived, max(1.0, arrived / effect)
    middle = (value + Z * Z / (2 * draws)) / (1 + Z * Z / draws)
    half = Z * math.sqrt(value * (1 - value) / draws + Z * Z / (4 * draws * draws)) / (1 + Z * Z / draws)
    return Limits(value, max(0.0, min(value, middle - half)), min(1.0, max(value, middle + half)))


def of_rate(lost: float, seconds: float, effect: float) -> Limits:
    """Return the score interval of a rate per second, the count being smaller by the design effect."""
    events = lost / effect
    half = Z * math.sqrt(events + Z * Z / 4)
    scale = effect / seconds
    return Limits(lost / seconds, max(0.0, events + Z * Z / 2 - half) * scale, (events + Z * Z / 2 + half) * scale)
