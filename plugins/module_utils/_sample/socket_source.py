# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""All UDP sockets of one namespace, one family and one protocol, as numbers; addresses only when asked for."""

from __future__ import annotations

import re
import socket
import struct
from typing import Collection, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import NetlinkError, NetlinkSocket
from ansible_collections.rxpath.linux.plugins.module_utils._collect.proc_udp import parse_proc_udp
from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag import (
    IPPROTO_UDP,
    IPPROTO_UDPLITE,
    SOCK_DIAG_BY_FAMILY,
    RawSocket,
    UdpSocket,
    open_sock_diag,
    parse_raw,
    parse_udp,
    udp_request,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag_one import exact_request, read_one
from ansible_collections.rxpath.linux.plugins.module_utils._sample.access import Access


class Kind(NamedTuple):
    """Which sockets: address family, IP protocol, and where /proc shows them."""

    family: int
    protocol: int
    name: str
    file: str
    sockstat: str


KINDS = (
    Kind(int(socket.AF_INET), IPPROTO_UDP, "ipv4", "udp", "UDP"),
    Kind(int(socket.AF_INET6), IPPROTO_UDP, "ipv6", "udp6", "UDP6"),
    Kind(int(socket.AF_INET), IPPROTO_UDPLITE, "ipv4", "udplite", "UDPLITE"),
    Kind(int(socket.AF_INET6), IPPROTO_UDPLITE, "ipv6", "udplite6", "UDPLITE6"),
)


# UDP: inuse 2 mem 0\nUDPLITE: inuse 0\n and the same with 6; read once for each namespace, so only what matters here.
_IN_USE = re.compile(rb"^(UDP6?|UDPLITE6?): inuse ([0-9]+)", re.MULTILINE)
_PROBE = struct.pack("=BBBBI48x", socket.AF_INET, IPPROTO_UDP, 0, 0, 0)


class SocketSource:
    """Reads one kind of sockets; remembers the last answer, so that a socket that is gone can still be named.

    A socket's number is its cookie; read from /proc, which has none, it is the inode.
    """

    def __init__(self, kind: Kind, diag: Optional[NetlinkSocket], access: Access) -> None:
        self.kind = kind
        self._diag = diag
        self._access = access
        self._request = udp_request(kind.family, kind.protocol)
        self._answers: list[bytes] = []
        self._rows: list[RawSocket] = []

    def read(self) -> list[RawSocket]:
        """Return every socket; to be called inside the namespace where there is no netlink.

        Raises OSError, ParseError. A kernel without the protocol has no sockets of it.
        """
        try:
            if self._diag is not None:
                answers = self._diag.dump_buffers(SOCK_DIAG_BY_FAMILY, self._request)
                rows = parse_raw(answers)
            else:
                answers = [self._access.read(self.kind.file)]
                rows = [
                    (one.inode, one.inode, one.queue_bytes, one.memory, one.receive_buffer, one.drops)
                    for one in self._parse(answers)
                ]
        except NetlinkError as error:
            if self.kind.protocol == IPPROTO_UDPLITE:
                return []
            raise error
        except FileNotFoundError:
            return []
        self._answers = answers
        self._rows = rows
        return rows

    def refresh(self, numbers: Collection[int]) -> Optional[list[RawSocket]]:
        """Return every socket, those with these numbers as they are now and the others as they were last read.

        None where one of them cannot be asked for alone: it is gone, or shares its address.
        """
        if self._diag is None:
            return None
        changed: dict[int, RawSocket] = {}
        for number in numbers:
            request = exact_request(self._answers, number, self.kind.family, self.kind.protocol)
            try:
                row = read_one(self._diag, request) if request else None
            except (OSError, ParseError):
                row = None
            if row is None:
                return None
            changed[number] = row
        self._rows = [changed.get(row[0], row) for row in self._rows]
        return self._rows

    def find(self, numbers: Collection[int]) -> dict[int, UdpSocket]:
        """Return the sockets with these numbers, with addresses, as the last answer had them. Raises ParseError."""
        answers = self._answers
        if self._diag is not None:
            # A cookie stands in the answer as it is; only the pieces that hold one are decoded.
            marks = [struct.pack("=Q", number) for number in numbers]
            answers = [answer for answer in answers if any(mark in answer for mark in marks)]
        found = {one.cookie or one.inode: one for one in self._parse(answers)}
        return {number: found[number] for number in numbers if number in found}

    def _parse(self, answers: list[bytes]) -> list[UdpSocket]:
        if self._diag is not None:
            return parse_udp(answers, self.kind.protocol)
        if not answers:
            return []
        protocol = "udplite" if self.kind.protocol == IPPROTO_UDPLITE else "udp"
        try:
            return parse_proc_udp(answers[0].decode("ascii", "replace"), self.kind.name, protocol)
        except ParseError:
            # An empty file: this kernel was built without the family.
            if not answers[0].strip():
                return []
            raise


def open_udp_diag() -> NetlinkSocket:
    """Open a socket for the dumps in the current namespace. Raises OSError, also where the kernel has no udp_diag."""
    sock = open_sock_diag()
    try:
        _probe(sock)
    except (OSError, ParseError):
        sock.close()
        raise
    return sock


_has_udp_diag: list[bool] = []


def _probe(sock: NetlinkSocket) -> None:
    """Ask once whether the kernel has udp_diag: the answer is the machine's, and costs a walk through all sockets."""
    if not _has_udp_diag:
        # No socket has the state bits 0: the answer is empty, and an error where the handler is absent.
        sock.dump_buffers(SOCK_DIAG_BY_FAMILY, _PROBE)
        _has_udp_diag.append(True)


def in_use(access: Access) -> Optional[dict[str, int]]:
    """Return how many sockets of each kind a namespace has, by the names of ``Kind.sockstat``; None where untold.

    A kind that is absent does not exist in this kernel. To be called inside the namespace.
    """
    counts: dict[str, int] = {}
    try:
        for name in ("sockstat", "sockstat6"):
            try:
                found = _IN_USE.findall(access.read(name))
            except FileNotFoundError:
                continue
            counts.update({key.decode("ascii"): int(number) for key, number in found})
    except OSError:
        return None
    return counts
