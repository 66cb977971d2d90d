# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a queue in front of readers does: when it grows without end, how many readers keep up, what a buffer buys then.

Rates are datagrams per second, sizes bytes of truesize, times seconds.
"""

from __future__ import annotations

import math

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers

# A consumer is not planned at full load: queues grow without bound there.
PLANNED_LOAD = 0.8


def overloaded(arrival_rate: float, pace: float) -> bool:
    """Return True where the readers take no more than arrives: whatever once stood in the queue is never read off."""
    return arrival_rate >= pace


def consumers_for(arrival_rate: float, pace: float) -> int:
    """Return how many readers of that pace carry the arrivals at the planned load."""
    return math.ceil(arrival_rate / (pace * PLANNED_LOAD))


def buys_nothing(arrival_rate: float, pace: float, truesize: int, standing: int, largest: int, why: str) -> str:
    """Say what a larger buffer buys readers that are too slow, a sentence. The arrivals must exceed the pace.

    ``standing`` is the buffer that there is (0: not known), ``largest`` the largest allowed and ``why`` no larger one.
    """
    excess = (arrival_rate - pace) * truesize
    # Whose buffer could not be read (without root, in another namespace) has none to name.
    filled = f" {numbers.size(standing)} fill in {numbers.duration(standing / excess)}, and" if standing else ""
    return (
        f"{numbers.rate(arrival_rate - pace)} more arrive than are read:"
        f"{filled} the largest buffer allowed,"
        f" {numbers.size(largest)} ({why}), buys"
        f" {numbers.duration(largest / excess)};"
        " then the same share is lost, and each datagram that is read has waited"
        f" {numbers.duration(largest / (pace * truesize))}"
    )
