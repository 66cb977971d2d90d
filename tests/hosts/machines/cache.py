# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where images are kept between runs: one folder for each hash of what went in, outside the repository."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, List

from .errors import MachineError, MachinesUnavailableError

# Two images, two memory snapshots, an emulator, and what is needed while one of them is made.
NEEDED = 6 << 30
_LOCK_SECONDS = 900.0
_POLL_SECONDS = 0.5


def folder() -> Path:
    """Return the cache's folder, made if need be."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    path = Path(os.environ.get("RXPATH_CACHE") or Path(base) / "rxpath-linux").absolute()
    path.mkdir(parents=True, exist_ok=True)
    return path


def digest(*parts: object) -> str:
    """Return a short hash of anything that prints as what it is."""
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:12]


class Cache:
    """The cache as one supervisor uses it: what it has asked for stays until it ends."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._held: List[IO[bytes]] = []

    @contextlib.contextmanager
    def locked(self, kind: str) -> Iterator[None]:
        """Build entries of a kind in here: one builder at a time; others wait, bounded."""
        with (self.path / f"lock-{kind}").open("ab") as handle:
            end = time.monotonic() + _LOCK_SECONDS
            while not _lock(handle, fcntl.LOCK_EX):
                if time.monotonic() > end:
                    raise MachineError(f"another process has been building {kind} for {_LOCK_SECONDS:.0f} s")
                time.sleep(_POLL_SECONDS)
            yield

    def use(self, kind: str, key: str) -> Path:
        """Return the folder of an entry and keep others from removing it; call it locked."""
        entry = self.path / f"{kind}-{key}"
        entry.mkdir(exist_ok=True)
        # Held, open and locked, until this process ends.
        handle = (entry / "in-use").open("ab")
        if not _lock(handle, fcntl.LOCK_SH):
            raise MachineError(f"{entry} is being removed")
        self._held.append(handle)
        for other in self.path.glob(f"{kind}-*"):
            if other != entry:
                _remove_unused(other)
        return entry

    def room(self) -> None:
        """Refuse to build where the disk is too full."""
        free = shutil.disk_usage(self.path).free
        if free < NEEDED:
            raise MachinesUnavailableError(f"{self.path} has {free >> 20} MiB free, images need {NEEDED >> 20}")


@contextlib.contextmanager
def complete(target: Path) -> Iterator[Path]:
    """Give a path to build at, which becomes ``target`` when the block ends well; leftovers of others go first."""
    for partial in target.parent.glob(f".{target.name}.*"):
        _remove(partial)
    scratch = target.parent / f".{target.name}.{os.urandom(4).hex()}"
    try:
        yield scratch
        scratch.rename(target)
    except BaseException:
        _remove(scratch)
        raise


def _remove_unused(entry: Path) -> None:
    mark = entry / "in-use"
    if mark.exists():
        with mark.open("ab") as handle:
            if _lock(handle, fcntl.LOCK_EX):
                shutil.rmtree(entry, ignore_errors=True)
    else:
        _remove(entry)


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _lock(handle: IO[bytes], kind: int) -> bool:
    try:
        fcntl.flock(handle, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
