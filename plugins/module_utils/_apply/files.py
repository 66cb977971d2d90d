# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that are whole or not there, whenever the process or the machine dies."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host

_NEW = ".rxpath-linux.new"


class FileState(NamedTuple):
    """A regular file: its bytes, the twelve bits of its mode, its owner."""

    data: bytes
    mode: int
    uid: int
    gid: int


def read_file(host: Host, path: str) -> FileState | None:
    """Return a file as it is (a link is followed), None where there is none. Raises OSError, also for a device."""
    try:
        descriptor = os.open(host.path(path), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    with open(descriptor, "rb") as stream:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            # A link to /dev/null is how a name is masked; what it leads to must not be replaced.
            raise OSError(errno.EINVAL, "it is no regular file", path)
        return FileState(stream.read(), stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def write_file(host: Host, path: str, data: bytes, mode: int = 0o644, owner: tuple[int, int] | None = None) -> None:
    """Put a file in place by a rename; its content is on the disk before its name is. Raises OSError.

    Through a link the file that it leads to is replaced. The rename takes no extended attributes along: the new file
    has the label that the policy gives to files made in that directory.
    """
    place = os.path.realpath(host.path(path))
    new = place + _NEW
    sweep(host, path)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as stream:
        stream.write(data)
        stream.flush()
        if owner is not None and owner != (os.geteuid(), os.getegid()):
            os.fchown(descriptor, *owner)
        os.fchmod(descriptor, mode)
        os.fsync(descriptor)
    os.rename(new, place)
    _sync_directory(os.path.dirname(place))


def remove_file(host: Host, path: str) -> None:
    """Remove a file (through a link, the one that it leads to), and what a killed ``write_file`` left beside it.

    That there is none is no error. Raises OSError.
    """
    place = os.path.realpath(host.path(path))
    sweep(host, path)
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(place)
    if os.path.isdir(os.path.dirname(place)):
        _sync_directory(os.path.dirname(place))


def sweep(host: Host, path: str) -> None:
    """Remove what a killed ``write_file`` left beside a file. Raises OSError."""
    with contextlib.suppress(FileNotFoundError, NotADirectoryError):
        os.unlink(os.path.realpath(host.path(path)) + _NEW)


def missing_directories(host: Host, path: str) -> list[str]:
    """Return the directories above ``path`` that do not exist, the highest first."""
    found = []
    parent = os.path.dirname(path)
    while parent not in ("", "/") and not os.path.isdir(host.path(parent)):
        found.append(parent)
        parent = os.path.dirname(parent)
    return found[::-1]


def make_directory(host: Host, path: str, mode: int = 0o755) -> None:
    """Make one directory and put its name on the disk; one that is there is left as it is. Raises OSError."""
    place = host.path(path)
    try:
        os.mkdir(place, mode)
    except FileExistsError:
        return
    # The mode that was asked for, whatever the umask.
    os.chmod(place, mode)
    _sync_directory(os.path.dirname(place))


def _sync_directory(path: str) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
