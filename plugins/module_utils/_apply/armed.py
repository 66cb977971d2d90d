# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is armed: changes that the host takes back by itself, each in a file of /run/rxpath-linux/guard.

A record is written, synced, before the change is made, and holds what to put back. Its guard, the process that makes
the change and waits for the confirmation, holds a lock on it for as long as it lives: a record that is still open and
whose lock is free belongs to a guard that was killed, and whoever comes next puts the old values back. A second lock
makes each step from one phase to the next exclusive, so that a token is either confirmed or taken back, never both.

    armed ─▶ changing ─▶ changed ─▶ confirmed
      │          │          │
      │          ├─▶ failed │         the change itself failed and restored what it had written
      └──────────┴──────────┴─▶ reverting ─▶ reverted | stuck

A reboot takes the directory with it, and the drivers begin with their own values again.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import secrets
import time
from collections.abc import Iterator
from typing import Any, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host

DIRECTORY = "/run/rxpath-linux/guard"
ARMED, CHANGING, CHANGED, REVERTING = "armed", "changing", "changed", "reverting"
CONFIRMED, FAILED, REVERTED, STUCK = "confirmed", "failed", "reverted", "stuck"
# The phases in which a guard is at work.
OPEN = (ARMED, CHANGING, CHANGED, REVERTING)
# How long the outcome can be asked for.
_KEEP_SECONDS = 3600.0
_TOKEN = re.compile(r"[0-9a-f]{32}")
_LOCK_SECONDS = 10.0

Record = dict[str, Any]

# The tokens whose guard this process is.
_MINE: set[str] = set()


def claim(token: str) -> None:
    """Note that this process is a token's guard: it may change what is guarded."""
    _MINE.add(token)


def mine(token: str) -> bool:
    """Tell whether this process is a token's guard."""
    return token in _MINE


def new_token() -> str:
    """Return a name that nobody can guess."""
    return secrets.token_hex(16)


def stem(host: Host, token: str) -> str:
    """Return the path of a token's files without their suffix. Raises KnobError for what is no token."""
    if not _TOKEN.fullmatch(token):
        raise KnobError("token: %.80r is no token; pass on what the change that is to be confirmed returned" % token)
    return os.path.join(host.path(DIRECTORY), token)


def tokens(host: Host) -> list[str]:
    """Return all tokens that there are files of."""
    try:
        names = os.listdir(host.path(DIRECTORY))
    except OSError:
        return []
    return sorted({name.partition(".")[0] for name in names if _TOKEN.fullmatch(name.partition(".")[0])})


def make_directory(host: Host) -> None:
    """Make the directory, root's alone. Raises OSError."""
    path = host.path(DIRECTORY)
    for part in (os.path.dirname(path), path):
        with contextlib.suppress(FileExistsError):
            os.mkdir(part, 0o700)
    status = os.lstat(path)
    if status.st_uid != os.geteuid() or status.st_mode & 0o077:
        raise PermissionError("%s is open to others (uid %d, mode %o)" % (path, status.st_uid, status.st_mode & 0o777))


def write(host: Host, record: Record) -> None:
    """Write a record whole or not at all, and onto the disk, readable by root alone. Raises OSError."""
    path = stem(host, record["token"])
    descriptor = os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(record, file)
        file.flush()
        os.fsync(file.fileno())
    os.rename(path + ".new", path + ".json")


def read(host: Host, token: str) -> Optional[Record]:
    """Return a record, None where there is none. Raises KnobError where it cannot be read."""
    path = stem(host, token) + ".json"
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        with open(descriptor, encoding="utf-8") as file:
            record: Record = json.load(file)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        raise KnobError("the record of a guarded change cannot be read: %s: %s" % (path, error)) from error
    return record


def identity(host: Host, token: str) -> Optional[tuple[int, int]]:
    """Return what tells a record from the one that replaces it, None where there is none."""
    try:
        status = os.stat(stem(host, token) + ".json")
    except OSError:
        return None
    return status.st_ino, status.st_mtime_ns


def remove(host: Host, token: str) -> None:
    """Remove a token's files."""
    for suffix in (".json", ".new", ".turn", ".lock"):
        with contextlib.suppress(OSError):
            os.unlink(stem(host, token) + suffix)


def life_lock(host: Host, token: str) -> int:
    """Take the lock that says that the guard lives, and return its descriptor; a guard inherits it. Raises OSError."""
    descriptor = os.open(stem(host, token) + ".lock", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def is_alive(host: Host, token: str) -> bool:
    """Tell whether a guard holds its lock. Two who ask at once do not take each other for it."""
    try:
        descriptor = os.open(stem(host, token) + ".lock", os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextlib.contextmanager
def turn(host: Host, token: str) -> Iterator[None]:
    """Hold the lock under which a phase is looked at and changed. Raises KnobError when it cannot be had."""
    end = time.monotonic() + _LOCK_SECONDS
    descriptor = os.open(stem(host, token) + ".turn", os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError as error:
                if time.monotonic() > end:
                    raise KnobError("the lock of a guarded change was not free within 10 s: %s" % error) from error
                time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def sweep(host: Host) -> None:
    """Remove what is over and long enough ago."""
    for token in tokens(host):
        path = stem(host, token)
        with contextlib.suppress(OSError, KnobError):
            record = read(host, token)
            old = time.time() - os.stat(path + ".lock").st_mtime > _KEEP_SECONDS
            if (record is None or record["phase"] not in OPEN) and old and not is_alive(host, token):
                remove(host, token)
