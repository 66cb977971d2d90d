# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept of one namespace, or of the machine, from one run to the next: each counter, and the sums made of them.

A sum begins with what the kernel had counted when it was first seen, and from then on grows by what the counters gain.
So it is the kernel's number as long as nothing is reset, and never falls: a rule, a device or a CPU that is gone takes
nothing along, and a counter of 32 bits may wrap. (Prometheus takes a counter that falls for one that began anew, and
all that it shows then for an increase.)
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Optional

from ansible_collections.rxpath.linux.plugins.module_utils._sample.delta import gain
from ansible_collections.rxpath.linux.plugins.module_utils._watch.tally import Count

# A difference of counters that are not read at one moment can fall by a few; a counter that began anew falls to little.
_RESET = 0.5


class Book:
    """The sums of one namespace by the keys of their series; ``last`` has each counter that is not zero."""

    def __init__(self, sums: Optional[dict[str, int]] = None, last: Optional[dict[str, int]] = None) -> None:
        self.sums: dict[str, int] = sums or {}
        self.last: dict[str, int] = last or {}

    def enter(self, counts: Iterable[Count], seconds: float, keep: bool = False) -> dict[str, int]:
        """Take in what the kernel shows, ``seconds`` after the last time, and return what each series gained.

        A source that is not shown, while others of its series are, is gone and forgotten; with ``keep`` it may come
        again with the count that it went with. A series of which nothing is shown could not be read this time.
        """
        shown = list(counts)
        seen = {count.series.key for count in shown}
        gained: dict[str, int] = {}
        last = {key: value for key, value in self.last.items() if keep or _series_of(key) not in seen}
        for count in shown:
            series = count.series.key
            key = series + " " + count.source
            before, value = self.last.get(key, 0), count.value
            more = gain(before, value, count.bits, seconds)
            if more is None:
                if value >= before * _RESET:
                    value, more = before, 0
                else:
                    # Begun anew since: all that it shows came after.
                    more = value
            gained[series] = gained.get(series, 0) + more
            if value or keep:
                last[key] = value
        self.last = last
        for series, more in gained.items():
            self.sums[series] = self.sums.get(series, 0) + more
        return gained

    def keep_interfaces(self, present: Collection[str]) -> None:
        """Forget the series of devices that are not among those present."""
        for table in (self.sums, self.last):
            for key in [key for key in table if _interface_of(key) not in ("", *present)]:
                del table[key]

    def add(self, gained: Mapping[str, int]) -> None:
        """Add what was counted elsewhere, by the keys of the series."""
        for series, more in gained.items():
            self.sums[series] = self.sums.get(series, 0) + more


def _series_of(key: str) -> str:
    """Return the series of a key of ``last``: its first three words."""
    return " ".join(key.split(" ", 3)[:3])


def _interface_of(key: str) -> str:
    return key.split(" ", 3)[2]
