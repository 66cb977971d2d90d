# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What besides a change can make a loss smaller or larger: another load, and a buffer that is still filling."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._compare import blocks
from ansible_collections.rxpath.linux.plugins.module_utils._compare.interval import Z
from ansible_collections.rxpath.linux.plugins.module_utils._compare.load import Load
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers

# Below this share of the other window's arrivals, on the whole or at the peak, a window is quieter than it.
SAME_LOAD = 0.7
# A fall of the arrivals where it was busiest accounts for the fall of the losses there from this share on.
ACCOUNTS_FOR = 0.5


def quieter(one: Load, other: Load) -> str | None:
    """Return in a sentence why ``one`` had not the load of ``other``; None where it had."""
    rates = one.offered / one.seconds, other.offered / other.seconds
    if rates[0] < SAME_LOAD * rates[1]:
        return f"{numbers.rate(rates[0])} arrived instead of {numbers.rate(rates[1])}"
    if one.witness is None or other.witness is None:
        return None
    span = blocks.LOOKS_A_PEAK * max(one.witness.interval, other.witness.interval)
    peaks = blocks.peak(one.witness, span), blocks.peak(other.witness, span)
    if peaks[0] < SAME_LOAD * peaks[1]:
        return (
            f"at most {numbers.count(peaks[0])} arrived within {numbers.duration(span)}"
            f" instead of {numbers.count(peaks[1])}"
        )
    return None


def less_at_the_top(before: Load, after: Load) -> str | None:
    """Return in a sentence that smaller peaks alone can account for fewer losses; None where they cannot.

    The parts of the first window that lost are compared with as many of the second, its busiest: had each arrival
    that did not come been one that would have been lost, would that be half of what was not lost, or more?
    """
    if before.looks is None or after.looks is None:
        return None
    span = blocks.LOOKS_A_PEAK * max(before.looks.interval, after.looks.interval)
    losing = [block for block in blocks.cut(before.looks, span) if block.lost > 0]
    parts = blocks.cut(after.looks, span)
    if not losing:
        return None
    share = len(losing) / len(blocks.cut(before.looks, span))
    busiest = sorted(parts, key=lambda block: -block.arrived)[: max(1, math.ceil(share * len(parts)))]
    came, comes = ([block.arrived for block in some] for some in (losing, busiest))
    lost, loses = ([block.lost for block in some] for some in (losing, busiest))
    fall = _mean(came) - _mean(comes)
    # Less than what varies anyway is no fall.
    if fall <= Z * math.hypot(_error(came), _error(comes)) or fall < ACCOUNTS_FOR * (_mean(lost) - _mean(loses)):
        return None
    return (
        f"where it was busiest {numbers.count(_mean(comes))} arrived within {numbers.duration(span)}"
        f" instead of {numbers.count(_mean(came))}, and {numbers.count(_mean(lost))} of them had been lost"
    )


def _mean(values: Sequence[float]) -> float:
    return math.fsum(values) / len(values)


def _error(values: Sequence[float]) -> float:
    """Return the standard error of the mean; 0 where there is one value alone."""
    mean, number = _mean(values), len(values)
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / max(1, number - 1) / number)


def still_filling(before: Load, after: Load) -> str | None:
    """Return in a sentence that what was not lost stands in the queue, which will overflow later; None otherwise."""
    if not before.arrived or not after.arrived:
        return None
    saved = before.lost / before.arrived * after.arrived - after.lost
    if saved <= 0 or after.standing < ACCOUNTS_FOR * saved:
        return None
    return (
        f"of {numbers.count(saved)} datagrams that were not lost {numbers.count(after.standing)}"
        " stand in the queue at the window's end"
    )
