# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is remembered from run to run, until the machine is booted: a file in /run, which ends with what it is about.

Only the service's user can write there. A file of another version or another boot, or one that cannot be read, is taken
for none: the sums then begin with the kernel's counters again. It is in the format of Python's marshal, which takes a
tenth of the time of JSON where a proxy has a hundred thousand sockets.
"""

from __future__ import annotations

import contextlib
import marshal
import os
from typing import Any, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._watch.book import Book
from ansible_collections.rxpath.linux.plugins.module_utils._watch.losers import Losers

_VERSION = 1


class Known:
    """A namespace as it was at the last run: whose it is, its sums, and its sockets that had lost datagrams.

    ``holders`` are the processes and mounts that ``owner`` was found by. ``digest`` is of what was read, which says
    whether anything moved. ``errors`` is what its counters held when its sockets were last read, None where they had
    a history and could not be read yet.
    """

    def __init__(self, owner: list[Optional[str]], holders: list[Any]) -> None:
        self.owner = owner
        self.holders = holders
        self.digest = ""
        self.book = Book()
        self.errors: Optional[int] = 0
        # By cookie: what a socket has dropped, and protocol, address and process of one that lost under our eyes.
        self.sockets: dict[int, int] = {}
        self.names: dict[int, tuple[str, str, str]] = {}

    def document(self) -> list[Any]:
        """Return what marshal can carry."""
        book = self.book
        return [self.owner, self.holders, self.digest, book.sums, book.last, self.errors, self.sockets, self.names]

    @classmethod
    def of(cls, document: list[Any]) -> Known:
        """Return what ``document`` gave. Raises ValueError where it is none."""
        owner, holders, digest, sums, last, errors, sockets, names = document
        known = cls(owner, holders)
        known.digest, known.errors, known.sockets, known.names = digest, errors, sockets, names
        known.book = Book(sums, last)
        return known


class Memory:
    """All that is remembered. ``moment`` is in seconds since boot; ``runs`` is 0 where nothing is remembered."""

    def __init__(self, sockets: int) -> None:
        self.runs = 0
        self.moment = 0.0
        self.machine = Book()
        self.rest = Book()
        self.listed: list[str] = []
        self.namespaces: dict[str, Known] = {}
        self.losers = Losers(sockets)


def load(path: str, boot: Optional[str], sockets: int) -> Memory:
    """Return what the last run left; what cannot be used is taken for nothing. ``sockets`` is how many are told."""
    memory = Memory(sockets)
    try:
        with open(path, "rb") as file:
            # The directory is root's alone, and a rename put the file there whole.
            document = marshal.loads(file.read())  # noqa: S302
        if document["version"] != _VERSION or document["boot"] != boot:
            return memory
        memory.machine = Book(document["machine"][0], document["machine"][1])
        memory.rest = Book(document["rest"])
        memory.listed = list(document["listed"])
        memory.namespaces = {key: Known.of(one) for key, one in document["namespaces"].items()}
        memory.losers = Losers.of(document["losers"], sockets)
        memory.runs, memory.moment = int(document["runs"]), float(document["moment"])
    except (OSError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return Memory(sockets)
    return memory


def save(path: str, memory: Memory, boot: Optional[str]) -> None:
    """Leave it for the next run. Raises OSError."""
    document = {
        "version": _VERSION,
        "boot": boot,
        "runs": memory.runs,
        "moment": memory.moment,
        "machine": [memory.machine.sums, memory.machine.last],
        "rest": memory.rest.sums,
        "listed": memory.listed,
        "losers": memory.losers.document(),
        "namespaces": {key: one.document() for key, one in memory.namespaces.items()},
    }
    put(path, marshal.dumps(document), 0o600)


def put(path: str, data: bytes, mode: int) -> None:
    """Put a file in place by a rename, so that a reader sees the old one or the new one. Raises OSError.

    It is not forced to the disk: it is good until the next run or the next boot. The collector's directory can be
    another user's: what stands there under the new file's name (a link, a FIFO) is put away, and never opened.
    """
    new = path + ".new"
    with contextlib.suppress(FileNotFoundError):
        os.unlink(new)
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with open(descriptor, "wb") as file:
        file.write(data)
        os.fchmod(descriptor, mode)
    os.rename(new, path)
