# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a process's descriptors are: the link of /proc/PID/fd, and for an epoll set its members (/proc/PID/fdinfo)."""

from __future__ import annotations

import os
import re
import time
from typing import NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._sample.names import clean

_INODE = re.compile(r"socket:\[(\d+)\]$")
# tfd:        5 events:       19 data:                5  pos:0 ino:4d2 sdev:8     (ino since 4.13)
_MEMBER = re.compile(rb"ino:([0-9a-f]+)")
# Members of a set of thousands of connections are not read beyond this.
_MAX_SET_BYTES = 1 << 18
# A set's members are asked for again after this many seconds; servers rarely change which sockets they read.
_SET_SECONDS = 1.0


class Target(NamedTuple):
    """``label`` as /proc shows it, ``inode`` of a socket (0 for all else), ``polled`` the inodes of an epoll set."""

    label: str
    inode: int
    polled: Optional[frozenset[int]]


class Targets:
    """The descriptors of one process, looked up when a thread is found waiting on one."""

    def __init__(self, pid: int) -> None:
        self._pid = pid
        self._sets: dict[int, tuple[float, Optional[frozenset[int]]]] = {}

    def of(self, number: int) -> Optional[Target]:
        """Return what a descriptor is now; None where it is none or cannot be read."""
        if number >= 0x80000000:
            return None
        try:
            link = os.readlink("/proc/%d/fd/%d" % (self._pid, number))
        except OSError:
            return None
        match = _INODE.match(link)
        if match:
            return Target(link, int(match.group(1)), None)
        polled = self._members(number) if link == "anon_inode:[eventpoll]" else None
        return Target(clean(link), 0, polled)

    def _members(self, number: int) -> Optional[frozenset[int]]:
        now = time.monotonic()
        known = self._sets.get(number)
        if known is not None and now - known[0] < _SET_SECONDS:
            return known[1]
        try:
            with open("/proc/%d/fdinfo/%d" % (self._pid, number), "rb") as file:
                data = file.read(_MAX_SET_BYTES)
        except OSError:
            return None
        # Kernels before 4.13 show no inodes: then nothing is known of the set.
        inodes = frozenset(int(digits, 16) for digits in _MEMBER.findall(data))
        members = inodes if inodes or b"tfd:" not in data else None
        self._sets[number] = (now, members)
        return members
