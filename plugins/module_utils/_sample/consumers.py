# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processes that read sockets, and which of their threads do.

Processes are observed from the moment they matter: those of sockets that lost or hold a queue, and, from the
window's beginning, those of the most active sockets, since the first loss may come late.
"""

from __future__ import annotations

import os
import time
from typing import Any, Container, Mapping, Optional, Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._sample.cgroup_cpu import CpuQuota, Mount, find_mount
from ansible_collections.rxpath.linux.plugins.module_utils._sample.descriptors import Targets
from ansible_collections.rxpath.linux.plugins.module_utils._sample.processes import command
from ansible_collections.rxpath.linux.plugins.module_utils._sample.syscalls import Call, calls_of
from ansible_collections.rxpath.linux.plugins.module_utils._sample.threads import Thread
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import ROOT, Unknowns

MAX_PROCESSES = 8
MAX_THREADS = 64
# New threads of a process are looked for after this many seconds.
_THREADS_SECONDS = 1.0


class Process:
    """One process under observation."""

    def __init__(self, pid: int, universe: Container[int], mount: Optional[Mount]) -> None:
        self.pid = pid
        self.name = command(pid)
        self.began = self._listed = time.monotonic()
        self._universe = universe
        self.losing = False
        self.threads: dict[int, Thread] = {}
        self.all_threads = 0
        self._targets = Targets(pid)
        self.quota = CpuQuota(pid, mount)
        self._list_threads()

    def _list_threads(self) -> None:
        try:
            tids = sorted(int(name) for name in os.listdir("/proc/%d/task" % self.pid))
        except OSError:
            return
        self.all_threads = max(self.all_threads, len(tids))
        for tid in tids:
            if tid in self.threads or len(self.threads) >= MAX_THREADS:
                continue
            try:
                self.threads[tid] = Thread(self.pid, tid)
            except (OSError, ParseError):
                continue

    def look(self, now: float, calls: Mapping[int, Call]) -> None:
        """See what each thread does."""
        if now - self._listed >= _THREADS_SECONDS:
            self._listed = now
            self._list_threads()
        for thread in self.threads.values():
            if thread.is_open:
                thread.look(calls, self._targets, self._universe)

    def close(self) -> None:
        """Close the files of all threads."""
        for thread in self.threads.values():
            thread.close()


class Consumers:
    """All processes under observation, bounded; what the bound left out is said."""

    def __init__(self, unknowns: Unknowns) -> None:
        self._unknowns = unknowns
        self._calls = calls_of(os.uname().machine)
        self._mount = find_mount()
        self.processes: dict[int, Process] = {}

    def observe(self, pid: int, universe: Container[int], losing: bool) -> None:
        """Observe a process; ``universe`` holds the inodes of the UDP sockets of its namespace.

        A losing socket's process takes the place of one whose sockets lose nothing.
        """
        process = self.processes.get(pid)
        if process is None:
            if len(self.processes) >= MAX_PROCESSES and not self._make_room(losing):
                if losing:
                    why = "at most %d processes are observed" % MAX_PROCESSES
                    self._unknowns.add("threads of process %d (%s)" % (pid, command(pid)), why)
                return
            process = self.processes[pid] = Process(pid, universe, self._mount)
        process.losing = process.losing or losing

    def _make_room(self, losing: bool) -> bool:
        for pid, process in self.processes.items():
            if losing and not process.losing:
                process.close()
                del self.processes[pid]
                return True
        return False

    def look(self, now: float) -> None:
        """See what all threads do now."""
        for process in self.processes.values():
            process.look(now, self._calls)

    def document(self, inode: int, pids: Sequence[int], now: float) -> Optional[dict[str, Any]]:
        """Return the ``consumer`` part for a socket; None where none of its processes was observed.

        ``observed_seconds`` is shorter than the window where the process came to matter late.
        """
        known = [self.processes[pid] for pid in pids if pid in self.processes]
        if not known:
            return None
        threads = [thread for process in known for thread in process.threads.values()]
        sure = {thread.tid for thread in threads if inode in thread.reads}
        rows = []
        for process in known:
            alone = process.all_threads == 1
            for thread in process.threads.values():
                reader = thread.tid in sure or (not sure and (thread.polls or alone))
                rows.append(thread.document(reader))
            if process.all_threads > MAX_THREADS:
                why = "at most %d threads of a process are observed, it has %d" % (MAX_THREADS, process.all_threads)
                self._unknowns.add("further threads of process %d (%s)" % (process.pid, process.name), why)
            if any(thread.states["unknown"] for thread in process.threads.values()):
                self._unknowns.add(
                    "what threads of %s wait for" % process.name, "their system call is closed to us", ROOT
                )
        main = max(known, key=lambda one: sum(t.last.run_ns - t.first.run_ns for t in one.threads.values()))
        return {
            "pid": main.pid,
            "process": main.name,
            "observed_seconds": round(now - main.began, 4),
            "threads": rows,
            **main.quota.document(),
        }

    def close(self) -> None:
        """Close everything."""
        for process in self.processes.values():
            process.close()
