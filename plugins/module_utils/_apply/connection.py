# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which SSH connection does this process hang on? Told by walking its parents up to the server's session process.

Source: man 5 proc (/proc/PID/stat: the fourth field is the parent, the twenty-second the start in clock ticks since
boot). OpenSSH forks a process for each connection ("sshd", since 9.8 "sshd-session"), Dropbear as well; whatever one
connection runs, now or later through its control socket, descends from it, through sudo and su too.
"""

from __future__ import annotations

import os
import time
from typing import NamedTuple, Optional

_SERVERS = ("sshd", "sshd-session", "dropbear")
# A chain of parents is a handful long; a pid that is reused while we walk must not make a circle of it.
_MAX_DEPTH = 64


class Session(NamedTuple):
    """The server's process of one connection. Pids are used again, pid and start are not."""

    pid: int
    start: int

    def age_of_start(self) -> float:
        """Return when it started, in seconds of CLOCK_BOOTTIME."""
        return self.start / os.sysconf("SC_CLK_TCK")

    def is_gone(self, proc: str = "/proc") -> bool:
        """Tell whether the connection has ended."""
        found = _process(proc, self.pid)
        return found is None or found[2] != self.start


def boot_clock() -> float:
    """Return the seconds since boot, time asleep included: the clock of a process's start. Nobody can set it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def session_of(pid: Optional[int] = None, proc: str = "/proc") -> Optional[Session]:
    """Return the session that a process (default: this one) descends from, or None where none is (a local run)."""
    current = os.getpid() if pid is None else pid
    for _depth in range(_MAX_DEPTH):
        found = _process(proc, current)
        if found is None:
            return None
        name, parent, start = found
        if name in _SERVERS:
            return Session(current, start)
        current = parent
    return None


# 812 (sshd-session) S 640 812 812 0 -1 4194560 1176 … (the 22nd field:) 2134 …
def parse_stat(text: str) -> Optional[tuple[str, int, int]]:
    """Return (name, parent, start in clock ticks) of a /proc/PID/stat, or None. A name may hold blanks and brackets."""
    head, bracket, tail = text.rpartition(")")
    fields = tail.split()
    if not bracket or len(fields) < 20:
        return None
    try:
        return head.partition("(")[2], int(fields[1]), int(fields[19])
    except ValueError:
        return None


def _process(proc: str, pid: int) -> Optional[tuple[str, int, int]]:
    try:
        with open("%s/%d/stat" % (proc, pid), encoding="utf-8", errors="replace") as file:
            return parse_stat(file.read())
    except OSError:
        return None
