# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which namespace is looked at when, which sockets and threads with it: the small looks between the full ones.

Where UDP counters moved in the last seconds every look counts; the others are looked at once a second. Sockets are
dumped whenever datagrams are lost or a queue stands, otherwise as the governor's allowance for quiet ones permits.
"""

from __future__ import annotations

import time
from typing import Collection, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._sample.consumers import MAX_PROCESSES, Consumers
from ansible_collections.rxpath.linux.plugins.module_utils._sample.governor import Governor
from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import find_namespaces, still_held
from ansible_collections.rxpath.linux.plugins.module_utils._sample.owners import holder_of
from ansible_collections.rxpath.linux.plugins.module_utils._sample.processes import (
    QUICK_DESCRIPTORS,
    all_pids,
    find_owners,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.socket_table import Track
from ansible_collections.rxpath.linux.plugins.module_utils._sample.watch import VANISHED, Watch

_IDLE_SECONDS = 1.0
_ACTIVE_SECONDS = 3.0
# Nothing is known to be idle at the start: up to so many namespaces are looked at closely for the first second.
_FEW = 64
# Quiet sockets are dumped at every fourth look at most.
_QUIET_LOOKS = 4
# A search through the descriptors of all processes of a host takes tens of milliseconds.
_SEARCH_SECONDS = 0.5
# The readers of active sockets are chosen when this much of the window has shown who is active.
_CHOOSE_SECONDS = 0.2
# Sockets beside a losing one whose readers are observed too: they tell whose reads a namespace's reads are.
_NEIGHBOURS = 8
# Sockets of one active namespace that are asked for their process.
_ASKED_SOCKETS = 64


class Looker:
    """Carries out the looks of one window."""

    def __init__(self, watches: list[Watch], consumers: Consumers, governor: Governor, interval: float) -> None:
        self.watches = watches
        self.consumers = consumers
        self._governor = governor
        self._quiet_seconds = _QUIET_LOOKS * interval
        self._began = self._last_check = time.monotonic()
        self._last_search = 0.0
        self._chosen = self._first = False
        self._wanted: list[tuple[Watch, Track]] = []
        self._neighbours_of: set[int] = set()
        for watch in watches:
            # At the first look of all, everything is due: who is active must be known early.
            watch.due = self._began
            self._wanted += [(watch, track) for _source, table in watch.sources for track in table.tracks.values()]

    def look(self, now: float) -> None:
        """Do what is due."""
        quiet: list[Watch] = []
        for index, watch in enumerate(self.watches):
            if now < watch.due or not watch.is_open:
                continue
            active = now - watch.last_moved < _ACTIVE_SECONDS
            try:
                if self._first and not active and watch.rests(time.monotonic()):
                    watch.due = now + _IDLE_SECONDS
                    continue
                moved = watch.look(time.monotonic())
            except (OSError, ParseError):
                self._leave(watch)
                continue
            watch.due = self._next_look(watch, index, now)
            if moved.losing or (watch.standing and watch.stale):
                self._dump(watch)
            elif watch.stale and now - watch.last_dump >= self._quiet_seconds:
                quiet.append(watch)
        self._first = True
        for watch in sorted(quiet, key=lambda one: one.last_dump):
            if not self._governor.may_look_at_quiet():
                break
            began = time.process_time()
            self._dump(watch)
            self._governor.spent_on_quiet(time.process_time() - began)
        self._investigate(now)
        self.consumers.look(now)
        if now - self._last_check >= _IDLE_SECONDS:
            self._last_check = now
            self._find_vanished()

    def _next_look(self, watch: Watch, index: int, now: float) -> float:
        """Return when a namespace that was just looked at is due again; ``now`` is at the next look of all."""
        if now - watch.last_moved < _ACTIVE_SECONDS:
            return now
        if now - self._began < _IDLE_SECONDS:
            # Few are looked at closely for a second; of many, each gets its own place in the next one.
            few = len(self.watches) <= _FEW
            return now if few else self._began + _IDLE_SECONDS * (1.0 + index / len(self.watches))
        return now + _IDLE_SECONDS

    def _dump(self, watch: Watch) -> None:
        self._wanted += [(watch, track) for track in watch.dump(time.monotonic())]

    def _investigate(self, now: float) -> None:
        """Find the processes of sockets that came to matter, and have them observed."""
        if not self._chosen and now - self._began >= _CHOOSE_SECONDS:
            self._chosen = True
            self._observe_active()
        if self._wanted and now - self._last_search >= _SEARCH_SECONDS:
            self._last_search = now
            wanted, self._wanted = self._wanted, []
            for watch in {id(watch): watch for watch, _track in wanted}.values():
                tracks = [track for one, track in wanted if one is watch]
                search_owners(watch, {track.inode for track in tracks})
                # The worst first: the number of processes is bounded.
                for track in sorted(tracks, key=lambda one: -one.drops):
                    for pid in watch.owners.get(track.inode, []):
                        self.consumers.observe(pid, watch, losing=track.drops > 0)
                if id(watch) not in self._neighbours_of and any(track.drops > 0 for track in tracks):
                    self._neighbours_of.add(id(watch))
                    self._observe(watch, _NEIGHBOURS)

    def _observe(self, watch: Watch, most: int) -> None:
        """Have the readers of a namespace's sockets observed; a history of drops makes one likelier to lose again."""
        rows = [row for _source, table in watch.sources for row in table.last.values()]
        inodes = [row[1] for row in sorted(rows, key=lambda row: -row[5])[:most]]
        search_owners(watch, inodes)
        for inode in inodes:
            for pid in watch.owners.get(inode, []):
                self.consumers.observe(pid, watch, losing=False)

    def _observe_active(self) -> None:
        active = [watch for watch in self.watches if any(watch.rows.total)]
        for watch in sorted(active, key=lambda one: -one.rows.total[0])[:MAX_PROCESSES]:
            self._observe(watch, _ASKED_SOCKETS)

    def _find_vanished(self) -> None:
        """Let go of namespaces that only we still hold; their last counters are read first."""
        lost = [one for one in self.watches if one.is_open and not one.found.own and not still_held(one.found)]
        if not lost:
            return
        present = {found.key: found for found in find_namespaces()}
        for watch in lost:
            if watch.found.key in present:
                watch.found = present[watch.found.key]
            else:
                self._leave(watch)

    def _leave(self, watch: Watch) -> None:
        watch.state = VANISHED
        try:
            watch.finish()
        except (OSError, ParseError):
            # Its last look stands for its end.
            watch.state = VANISHED
        watch.close()

    def finish(self) -> None:
        """Look at everything once more."""
        self._find_vanished()
        for watch in self.watches:
            if watch.is_open:
                try:
                    watch.finish()
                except (OSError, ParseError):
                    watch.state = VANISHED
        self._wanted = []


def search_owners(watch: Watch, inodes: Collection[int], limit: Optional[int] = QUICK_DESCRIPTORS) -> bool:
    """Search the processes of sockets: first those of the namespace, then all. Tells whether all could be read."""
    missing = {inode for inode in inodes if inode and inode not in watch.owners}
    complete = True
    for pids in (watch.found.pids, None):
        if not missing:
            break
        search = find_owners(missing, all_pids() if pids is None else pids, limit)
        watch.owners.update(search.owners)
        missing -= search.owners.keys()
        complete = search.complete
    for pid in {pid for inode in inodes for pid in watch.owners.get(inode, [])} - watch.holders.keys():
        watch.holders[pid] = holder_of(pid)
    return complete or not missing
