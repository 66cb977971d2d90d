# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which numbers of a flow arrived: losses and their runs, reordering, duplicates. Pure; one byte for each datagram."""

from __future__ import annotations

import re
from typing import Any

# Runs of lost datagrams that are told one by one.
MAX_RUNS = 20
_LOST = re.compile(b"\\0+")


class Flow:
    """The numbers of one flow, ``limit`` of them at most.

    Reordered is as in RFC 4737, section 3: a datagram whose number is lower than one that arrived before it. The first
    copy of a datagram counts, any other is a duplicate.
    """

    __slots__ = ("_seen", "arrived", "duplicated", "furthest", "next", "reordered")

    def __init__(self, limit: int) -> None:
        self._seen = bytearray(limit)
        self.arrived = self.duplicated = self.reordered = 0
        # One more than the highest number that arrived.
        self.next = 0
        # By how many numbers a reordered datagram was behind, at most.
        self.furthest = 0

    def take(self, number: int) -> bool:
        """Take in a datagram. False: it is none that this flow can have."""
        if not 0 <= number < len(self._seen):
            return False
        if self._seen[number]:
            self.duplicated += 1
            return True
        self._seen[number] = 1
        self.arrived += 1
        if number >= self.next:
            self.next = number + 1
        else:
            self.reordered += 1
            self.furthest = max(self.furthest, self.next - 1 - number)
        return True

    def document(self) -> dict[str, Any]:
        """Return what is known without the sender: what is missing below the highest number, in runs."""
        runs = Runs()
        for found in _LOST.finditer(self._seen, 0, self.next):
            runs.add(found.start(), found.end() - found.start())
        return {
            "arrived": self.arrived,
            "duplicated": self.duplicated,
            "reordered": self.reordered,
            "furthest": self.furthest,
            "next": self.next,
            **runs.document(),
        }


class Runs:
    """Runs of lost datagrams: the first of them, and how many there are of which length."""

    def __init__(self) -> None:
        self._first: list[list[int]] = []
        self._lengths: dict[int, int] = {}
        self._lost = 0

    def add(self, number: int, length: int) -> None:
        """Take in a run that begins at ``number``."""
        self._lost += length
        if len(self._first) < MAX_RUNS:
            self._first.append([number, length])
        # 1, 2, 3 to 4, 5 to 8, and so on, by the upper end.
        upper = 1 << (length - 1).bit_length()
        self._lengths[upper] = self._lengths.get(upper, 0) + 1

    def document(self) -> dict[str, Any]:
        """Return ``missing``, ``runs`` ([first number, length]) and ``run_lengths`` ([longest of the class, runs])."""
        lengths = [[upper, self._lengths[upper]] for upper in sorted(self._lengths)]
        return {"missing": self._lost, "runs": self._first, "run_lengths": lengths}


def with_tail(flow: dict[str, Any], sent: int) -> dict[str, Any]:
    """Return a flow's document completed by how many datagrams its sender numbered: what is missing at the end too.

    Raises ValueError where a number arrived that was never given.
    """
    if flow["next"] > sent:
        raise ValueError("number %d arrived of %d that were sent" % (flow["next"] - 1, sent))
    tail = sent - flow["next"]
    if not tail:
        return dict(flow)
    runs, lengths = list(flow["runs"]), dict(map(tuple, flow["run_lengths"]))
    if len(runs) < MAX_RUNS:
        runs.append([flow["next"], tail])
    upper = 1 << (tail - 1).bit_length()
    lengths[upper] = lengths.get(upper, 0) + 1
    counted = [[key, lengths[key]] for key in sorted(lengths)]
    return {**flow, "missing": flow["missing"] + tail, "runs": runs, "run_lengths": counted}
