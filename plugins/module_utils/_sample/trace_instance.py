# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tracefs instance of our own: events counted in it disturb nobody else's tracing, and go with it.

Source: Documentation/trace/ftrace.rst, "Instances": a directory made below ``instances`` has events, triggers and a
ring buffer of its own, and rmdir takes all of it away. The kernel keeps it when its maker dies; so a guardian, a
process of ours, waits for that and removes it, and whoever comes next removes what even the guardian left.
"""

from __future__ import annotations

import contextlib
import errno
import itertools
import os
import re
import signal
import time
from typing import Iterator, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.proc_cpu import parse_task_stat

# The namespace of process ids, the process, when it began in clock ticks since boot, and a number among its instances:
# no two share all of them.
_NAME = re.compile(r"rxpath-linux-([0-9]{1,19})-([0-9]{1,9})-([0-9]{1,19})-[0-9]{1,9}")
_serial = itertools.count(1)
_OCTAL = re.compile(r"\\([0-7]{3})")
# Somebody who reads a file of the instance keeps it for as long.
_BUSY_SECONDS = 5.0
_POLL = 0.05
# A new instance gets a ring buffer of this size for each CPU before it can be told that it needs none (measured on 6.1
# and 6.12: 1,410 KiB); more than this share of the memory that is free is not asked for.
_BUFFER_BYTES = 1410 << 10
_BUFFER_SHARE = 0.05


def find_tracefs(mounts: str) -> Optional[str]:
    """Return where tracefs is mounted, given /proc/self/mounts; None where it is not. Nothing is mounted for it."""
    found = [line.split(" ") for line in mounts.split("\n")]
    places = [fields[1] for fields in found if len(fields) > 2 and fields[2] == "tracefs"]
    return _OCTAL.sub(lambda match: chr(int(match.group(1), 8)), places[0]) if places else None


def affordable(cpus: int, available: int) -> bool:
    """Tell whether a machine with so many CPUs and so many bytes of free memory has room for an instance."""
    return cpus * _BUFFER_BYTES <= _BUFFER_SHARE * available


class TraceInstance:
    """Made at once, removed by ``close``. The process must have one thread. Raises OSError."""

    def __init__(self, tracefs: str) -> None:
        instances = os.path.join(tracefs, "instances")
        sweep(instances)
        pid = os.getpid()
        name = "rxpath-linux-%d-%d-%d-%d" % (pid_namespace(), pid, _began(pid) or 0, next(_serial))
        self.path = os.path.join(instances, name)
        self.guardian, self._pipe = _post_guardian(self.path)
        try:
            os.mkdir(self.path)
            # No event is to be recorded; histogram triggers count all the same (measured on 6.1 and 6.12).
            self.write("tracing_on", "0")
            self.write("buffer_size_kb", "1")
        except BaseException:
            self.close()
            raise

    def write(self, name: str, text: str) -> None:
        """Write to a file of the instance. Raises OSError."""
        descriptor = os.open(os.path.join(self.path, name), os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(descriptor, text.encode("ascii"))
        finally:
            os.close(descriptor)

    def read(self, name: str) -> str:
        """Return a file of the instance. Raises OSError."""
        with open(os.path.join(self.path, name), encoding="ascii", errors="replace") as file:
            return file.read()

    def has(self, name: str) -> bool:
        """Tell whether the instance has a file."""
        return os.path.exists(os.path.join(self.path, name))

    def close(self) -> bool:
        """Remove the instance; a second call does nothing. Tells whether it is gone."""
        gone = _remove(self.path)
        if self._pipe >= 0:
            os.close(self._pipe)
            self._pipe = -1
            # What we could not remove, it tries once more.
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self.guardian, 0)
        return gone or not os.path.isdir(self.path)


def sweep(instances: str) -> list[str]:
    """Remove the instances whose makers are gone, and return their names. Raises OSError where none can be seen.

    One that a process in another namespace of process ids made is left alone: who lives there cannot be told from here.
    """
    removed = []
    for name in sorted(os.listdir(instances)):
        match = _NAME.fullmatch(name)
        if match is None or int(match.group(1)) != pid_namespace():
            continue
        if _began(int(match.group(2))) != int(match.group(3)) and _remove(os.path.join(instances, name), 0.0):
            removed.append(name)
    return removed


def _remove(path: str, patience: float = _BUSY_SECONDS) -> bool:
    """Remove an instance with all its triggers; tells whether it is gone."""
    end = time.monotonic() + patience
    while True:
        try:
            os.rmdir(path)
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() >= end:
                return False
            time.sleep(_POLL)
        else:
            return True


def _post_guardian(path: str) -> tuple[int, int]:
    """Start the process that removes the instance when this one ends. Returns its id, and what to close to end it."""
    reading, writing = os.pipe()
    try:
        guardian = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise
    if guardian == 0:
        try:
            _guard(path, reading)
        finally:
            os._exit(0)
    os.close(reading)
    return guardian, writing


def _guard(path: str, reading: int) -> None:
    """Wait until the other end of the pipe is closed, then remove the instance."""
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGALRM):
        signal.signal(number, signal.SIG_IGN)
    # Signals to the sampler's process group are not ours, nor is what it holds open.
    os.setsid()
    os.chdir("/")
    for descriptor in _open_descriptors():
        if descriptor != reading:
            with contextlib.suppress(OSError):
                os.close(descriptor)
    os.read(reading, 1)
    _remove(path)


def _open_descriptors() -> Iterator[int]:
    yield from [int(name) for name in os.listdir("/proc/self/fd")]


def pid_namespace() -> int:
    """Return what tells the own namespace of process ids from others."""
    return os.stat("/proc/self/ns/pid").st_ino


def _began(pid: int) -> Optional[int]:
    """Return when a process began, in clock ticks since boot; None where it is gone."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            stat = parse_task_stat(file.read())
    except (OSError, ParseError):
        return None
    return None if stat.state in "ZX" else stat.start
