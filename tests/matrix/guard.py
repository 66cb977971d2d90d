# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What outlives a namespace: global sysctls, put back also after a crash, and the lock that keeps cases apart.

Two files in the temp directory: a lock (shared for ordinary cases, exclusive for a case that changes something
global or needs the CPUs alone) and a guard that holds the original values while a case has changed them.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import tempfile
from pathlib import Path
from typing import Dict, Iterator

LOCK = Path(tempfile.gettempdir()) / "rxpath-matrix.lock"
GUARD = Path(tempfile.gettempdir()) / "rxpath-matrix.sysctls"


@contextlib.contextmanager
def alone(exclusive: bool) -> Iterator[None]:
    """Hold the matrix's lock; ``exclusive`` waits until no other case runs."""
    with LOCK.open("a") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        if exclusive:
            recover()
        yield


def recover() -> None:
    """Put back what a case that died had changed. Only while the exclusive lock is held."""
    if not GUARD.exists():
        return
    try:
        values: Dict[str, str] = json.loads(GUARD.read_text())
    except ValueError:
        values = {}
    for path, value in values.items():
        Path(path).write_text(value)
    GUARD.unlink()


class Sysctls:
    """Global sysctls of one case, each restored at the end. The case must hold the lock exclusively."""

    def __init__(self) -> None:
        self.saved: Dict[str, str] = {}

    def set(self, key: str, value: str) -> None:
        path = "/proc/sys/" + key.replace(".", "/")
        if path not in self.saved:
            self.saved[path] = Path(path).read_text()
            with GUARD.open("w") as handle:
                json.dump(self.saved, handle)
                handle.flush()
                os.fsync(handle.fileno())
        Path(path).write_text(value)

    def restore(self) -> None:
        if self.saved:
            recover()
            self.saved = {}
