# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Into a network namespace and back, so that sockets and /proc files can be opened there.

man 2 setns: it moves the calling thread alone, so this needs a process of one thread. Sockets and open files stay
in the namespace in which they were opened; /proc/net and /proc/sys/net follow the thread, /sys/class/net does not.
"""

from __future__ import annotations

import contextlib
import errno
import os
from typing import Callable, Iterator, Optional

CLONE_NEWNET = 0x40000000


class LostNamespaceError(RuntimeError):
    """The way back to the own namespace failed; nothing that is read from here on would be what it seems."""


def _find_setns() -> Optional[Callable[[int, int], None]]:
    """Return setns(2): Python's own from 3.12 on, else the C library's, else None."""
    if hasattr(os, "setns"):
        own: Callable[[int, int], None] = os.setns
        return own
    try:
        import ctypes
    except ImportError:
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "setns", None)
    if function is None:
        return None

    def call(descriptor: int, kind: int) -> None:
        if function(descriptor, kind) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    return call


_setns = _find_setns()


def enter_for_good(descriptor: int) -> None:
    """Move this process into a namespace; a child made for the purpose need not come back. Raises OSError."""
    if _setns is None:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    _setns(descriptor, CLONE_NEWNET)


class Doorway:
    """Enters namespaces by descriptor; keeps a descriptor of the own one for the way back."""

    def __init__(self) -> None:
        self._home = -1
        self.why_closed = ""
        try:
            self._home = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
            enter_for_good(self._home)
        except OSError as error:
            self.why_closed = "setns: %s" % os.strerror(error.errno or errno.EPERM)

    @property
    def is_open(self) -> bool:
        """Tell whether this process may enter namespaces (CAP_SYS_ADMIN)."""
        return not self.why_closed

    @contextlib.contextmanager
    def inside(self, descriptor: int) -> Iterator[None]:
        """Be in a namespace for the length of a ``with`` block.

        Raises OSError where it cannot be entered, LostNamespaceError where the way back fails.
        """
        enter_for_good(descriptor)
        try:
            yield
        finally:
            try:
                enter_for_good(self._home)
            except OSError as error:
                raise LostNamespaceError("cannot return to the own network namespace: %s" % error) from error

    def close(self) -> None:
        """Give the descriptor back."""
        if self._home >= 0:
            os.close(self._home)
            self._home = -1
