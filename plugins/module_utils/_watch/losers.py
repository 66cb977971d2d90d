# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sockets lose, told apart as long as there are few of them, and all others in one sum. Pure.

The kernel's number dies with its socket, and may be one of thousands (a proxy's connections). So a series is made of
what sockets gained, and stands for all sockets of one address, process and namespace. There are ``limit`` of these.
A loser that finds none free takes that of one that lost less of late, or goes into the sum of the rest.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple, Optional

# What was lost a run ago counts this much of what is lost now: half after seven runs.
_FADING = 0.9
# A newcomer must lose more than this times what the one lost of late whose place it takes.
_CLEARLY = 2.0


class Label(NamedTuple):
    """What a series of sockets is called; ``namespace`` is the key of it, the rest is for people."""

    namespace: str
    protocol: str
    local: str
    process: str


class Losers:
    """The series, by label: what was lost since the series began, and how much of late."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self.sums: dict[Label, int] = {}
        self._recent: dict[Label, float] = {}
        self.rest = 0

    def fade(self, living: Collection[str]) -> None:
        """Begin a run: what was lost before counts less, and series of namespaces that are gone end."""
        for label in [label for label in self.sums if label.namespace not in living]:
            self._end(label)
        for label in self._recent:
            self._recent[label] *= _FADING
        while len(self.sums) > self._limit:
            self._end(min(self._recent, key=lambda one: (self._recent[one], one)))

    def lost(self, label: Label, datagrams: int) -> None:
        """Take in what sockets of this label lost since the last run."""
        if label not in self.sums and not self._room_for(datagrams):
            self.rest += datagrams
            return
        self.sums[label] = self.sums.get(label, 0) + datagrams
        self._recent[label] = self._recent.get(label, 0.0) + datagrams

    def _room_for(self, datagrams: int) -> bool:
        if len(self.sums) < self._limit:
            return True
        least = min(self._recent, key=lambda one: (self._recent[one], one), default=None)
        if least is None or datagrams <= _CLEARLY * self._recent[least]:
            return False
        self._end(least)
        return True

    def _end(self, label: Label) -> None:
        del self.sums[label], self._recent[label]

    def document(self) -> dict[str, Any]:
        """Return what marshal can carry."""
        return {
            "rest": self.rest,
            "series": [[*label, value, round(self._recent[label], 3)] for label, value in self.sums.items()],
        }

    @classmethod
    def of(cls, document: Optional[dict[str, Any]], limit: int) -> Losers:
        """Return what ``document`` gave. Raises KeyError, TypeError, ValueError where it is none."""
        found = cls(limit)
        if document is not None:
            found.rest = int(document["rest"])
            for namespace, protocol, local, process, value, recent in document["series"]:
                label = Label(str(namespace), str(protocol), str(local), str(process))
                found.sums[label], found._recent[label] = int(value), float(recent)
        return found
