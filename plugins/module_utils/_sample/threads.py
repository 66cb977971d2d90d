# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the threads of one process did, look by look: /proc/PID/task/TID/{schedstat,syscall,stat}.

A thread that waits is told by the system call in which it waits and by what the call's descriptor is: waiting for
datagrams is a reader's rest, waiting for anything else keeps datagrams in the queue. ``syscall`` needs the right to
trace the process; without it only running and not running can be told.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Container, Mapping, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.proc_cpu import (
    SchedStat,
    TaskSyscall,
    parse_schedstat,
    parse_task_stat,
    parse_task_syscall,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.descriptors import Target, Targets
from ansible_collections.rxpath.linux.plugins.module_utils._sample.names import clean
from ansible_collections.rxpath.linux.plugins.module_utils._sample.syscalls import Call

RUNNING, RUNNABLE, RECEIVE, SLEEP, WRITE, LOCK, DISK, STOPPED, OTHER, UNKNOWN = STATES = (
    "running",
    "runnable",
    "receive",
    "sleep",
    "write",
    "lock",
    "disk",
    "stopped",
    "other",
    "unknown",
)
_ON_CPU = (RUNNING, RUNNABLE)
_NO_CALL = Call("no system call", "other", None)


class Thread:
    """One thread under observation; its three files stay open."""

    def __init__(self, pid: int, tid: int) -> None:
        self.tid = tid
        self.states: Counter[str] = Counter()
        self.blocked_in: Counter[str] = Counter()
        self.reads: set[int] = set()
        self.polls = False
        self._files: dict[str, int] = {}
        self._state = UNKNOWN
        self._raw = b""
        directory = "/proc/%d/task/%d/" % (pid, tid)
        try:
            for name in ("schedstat", "stat", "syscall"):
                try:
                    self._files[name] = os.open(directory + name, os.O_RDONLY | os.O_CLOEXEC)
                except PermissionError:
                    continue
            # Raises where the thread ended meanwhile; kernels without CONFIG_SCHED_INFO show zeros.
            self.first = self.last = parse_schedstat(self._read("schedstat").decode("ascii", "replace"))
            self.name = clean(parse_task_stat(self._read("stat").decode("utf-8", "backslashreplace")).name)
        except (OSError, ParseError):
            self.close()
            raise

    def _read(self, name: str) -> bytes:
        descriptor = self._files.get(name)
        if descriptor is None:
            raise PermissionError("%s is closed to us" % name)
        return os.pread(descriptor, 1024, 0)

    @property
    def is_open(self) -> bool:
        """Tell whether the thread is still observed."""
        return bool(self._files)

    def close(self) -> None:
        """Close the files; what was seen stays."""
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files = {}

    def look(self, calls: Mapping[int, Call], targets: Targets, sockets: Container[int]) -> None:
        """See what the thread does now; ``sockets`` are the inodes of UDP sockets. A thread that ended is closed."""
        try:
            raw = self._read("schedstat")
            if raw != self._raw or self._state in _ON_CPU:
                before, self.last = self.last, parse_schedstat(raw.decode("ascii", "replace"))
                self._raw = raw
                self._state = self._find_state(before, calls, targets, sockets)
            # Otherwise it has not run since the last look, so it still waits where it waited.
        except (OSError, ParseError):
            self.close()
            return
        self.states[self._state] += 1

    def _find_state(
        self, before: SchedStat, calls: Mapping[int, Call], targets: Targets, sockets: Container[int]
    ) -> str:
        letter = parse_task_stat(self._read("stat").decode("utf-8", "backslashreplace")).state
        if letter in "Tt":
            return STOPPED
        if letter == "R":
            ran, waited = self.last.run_ns - before.run_ns, self.last.wait_ns - before.wait_ns
            return RUNNING if ran >= waited and ran > 0 else RUNNABLE
        if letter in "ZX":
            return OTHER
        try:
            call = parse_task_syscall(self._read("syscall").decode("ascii", "replace"))
        except PermissionError:
            return DISK if letter == "D" else UNKNOWN
        if call.number is None:
            return RUNNING
        return self._waits(letter, call, calls.get(call.number, _NO_CALL if calls else None), targets, sockets)

    def _waits(
        self, letter: str, task: TaskSyscall, call: Optional[Call], targets: Targets, sockets: Container[int]
    ) -> str:
        if letter == "D" or call is None:
            return DISK if letter == "D" else UNKNOWN
        target = None
        if call.fd is not None and len(task.arguments) > call.fd:
            # The argument is an int in a 64-bit register; AT_FDCWD and -1 are none.
            target = targets.of(task.arguments[call.fd] & 0xFFFFFFFF)
        if call.kind == "poll":
            return self._polls(call, task, target, sockets)
        if call.kind == "read":
            if target is not None and target.inode in sockets:
                self.reads.add(target.inode)
                return RECEIVE
            return self._blocked(OTHER, "%s from %s" % (call.name, _label(target)))
        if call.kind == "write":
            return self._blocked(WRITE, "%s to %s" % (call.name, _label(target)))
        if call.kind in (LOCK, DISK, SLEEP):
            return self._blocked(call.kind, call.name)
        if call is _NO_CALL:
            return self._blocked(OTHER, call.name if task.number == -1 else "system call %d" % (task.number or 0))
        return self._blocked(OTHER, call.name + (" on %s" % target.label if target else ""))

    def _polls(self, call: Call, task: TaskSyscall, target: Optional[Target], sockets: Container[int]) -> str:
        if call.fd is None:
            nothing = task.arguments[:1] == (0,) if "select" in call.name else task.arguments[1:2] == (0,)
            if nothing and call.name != "io_uring_enter":
                return self._blocked(SLEEP, "%s without descriptors" % call.name)
            # Which descriptors it waits for stands in the process's own memory, which is not read.
            self.polls = True
            return RECEIVE
        if target is None or target.polled is None:
            self.polls = True
            return RECEIVE
        wanted = {inode for inode in target.polled if inode in sockets}
        if wanted:
            self.reads.update(wanted)
            return RECEIVE
        return self._blocked(OTHER, "%s without a UDP socket" % call.name)

    def _blocked(self, state: str, where: str) -> str:
        self.blocked_in[where] += 1
        return state

    def document(self, reader: bool) -> dict[str, object]:
        """Return the thread's part of the sample document."""
        run, wait = self.last.run_ns - self.first.run_ns, self.last.wait_ns - self.first.wait_ns
        where = self.blocked_in.most_common(1)
        return {
            "tid": self.tid,
            "name": self.name,
            "run_seconds": round(max(0, run) / 1e9, 6),
            "wait_seconds": round(max(0, wait) / 1e9, 6),
            "states": {state: self.states[state] for state in STATES},
            "blocked_in": where[0][0] if where else None,
            "reader": reader,
        }


def _label(target: Optional[Target]) -> str:
    return target.label if target is not None else "something"
