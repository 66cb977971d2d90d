# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way to one network namespace's kernel interfaces: entered where allowed, else through /proc/PID/net.

An open descriptor of a namespace, of a file below /proc/PID/net or of a socket inside keeps the whole namespace
alive. So they are closed as soon as nothing else holds the namespace, and all of them when the window ends.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import ContextManager, Iterator, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._sample.enter import Doorway
from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import Found

# Long enough for every file read here at up to 1,000 CPUs; larger ones are read in pieces.
_PIECE = 65536
_MAX_PIECES = 256
_OWN = "/proc/self/net"


class Access:
    """One namespace. ``netlink`` tells whether sockets can be opened inside; ``prefix`` is its /proc net directory.

    Raises OSError where the namespace is gone or closed to us.
    """

    def __init__(self, found: Found, doorway: Doorway) -> None:
        self._doorway = doorway
        self._descriptor = -1
        self.netlink = found.own or doorway.is_open
        if found.own:
            self.prefix = _OWN
        elif doorway.is_open:
            self._descriptor = _open_namespace(found)
            self.prefix = "/proc/thread-self/net"
        else:
            self.prefix = _readable_directory(found)

    def inside(self) -> ContextManager[None]:
        """Be where sockets and ``prefix`` belong to the namespace. Errors as ``Doorway.inside``."""
        return self._doorway.inside(self._descriptor) if self._descriptor >= 0 else contextlib.nullcontext()

    def open(self, name: str) -> int:
        """Open a file of the namespace's /proc net directory; to be called inside. Raises OSError."""
        return os.open("%s/%s" % (self.prefix, name), os.O_RDONLY | os.O_CLOEXEC)

    def read(self, name: str) -> bytes:
        """Return a whole file of the namespace's /proc net directory; to be called inside. Raises OSError."""
        descriptor = self.open(name)
        try:
            return read_whole(descriptor)
        finally:
            os.close(descriptor)

    def descriptor(self) -> int:
        """Return a new descriptor of the namespace, the caller's to close. Raises OSError where there is none."""
        if self._descriptor >= 0:
            return os.dup(self._descriptor)
        if self.prefix != _OWN:
            raise OSError(errno.EACCES, "the namespace cannot be entered")
        return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let the namespace go."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def read_whole(descriptor: int) -> bytes:
    """Return what a /proc file holds now, from its beginning, however often it was read. Raises OSError."""
    data = os.pread(descriptor, _PIECE, 0)
    pieces = [data]
    offset = len(data)
    while data and len(pieces) < _MAX_PIECES:
        data = os.pread(descriptor, _PIECE, offset)
        pieces.append(data)
        offset += len(data)
    return b"".join(pieces)


def _open_namespace(found: Found) -> int:
    last: Optional[OSError] = None
    for path in _candidates(found):
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            last = error
            continue
        status = os.fstat(descriptor)
        if (status.st_dev, status.st_ino) == found.key:
            return descriptor
        # The process ended and its number, or the mount's name, went to another.
        os.close(descriptor)
    raise last or OSError(errno.ENOENT, "the namespace is gone")


def _candidates(found: Found) -> Iterator[str]:
    yield from found.mounts
    for pid in found.pids:
        yield "/proc/%d/ns/net" % pid


def _readable_directory(found: Found) -> str:
    last: Optional[OSError] = None
    for pid in found.pids:
        directory = "/proc/%d/net" % pid
        try:
            os.stat(directory + "/snmp")
        except OSError as error:
            last = error
            continue
        return directory
    raise last or OSError(errno.EACCES, "no process of it is readable, and entering it needs CAP_SYS_ADMIN")
