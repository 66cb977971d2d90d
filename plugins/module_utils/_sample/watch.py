# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One namespace through the window: its descriptors, its rows, its sockets."""

from __future__ import annotations

import contextlib
import os
import time
from typing import ContextManager, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import NetlinkSocket
from ansible_collections.rxpath.linux.plugins.module_utils._sample.access import Access
from ansible_collections.rxpath.linux.plugins.module_utils._sample.counter_files import CounterFiles, open_counter_files
from ansible_collections.rxpath.linux.plugins.module_utils._sample.delta import counter_bits
from ansible_collections.rxpath.linux.plugins.module_utils._sample.devices_file import DevicesFile, open_devices
from ansible_collections.rxpath.linux.plugins.module_utils._sample.enter import Doorway
from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import Found
from ansible_collections.rxpath.linux.plugins.module_utils._sample.owners import Holder, Owner
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import (
    Reading,
    read_namespace,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.rows import Moved, Rows
from ansible_collections.rxpath.linux.plugins.module_utils._sample.socket_source import (
    KINDS,
    SocketSource,
    in_use,
    open_udp_diag,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.socket_table import SocketTable, Track
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import ROOT, Unknowns

# A family without a socket is asked again after this many seconds: someone may open the first one.
_EMPTY_FAMILY_SECONDS = 1.0
# All sockets of a namespace are read this often; in between only those that matter, if there are few of them.
_WHOLE_SECONDS = 1.0
_FEW_TRACKS = 8
_BITS = counter_bits(os.uname().machine)


STEADY, APPEARED, VANISHED, RESTARTED = "steady", "appeared", "vanished", "restarted"


class Watch:
    """Made at the window's start; ``young`` is for a namespace that was not there then.

    True means that it certainly began within the window: all that it counted belongs there. False means that it may
    be older. Raises OSError or ParseError where the namespace cannot be measured at all.
    """

    def __init__(
        self, found: Found, owner: Owner, doorway: Doorway, unknowns: Unknowns, young: Optional[bool] = None
    ) -> None:
        self.found, self.owner = found, owner
        self._unknowns = unknowns
        self._access = Access(found, doorway)
        self._files: Optional[CounterFiles] = None
        self._diag: Optional[NetlinkSocket] = None
        self.end: Optional[Reading] = None
        self.state = STEADY
        self.young = young
        # CPUs to which devices steer packets, where that was asked for.
        self.steering: dict[str, list[int]] = {}
        self.standing = False
        self.last_moved = self.last_look = self.last_dump = self.last_empty = self.last_whole = 0.0
        self._losing = False
        self.stale = False
        # When the next look is due, on the monotonic clock.
        self.due = 0.0
        self._devices: Optional[DevicesFile] = None
        # Processes by socket inode; filled where a socket matters.
        self.owners: dict[int, list[int]] = {}
        self.holders: dict[int, Holder] = {}
        self.sources: list[tuple[SocketSource, SocketTable]] = []
        try:
            with self._access.inside():
                self._files = open_counter_files(self._access)
                self.start = read_namespace(self._access, self._files, owner.name, unknowns)
                self.rows = Rows(self.start.snmp, self.start.snmp6, self.start.moment, _BITS)
                self._devices = open_devices(self._access, self.start)
                self._open_sockets()
        except BaseException:
            self.close()
            raise
        self.last_look = self.last_dump = self.last_empty = self.last_whole = self.start.moment

    @property
    def is_open(self) -> bool:
        """Tell whether the namespace is still looked at."""
        return self._files is not None

    @property
    def end_moment(self) -> float:
        """Return when the namespace was last read, on the monotonic clock."""
        return self.end.moment if self.end is not None else self.last_look

    def __contains__(self, inode: object) -> bool:
        """Tell whether a UDP socket of the namespace has this inode."""
        return any(inode in table.inodes for _source, table in self.sources)

    def _open_sockets(self) -> None:
        if self._access.netlink:
            try:
                self._diag = open_udp_diag()
            except OSError as error:
                self._unknowns.add_error("sock_diag", error, self.owner.name)
        if self._diag is None:
            what = "receive buffers and memory of sockets"
            self._unknowns.add(what, "read from /proc, which shows the queue alone", ROOT, self.owner.name)
        used = in_use(self._access)
        for kind in KINDS:
            if used is not None and kind.sockstat not in used:
                continue
            source = SocketSource(kind, self._diag, self._access)
            # A table without any socket is not worth a walk through all sockets of the machine.
            empty = used is not None and not used[kind.sockstat]
            rows = [] if empty else self._rows_of(source) or []
            table = SocketTable([] if self.young else rows)
            if self.young:
                table.look(0, rows, 1.0)
            self.sources.append((source, table))
            for track in table.tracks.values():
                self.standing = True
                self._describe(source, [track])

    def _rows_of(self, source: SocketSource) -> Optional[list[tuple[int, int, int, int, int, int]]]:
        try:
            return source.read()
        except (OSError, ParseError) as error:
            self._unknowns.add_error("%s sockets" % source.kind.file, error, self.owner.name)
            return None

    def inside(self) -> ContextManager[None]:
        """Be in the namespace; see ``Access.inside``."""
        return self._access.inside()

    def descriptor(self) -> int:
        """Return a descriptor of the namespace; see ``Access.descriptor``."""
        return self._access.descriptor()

    def rests(self, now: float) -> bool:
        """Tell, at a fifth of the cost of a look, whether nothing happened since the last look or rest."""
        if self._devices is None or self.standing or self.stale or not self._devices.rests(now):
            return False
        self.last_look = now
        return True

    def look(self, now: float) -> Moved:
        """Read the counters. Raises OSError, ParseError where the namespace can no longer be read."""
        if self._files is None:
            raise OSError("the namespace is closed")
        self._take_rest()
        snmp, snmp6 = self._files.read()
        moved = self.rows.add(snmp, snmp6, now)
        self.last_look = now
        if moved.udp:
            self.last_moved = now
        self.stale = self.stale or moved.udp or moved.ip
        self._losing = moved.losing
        return moved

    def _take_rest(self) -> None:
        """Put the last known rest into the series, or what came after would seem to have lasted since before it."""
        rested = self._devices.take() if self._devices is not None else None
        if rested is not None:
            self.rows.still(rested)

    def dump(self, now: float) -> list[Track]:
        """Read the sockets, for the latest look at the counters. Returns the sockets that became interesting.

        Between two whole readings only those that held a queue or lost datagrams before are asked for: unless
        another one must be losing.
        """
        tracked = [[t.cookie for t in table.tracks.values() if t.closed is None] for _source, table in self.sources]
        known = sum(map(len, tracked))
        whole = not 0 < known <= _FEW_TRACKS or now - self.last_whole >= _WHOLE_SECONDS
        number = max(0, len(self.rows) - 1)
        fresh: list[Track] = []
        standing, drops = False, 0
        every = now - self.last_empty >= _EMPTY_FAMILY_SECONDS
        for (source, table), some in zip(self.sources, tracked):
            if (not table.last and not every) or not (whole or some):
                continue
            rows = None if whole else source.refresh(some)
            # Sockets read from /proc are those of the namespace in which this process is.
            if rows is None:
                with contextlib.nullcontext() if self._diag is not None else self._access.inside():
                    rows = self._rows_of(source)
            if rows is None:
                standing = standing or self.standing
                continue
            seen = table.look(number, rows, max(0.001, now - self.last_dump))
            standing, drops = standing or seen.standing, drops + seen.drops
            self._describe(source, seen.fresh)
            fresh += seen.fresh
        self.standing, self.last_dump, self.stale = standing, now, False
        # Not found by asking those that are known: at the next look all are read.
        self.last_whole = now if whole else 0.0 if self._losing and not drops else self.last_whole
        if every:
            self.last_empty = now
        return fresh

    def _describe(self, source: SocketSource, tracks: list[Track]) -> None:
        """Keep the addresses of sockets that matter now: once closed, nobody can ask."""
        if not tracks:
            return
        try:
            found = source.find({track.cookie for track in tracks})
        except ParseError as error:
            self._unknowns.add_error("addresses of sockets", error, self.owner.name)
            return
        for track in tracks:
            track.details = found.get(track.cookie)

    def finish(self) -> None:
        """Read everything once more; the rows and the sockets get their last look. Errors as the constructor's.

        Where no packet arrived since the last dump, no queue stood and no socket had lost any, none has changed that
        matters.
        """
        if self._files is None or self.end is not None:
            return
        with self._access.inside():
            end = read_namespace(self._access, self._files, self.owner.name, self._unknowns)
            self._take_rest()
            moved = self.rows.add(end.snmp, end.snmp6, end.moment)
            tracked = any(table.tracks for _source, table in self.sources)
            if moved.udp or moved.ip or self.stale or self.standing or tracked:
                self.last_empty = self.last_whole = 0.0
                self.dump(time.monotonic())
        self.end = end

    def close(self) -> None:
        """Let the namespace go: nothing of ours holds it any longer. A second call does nothing."""
        if self._files is not None:
            self._files.close()
            self._files = None
        if self._devices is not None:
            self._devices.close()
            self._devices = None
        if self._diag is not None:
            self._diag.close()
        self._access.close()
