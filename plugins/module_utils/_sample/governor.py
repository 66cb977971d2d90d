# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the sampler may cost: it measures its own CPU time and slows down before it becomes a load of its own."""

from __future__ import annotations

import time
from typing import Callable

# Part of one core that looks at namespaces without a loss may take: they can wait, those that lose cannot.
QUIET_SHARE = 0.02
# However dear the window's first and last full look were, the looks in between keep this part of one core.
MIN_SHARE = 0.02
# CPU time (seconds) that may be spent ahead: the first look at everything, a look at many that just woke up.
_CREDIT = 0.05


class Governor:
    """Keeps the loop's CPU time below a share of one core by stretching its interval.

    ``full_look`` is the CPU time (seconds) of the look at everything at the window's start; the one at its end is
    taken to cost as much.
    """

    def __init__(
        self, share: float, window: float, full_look: float, clock: Callable[[], float] = time.process_time
    ) -> None:
        self._clock = clock
        self._share = max(MIN_SHARE, share - 2.0 * full_look / window)
        self._credit = _CREDIT
        self._began = 0.0
        self._allowance = 0.0
        self.stretched = False

    def begin(self, elapsed: float) -> None:
        """Note the start of a look at what is due, ``elapsed`` seconds after the last."""
        self._began = self._clock()
        self._credit = min(self._credit + self._share * elapsed, _CREDIT)
        self._allowance = min(self._allowance + QUIET_SHARE * elapsed, QUIET_SHARE)

    def may_look_at_quiet(self) -> bool:
        """Tell whether a look at sockets that lose nothing is affordable now."""
        return self._allowance > 0

    def spent_on_quiet(self, seconds: float) -> None:
        """Take the cost of such a look off."""
        self._allowance -= seconds

    def next_interval(self, interval: float) -> float:
        """Note the end of a look; return the seconds until the next, longer than ``interval`` where looks are dear."""
        self._credit -= self._clock() - self._began
        needed = -self._credit / self._share
        self.stretched = self.stretched or needed > interval
        return max(interval, needed)
