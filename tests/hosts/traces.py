# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a test bed could leave behind: processes, namespaces, devices, mounts, files. Listed before and after a run.

Whose a process is shows in its environment: each that descends from a run carries the run's mark, however it was
started, unless it cleared its environment.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import stat
import tempfile
from pathlib import Path
from typing import NamedTuple

VARIABLE = "RXPATH_MARK"
# Where a run makes files, other than its own folder and caches that are meant to stay.
_FOLDERS = (
    tempfile.gettempdir(),
    "/etc",
    "/run",
    "/run/lock",
    "/run/netns",
    "/run/rxpath-linux",
    "/var/lib",
    "/var/tmp",
)


class Traces(NamedTuple):
    """What there is of each kind, as sentences."""

    processes: frozenset[str]
    namespaces: frozenset[str]
    devices: frozenset[str]
    mounts: frozenset[str]
    files: frozenset[str]

    def beyond(self, before: Traces) -> list[str]:
        """Return what is here and was not there before."""
        return sorted(new for now, then in zip(self, before) for new in now - then)


def new_mark() -> str:
    """Return a mark for the environment of one run."""
    return secrets.token_hex(8)


def traces(mark: str) -> Traces:
    """List what there is now of a run, and of what has no owner."""
    marked = _marked(mark)
    return Traces(
        frozenset(f"process {folder.name}: {_words(folder)}" for folder in marked),
        frozenset(f"network namespace {inode}" for inode in _network_namespaces(marked)),
        frozenset(f"device {name}" for name in os.listdir("/sys/class/net")),
        frozenset(f"mount {line}" for line in _mounts()),
        frozenset(f"file {path}" for folder in _FOLDERS for path in _entries(Path(folder))),
    )


def _marked(mark: str) -> list[Path]:
    wanted, found = f"{VARIABLE}={mark}".encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(folder)
    return found


def _words(folder: Path) -> str:
    with contextlib.suppress(OSError):
        return (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()[:200]
    return "?"


def _network_namespaces(folders: list[Path]) -> set[int]:
    found = set()
    for folder in folders:
        with contextlib.suppress(OSError):
            found.add((folder / "ns/net").stat().st_ino)
    return found - {os.stat("/proc/self/ns/net").st_ino}


def _mounts() -> list[str]:
    rows = Path("/proc/self/mountinfo").read_text(encoding="utf-8").splitlines()
    return [" ".join(row.split()[3:5]) for row in rows]


def _entries(folder: Path) -> list[Path]:
    found = []
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            # A socket of a service of the system is none of ours.
            with contextlib.suppress(OSError):
                if not stat.S_ISSOCK(path.lstat().st_mode):
                    found.append(path)
    return found
