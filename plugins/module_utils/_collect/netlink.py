# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One netlink socket that asks and dumps; the messages themselves are in ``netlink_message``.

A socket stays in the network namespace in which it was opened, wherever the process goes afterwards.
Protocol and flags: man 7 netlink, include/uapi/linux/netlink.h.
"""

from __future__ import annotations

import errno
import os
import socket
import struct
from collections.abc import Iterator
from types import TracebackType

from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import (
    HEADER,
    NLMSG_DONE,
    NLMSG_ERROR,
    NLMSG_OVERRUN,
    Message,
    attribute,
    iter_attributes,
    iter_bodies,
    iter_messages,
    parse_attributes,
    text,
    unsigned,
)

__all__ = [
    "NETLINK_GENERIC",
    "NETLINK_NETFILTER",
    "NETLINK_ROUTE",
    "NETLINK_SOCK_DIAG",
    "Message",
    "NetlinkError",
    "NetlinkSocket",
    "attribute",
    "iter_attributes",
    "iter_bodies",
    "iter_messages",
    "parse_attributes",
    "text",
    "unsigned",
]

NETLINK_ROUTE = 0
NETLINK_SOCK_DIAG = 4
NETLINK_NETFILTER = 12
NETLINK_GENERIC = 16

NLM_F_REQUEST = 0x001
NLM_F_ACK = 0x004
NLM_F_DUMP_INTR = 0x010
NLM_F_DUMP = 0x300

_ERROR = struct.Struct("=i")
# The kernel fills at most 32 KiB of a dump at a time, whatever it is offered; a single answer is smaller still.
_RECEIVE_SIZE = 65536
# As plain numbers: an operation on an enum costs as much as a system call.
_MSG_TRUNC = int(socket.MSG_TRUNC)


class NetlinkError(OSError):
    """The kernel refused a request, or its answer did not arrive whole. ``errno`` is the kernel's."""

    def __init__(self, number: int, what: str) -> None:
        super().__init__(number, f"{what}: {os.strerror(number)}")
        self.what = what


class NetlinkSocket:
    """A netlink socket of one protocol in the current network namespace. Use it in a ``with`` statement.

    ``timeout`` (seconds) bounds each wait for the kernel. The receive timeout is the socket's own
    (SO_RCVTIMEO) and not Python's, which would cost one more system call for each read.
    """

    def __init__(self, protocol: int, timeout: float = 5.0, receive_buffer: int = 1 << 20) -> None:
        try:
            self._socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW | socket.SOCK_CLOEXEC, protocol)
        except OSError as error:
            raise NetlinkError(error.errno or errno.EIO, f"netlink protocol {protocol}") from error
        self._sequence = 0
        self._what = f"netlink protocol {protocol}"
        seconds = int(timeout)
        timeval = struct.pack("@ll", seconds, int((timeout - seconds) * 1e6))
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, timeval)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)

    def __enter__(self) -> NetlinkSocket:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket; a second call does nothing."""
        self._socket.close()

    def fileno(self) -> int:
        """Return the descriptor."""
        return self._socket.fileno()

    def dump_buffers(self, kind: int, payload: bytes, flags: int = 0, attempts: int = 5) -> list[bytes]:
        """Ask for a dump and return the datagrams of the whole answer, undecoded.

        A dump that the kernel marks as interrupted by a change (NLM_F_DUMP_INTR) or that overran the
        receive buffer (ENOBUFS) is asked for again, ``attempts`` times in all.
        Raises NetlinkError: the kernel's number; EINTR after the last attempt; ETIMEDOUT; EMSGSIZE for a cut answer.
        Raises ParseError for an answer that is no netlink.
        """
        last = errno.EINTR
        for _attempt in range(attempts):
            try:
                buffers = self._exchange(kind, payload, flags | NLM_F_DUMP, until_done=True)
            except NetlinkError as error:
                if error.errno not in (errno.ENOBUFS, errno.EINTR, errno.EBUSY):
                    raise
                last = error.errno
                continue
            if buffers is not None:
                return buffers
        raise NetlinkError(last, f"{self._what}, dump {kind}")

    def dump(self, kind: int, payload: bytes, flags: int = 0) -> Iterator[Message]:
        """Yield (type, body) of every message of a dump. Errors as ``dump_buffers``."""
        for data in self.dump_buffers(kind, payload, flags):
            yield from iter_bodies(data)

    def request(self, kind: int, payload: bytes, flags: int = 0) -> list[Message]:
        """Send one request and return the messages of its answer up to the acknowledgement.

        Errors as ``dump_buffers``.
        """
        buffers = self._exchange(kind, payload, flags | NLM_F_ACK, until_done=False) or []
        return [message for data in buffers for message in iter_bodies(data)]

    def _exchange(self, kind: int, payload: bytes, flags: int, until_done: bool) -> list[bytes] | None:
        """Send and receive until DONE or the acknowledgement; None for a dump that was interrupted by a change."""
        self._sequence = (self._sequence + 1) & 0xFFFFFFFF
        header = HEADER.pack(HEADER.size + len(payload), kind, flags | NLM_F_REQUEST, self._sequence, 0)
        try:
            self._socket.sendto(header + payload, (0, 0))
        except OSError as error:
            raise NetlinkError(error.errno or errno.EIO, self._what) from error
        buffers: list[bytes] = []
        interrupted = False
        while True:
            data = self._receive()
            finished = False
            wanted = False
            for message, marks, sequence, start, end in iter_messages(data, self._what):
                if sequence != self._sequence:
                    continue
                wanted = True
                interrupted = interrupted or bool(marks & NLM_F_DUMP_INTR)
                if message in (NLMSG_ERROR, NLMSG_DONE):
                    number = -_ERROR.unpack_from(data, start)[0] if end - start >= 4 else 0
                    if number > 0:
                        raise NetlinkError(number, f"{self._what}, request {kind}")
                    finished = True
                elif message == NLMSG_OVERRUN:
                    raise NetlinkError(errno.ENOBUFS, self._what)
            if wanted:
                buffers.append(data)
            if finished:
                return None if interrupted and until_done else buffers

    def _receive(self) -> bytes:
        """Return one datagram of the kernel's."""
        while True:
            try:
                data, _ancillary, flags, sender = self._socket.recvmsg(_RECEIVE_SIZE)
            except BlockingIOError as error:
                raise NetlinkError(errno.ETIMEDOUT, self._what) from error
            except OSError as error:
                raise NetlinkError(error.errno or errno.EIO, self._what) from error
            if sender[0] != 0:
                continue  # another process wrote to our port; only port 0 is the kernel
            if flags & _MSG_TRUNC:
                raise NetlinkError(errno.EMSGSIZE, self._what)
            return data
