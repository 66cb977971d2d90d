# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a window ends with a queue about to overflow, it goes on until the queue has overflowed or stands still."""

from __future__ import annotations

from typing import Optional

from ansible_collections.rxpath.linux.plugins.module_utils._sample.pending import seconds_to_overflow
from ansible_collections.rxpath.linux.plugins.module_utils._sample.rows import Rows
from ansible_collections.rxpath.linux.plugins.module_utils._sample.socket_table import SocketTable, Track
from ansible_collections.rxpath.linux.plugins.module_utils._sample.watch import Watch

# The window goes on in steps of this many seconds, after each of which the queues are looked at anew.
_STEP = 0.5
# After the first drop of a pending socket: long enough to tell a steady loss from a single overflow.
_AFTER_DROPS = 1.0

_BUFFER = 4


def overflow_of(track: Track, table: SocketTable, rows: Rows, within: float) -> Optional[float]:
    """Return the seconds until a socket's queue overflows, as ``seconds_to_overflow``."""
    if track.closed is not None:
        return None
    looks = [number for number in table.looks if number < len(rows)]
    points = track.points(looks)
    times = [rows.times[number] for number in looks]
    return seconds_to_overflow(times, [point and float(point.queued) for point in points], track.last[_BUFFER], within)


class Extension:
    """Decides how long the window goes on; ``bound`` seconds at most after ``end``."""

    def __init__(self, watches: list[Watch], bound: float, end: float) -> None:
        self._watches = watches
        self._last = end + bound
        self._drops: dict[int, int] = {}
        self._enough: Optional[float] = None

    def until(self, now: float) -> float:
        """Return the moment of the next decision; ``now`` or earlier where the window is over."""
        if now >= self._last:
            return now
        if self._enough is not None:
            return self._enough
        pending = self._pending(self._last - now)
        for cookie, track in pending.items():
            self._drops.setdefault(cookie, track.drops)
        overflowed = any(
            track.drops > self._drops[cookie]
            for watch in self._watches
            for _source, table in watch.sources
            for cookie, track in table.tracks.items()
            if cookie in self._drops
        )
        if overflowed:
            self._enough = min(self._last, now + _AFTER_DROPS)
            return self._enough
        return min(self._last, now + _STEP) if pending else now

    def _pending(self, within: float) -> dict[int, Track]:
        return {
            track.cookie: track
            for watch in self._watches
            if watch.is_open
            for _source, table in watch.sources
            for track in table.tracks.values()
            # A socket that loses already has nothing left to predict.
            if not track.drops and overflow_of(track, table, watch.rows, within) is not None
        }
