# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sockets of one source through a window: who lost, who holds a queue, who came and went. No I/O.

Keyed by cookie, which names a socket for its life; an address that is bound again is another socket. ``drops`` is
a u32 that dies with its socket, so what a closed socket lost is what it had lost when last seen.
"""

from __future__ import annotations

from array import array
from typing import NamedTuple, Optional, Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag import RawSocket, UdpSocket
from ansible_collections.rxpath.linux.plugins.module_utils._sample.delta import gain

_COOKIE, _INODE, _QUEUE, _MEMORY, _BUFFER, _DROPS = range(6)


class Point(NamedTuple):
    """A socket at one look: bytes against its buffer, bytes waiting to be read, drops since the look before."""

    memory: int
    queued: int
    drops: int


class Track:
    """One socket that held a queue or lost datagrams. Rows are the window's looks at its namespace, counted from 0.

    ``closed`` is the look at which it was gone, None while it lives; ``opened`` that at which it was new, or None.
    """

    def __init__(self, row: RawSocket, first: Optional[RawSocket], opened: Optional[int]) -> None:
        self.cookie = row[_COOKIE]
        self.inode = row[_INODE]
        self.opened = opened
        self.closed: Optional[int] = None
        self.first = first
        self.last = row
        self.highest = max(row[_MEMORY], first[_MEMORY] if first else 0)
        self.lowest = min(row[_MEMORY], first[_MEMORY] if first else row[_MEMORY])
        self.drops = 0
        # Four numbers a look: a window of ten minutes has thousands of looks at each of dozens of sockets.
        self._points = array("q")
        self.details: Optional[UdpSocket] = None

    def add(self, number: int, row: RawSocket, lost: int) -> None:
        """Take over what a look saw."""
        memory = row[_MEMORY]
        self.highest = max(self.highest, memory)
        self.lowest = min(self.lowest, memory)
        self.drops += lost
        self.last = row
        if memory or row[_QUEUE] or lost:
            self._points.extend((number, memory, row[_QUEUE], lost))

    def points(self, looks: Sequence[int]) -> list[Optional[Point]]:
        """Return what was seen at these looks, in rising order, all of which read its table.

        None before it was opened and after it closed.
        """
        kept = {
            self._points[index]: Point(*self._points[index + 1 : index + 4]) for index in range(0, len(self._points), 4)
        }
        return [kept.get(number, _EMPTY) if self._lived(number) else None for number in looks]

    def _lived(self, number: int) -> bool:
        return (self.opened is None or number >= self.opened) and (self.closed is None or number < self.closed)


_EMPTY = Point(0, 0, 0)


class Seen(NamedTuple):
    """What a look found: does any queue stand, how many datagrams were dropped, which tracked sockets are new."""

    standing: bool
    drops: int
    fresh: list[Track]


class SocketTable:
    """All sockets of one source, from the rows of the first look on."""

    def __init__(self, rows: Sequence[RawSocket]) -> None:
        self.first = {row[_COOKIE]: row for row in rows}
        self.last = self.first
        self.inodes = {row[_INODE] for row in rows}
        self.looks: list[int] = []
        self.tracks: dict[int, Track] = {}
        self.opened: dict[int, int] = {}
        self.closed: dict[int, RawSocket] = {}
        self.closed_drops = 0
        for row in rows:
            if row[_MEMORY] or row[_QUEUE]:
                self.tracks[row[_COOKIE]] = Track(row, row, None)

    def look(self, number: int, rows: Sequence[RawSocket], seconds: float) -> Seen:
        """Take in the rows of the look ``number``, ``seconds`` after the one before it."""
        self.looks.append(number)
        before, self.last = self.last, {row[_COOKIE]: row for row in rows}
        standing, drops = False, 0
        fresh: list[Track] = []
        if self.last.keys() != before.keys():
            self.inodes = {row[_INODE] for row in rows}
        if self.last == before and not self.tracks:
            return Seen(False, 0, fresh)
        for cookie, row in self.last.items():
            old = before.get(cookie)
            if old is None:
                self.opened[cookie] = number
            # What a new socket dropped before it was first seen, it dropped within the window.
            lost = gain(old[_DROPS] if old else 0, row[_DROPS], 32, seconds) or 0
            holds = bool(row[_MEMORY] or row[_QUEUE])
            standing = standing or holds
            drops += lost
            track = self.tracks.get(cookie)
            if track is None:
                if not lost and not holds:
                    continue
                track = self.tracks[cookie] = Track(row, self.first.get(cookie), self.opened.get(cookie))
                fresh.append(track)
            track.add(number, row, lost)
        for cookie, row in before.items():
            if cookie not in self.last:
                self._close(cookie, row, number)
        return Seen(standing, drops, fresh)

    def _close(self, cookie: int, row: RawSocket, number: int) -> None:
        self.closed[cookie] = row
        track = self.tracks.get(cookie)
        if track is not None:
            track.closed = number
            self.closed_drops += track.drops

    @property
    def living_drops(self) -> int:
        """Return what the sockets that still live dropped within the window."""
        return sum(track.drops for track in self.tracks.values() if track.closed is None)

    def series(self, track: Track, rows: int) -> dict[str, list[Optional[int]]]:
        """Return a socket's columns of the sample document, ``rows`` long; None where its table was not looked at."""
        memory: list[Optional[int]] = [None] * rows
        queued: list[Optional[int]] = [None] * rows
        drops: list[Optional[int]] = [None] * rows
        looks = [number for number in self.looks if number < rows]
        for number, point in zip(looks, track.points(looks)):
            if point is not None:
                memory[number], queued[number], drops[number] = point
        return {"memory": memory, "queued": queued, "drops": drops}
