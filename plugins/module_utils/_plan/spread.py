# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Indirection tables: which receive queue each slot of the hash leads to.

A driver's own table is known by its pattern, so that it can be told from one that somebody set, and so that it follows
the number of queues instead of being kept as a list. The kernel's pattern counts through the queues
(ethtool_rxfh_indir_default()); igb and igc begin with one block for each queue, and have the kernel's after a reset.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import List, Union

DEFAULT, BLOCKS = "default", "blocks"
_BLOCK_DRIVERS = ("igb", "igc")

# What the knob "indirection" holds: a pattern's name, or the queue of each slot.
Spread = Union[str, List[int]]


def interleaved(size: int, queues: int) -> list[int]:
    """Return 0 1 2 3 0 1 2 3 …"""
    return [slot % queues for slot in range(size)]


def blocks(size: int, queues: int) -> list[int]:
    """Return 0 0 … 1 1 … 2 2 … 3 3 …"""
    return [slot * queues // size for slot in range(size)]


def weighted(size: int, weights: Sequence[int]) -> list[int]:
    """Return a table in which each queue has its share of the slots, in one block, as ``ethtool -X weight`` makes it.

    Raises ValueError where the weights are all zero or add up to more than there are slots.
    """
    total = sum(weights)
    if not 0 < total <= size:
        raise ValueError(f"weights that add up to {total} do not fit a table of {size} slots")
    table: list[int] = []
    partial = 0
    for queue, weight in enumerate(weights):
        partial += weight
        table += [queue] * (-(-size * partial // total) - len(table))
    return table


def repeated(size: int, table: Sequence[int]) -> list[int]:
    """Return a table that begins anew where the list ends."""
    return [table[slot % len(table)] for slot in range(size)]


def named(table: Sequence[int], queues: int, driver: str) -> Spread:
    """Return the name of a table that is a driver's own for this number of queues, else the table."""
    slots = list(table)
    if queues > 0 and slots:
        if driver in _BLOCK_DRIVERS and slots == blocks(len(slots), queues):
            return BLOCKS
        if slots == interleaved(len(slots), queues):
            return DEFAULT
    return slots


def is_even(table: Spread, queues: int) -> bool:
    """Tell whether every queue has as many slots as any other, give or take one."""
    if isinstance(table, str):
        return True
    slots = Counter(table)
    counts = [slots[queue] for queue in range(queues)]
    return sum(counts) == len(table) and max(counts) - min(counts) <= 1


def highest(table: Spread) -> int:
    """Return the highest queue that a table names; -1 for a driver's own, which follows the number of queues."""
    return -1 if isinstance(table, str) else max(table, default=-1)
