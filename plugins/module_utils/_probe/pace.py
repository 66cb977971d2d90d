# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When which datagram is due: arithmetic on one monotonic clock. Pure, except that it keeps what was lost of time.

A sender that was kept from the CPU does not make up for it all at once: a burst that nobody asked for would lose
datagrams that the asked rate would not have lost. What it is late beyond a few milliseconds is given up, and the rate
that was reached tells of it.
"""

from __future__ import annotations

_SECOND = 10**9
# As late as this a sender may be and still catch up.
MAX_LATE = 5 * 10**6
# Shorter than this a sleep oversleeps: the timer slack is 50 microseconds (man 2 prctl, PR_SET_TIMERSLACK).
SPIN = 200 * 10**3


class Pace:
    """Datagrams at an even rate from ``start`` on (nanoseconds, rate a second)."""

    def __init__(self, rate: int, start: int) -> None:
        self._rate = rate
        self._start = start
        self.given_up = 0

    def due(self, now: int, sent: int) -> int:
        """Return how many datagrams may be sent at ``now``, ``sent`` of them being gone. Gives up what is too late."""
        late = now - self.moment(sent)
        if late < 0:
            return 0
        if late > MAX_LATE:
            self.given_up += late - MAX_LATE
            self._start += late - MAX_LATE
        return (now - self._start) * self._rate // _SECOND + 1 - sent

    def moment(self, number: int) -> int:
        """Return when the datagram ``number`` (from 0) is due: the first nanosecond at which ``due`` lets it go."""
        return self._start + -(-number * _SECOND // self._rate)

    def pause(self, now: int, sent: int) -> int:
        """Return the nanoseconds to sleep before the next datagram; 0: it is so near that one waits awake."""
        left = self.moment(sent) - now
        return left - SPIN // 2 if left > SPIN else 0
