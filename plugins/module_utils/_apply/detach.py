# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run something on the host that outlives the connection: a process of its own, away from session and cgroup.

Everything that it needs must be imported before: Ansible removes the module's files when the module ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterable
from typing import Callable

# The root of the tree that systemd keeps its sessions in: version 2, then the hybrid and the version 1 layout.
_ROOT_CGROUPS = ("/sys/fs/cgroup/cgroup.procs", "/sys/fs/cgroup/unified/cgroup.procs")
_NAMED_CGROUPS = ("/sys/fs/cgroup/systemd/cgroup.procs",)


def run_away(work: Callable[[], None], keep: Iterable[int] = ()) -> None:
    """Start ``work`` in a process of its own and return at once. ``keep`` are descriptors that stay open in it.

    Raises OSError where no process can be started.
    """
    kept = frozenset(keep)
    first = os.fork()
    if first == 0:
        _begin(work, kept)
    os.waitpid(first, 0)


def _begin(work: Callable[[], None], keep: frozenset[int]) -> None:
    """Leave the connection behind, work, end. Never returns."""
    try:
        os.setsid()
        # What leads a session may be given a terminal again, and is hung up with it: its child is neither.
        if os.fork() != 0:
            os._exit(0)
        for number in (signal.SIGHUP, signal.SIGINT, signal.SIGPIPE):
            signal.signal(number, signal.SIG_IGN)
        _let_go(keep)
        leave_cgroup()
        work()
    finally:
        os._exit(0)


def _let_go(keep: frozenset[int]) -> None:
    """Close what ties this process to the connection; as long as one of it is open, sshd and Ansible wait for us."""
    os.chdir("/")
    os.umask(0o077)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in keep:
            with contextlib.suppress(OSError):
                os.close(int(name))


def leave_cgroup() -> bool:
    """Move this process to the root cgroup; return whether that was possible.

    systemd kills what a session's cgroup still holds when the session ends (KillUserProcesses= in man 5 logind.conf,
    sshd started per connection with KillMode=control-group). The root takes any process in every layout: the rule
    that only leaves hold processes does not bind it (no internal processes, Documentation/admin-guide/cgroup-v2.rst).
    Where systemd does not run, nobody ends a session's processes this way.
    """
    if not os.path.isdir("/run/systemd/system"):
        return False
    moved = False
    for path in (*_NAMED_CGROUPS, *_ROOT_CGROUPS):
        try:
            with open(path, "w", encoding="ascii") as file:
                file.write(str(os.getpid()))
            moved = True
        except OSError:
            continue
    return moved
