# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""UDP sockets over sock_diag: buffer, queue, memory and drops of every socket of one network namespace.

Layout: include/uapi/linux/inet_diag.h, man 7 sock_diag. The answer's body is struct inet_diag_msg (72 bytes)
and attributes; INET_DIAG_SKMEMINFO is nine u32: rmem_alloc, rcvbuf, wmem_alloc, sndbuf, fwd_alloc,
wmem_queued, optmem, backlog, drops. Whether a buffer is full is decided on rmem_alloc, not on the queue.
No privilege is needed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache
from socket import AF_INET, AF_INET6, inet_ntop, ntohs
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import NETLINK_SOCK_DIAG, NetlinkSocket
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import (
    HEADER,
    NLMSG_DONE,
)

SOCK_DIAG_BY_FAMILY = 20
IPPROTO_UDP = 17
IPPROTO_UDPLITE = 136

_FAMILIES = {int(AF_INET): "ipv4", int(AF_INET6): "ipv6"}
_PROTOCOLS = {IPPROTO_UDP: "udp", IPPROTO_UDPLITE: "udplite"}
_SKMEMINFO = 7
_WHAT = "sock_diag"

_BODY_SIZE = 72
_MEMORY_SIZE = 36
_HEAD = struct.Struct("=IH")
_ATTRIBUTE = struct.Struct("=HH")
# Of a message's header, length and type; of the body family, state, ports (network order), two addresses,
# interface, cookie, receive queue, user, inode.
_FULL = "IH10xBB2xHH16s16sIQ4xI4xII"
# The same with cookie, receive queue and inode alone.
_NUMBERS = "IH54xQ4xI8xI"

# Cookie, inode, receive queue, rmem_alloc, receive buffer, drops.
RawSocket = tuple[int, int, int, int, int, int]


class UdpSocket(NamedTuple):
    """One UDP socket. Sizes are bytes of truesize; ``drops`` is a u32 that wraps and dies with the socket.

    ``queue_bytes`` is what waits to be read (the rx_queue of /proc/net/udp); ``memory`` is what counts against
    ``receive_buffer``, larger by what was read and not yet returned. ``remote`` is empty for an unconnected
    socket. ``cookie`` names the socket for its life, also where the inode is 0. ``state`` is 7, connected 1.
    """

    family: str
    protocol: str
    local: str
    remote: str
    ifindex: int
    uid: int
    inode: int
    cookie: int
    queue_bytes: int
    memory: int
    receive_buffer: int
    drops: int
    state: int


def open_sock_diag() -> NetlinkSocket:
    """Open the netlink socket for the dumps, in the current network namespace. Raises NetlinkError."""
    return NetlinkSocket(NETLINK_SOCK_DIAG)


def udp_request(family: int, protocol: int = IPPROTO_UDP) -> bytes:
    """Return the request for all sockets of a family, in any state, with SKMEMINFO."""
    return struct.pack("=BBBBI48x", family, protocol, 1 << (_SKMEMINFO - 1), 0, 0xFFFFFFFF)


def dump_udp(sock: NetlinkSocket, family: int, protocol: int = IPPROTO_UDP) -> list[UdpSocket]:
    """Return every socket of AF_INET or AF_INET6, with addresses. Raises NetlinkError, ParseError.

    ENOENT means a kernel without this protocol (UDP-Lite is gone in 7.3) or without udp_diag.
    """
    return parse_udp(sock.dump_buffers(SOCK_DIAG_BY_FAMILY, udp_request(family, protocol)), protocol)


def dump_raw(sock: NetlinkSocket, family: int, protocol: int = IPPROTO_UDP) -> list[RawSocket]:
    """Return (cookie, inode, queue, rmem_alloc, receive buffer, drops) of every socket: the fast way of the window.

    Errors as ``dump_udp``.
    """
    return parse_raw(sock.dump_buffers(SOCK_DIAG_BY_FAMILY, udp_request(family, protocol)))


@lru_cache(maxsize=4096)
def _address(family: int, address: bytes) -> str:
    """Return "192.0.2.1" or "[2001:db8::1]" of an address field of 16 bytes in network order."""
    if family == AF_INET:
        return inet_ntop(AF_INET, address[:4])
    return f"[{inet_ntop(AF_INET6, address)}]"


def parse_udp(buffers: Iterable[bytes], protocol: int = IPPROTO_UDP) -> list[UdpSocket]:
    """Decode the datagrams of a dump. Raises ParseError."""
    found: list[UdpSocket] = []
    name = _PROTOCOLS.get(protocol, str(protocol))
    for columns in _runs(buffers, _FULL):
        for row in zip(*columns[2:]):
            family, state, port, remote_port, local, remote, ifindex, cookie, queue, uid, inode = row[:11]
            if family not in _FAMILIES:
                raise ParseError(_WHAT, f"address family {family}")
            here = f"{_address(family, local)}:{ntohs(port)}"
            there = f"{_address(family, remote)}:{ntohs(remote_port)}" if remote_port or any(remote) else ""
            numbers = (ifindex, uid, inode, cookie, queue, *row[12:], state)
            found.append(UdpSocket(_FAMILIES[family], name, here, there, *numbers))
    return found


def parse_raw(buffers: Iterable[bytes]) -> list[RawSocket]:
    """Decode only the numbers of a dump. Raises ParseError."""
    found: list[RawSocket] = []
    for _length, _type, cookie, queue, inode, _head, memory, size, drops in _runs(buffers, _NUMBERS):
        found += zip(cookie, inode, queue, memory, size, drops)
    return found


def _runs(buffers: Iterable[bytes], text: str) -> Iterator[list[tuple[Any, ...]]]:
    """Yield the columns of each run of sockets whose messages are alike in length and in the place of SKMEMINFO.

    Nearly all messages of a dump are alike, so a run is taken and checked whole, by compiled code; that makes
    it some ten times as fast as a walk through every message. The columns: length, type, those of ``text``,
    the head of SKMEMINFO, rmem_alloc, receive buffer, drops. Raises ParseError.
    """
    for data in buffers:
        offset, total = 0, len(data)
        while offset < total:
            if total - offset < HEADER.size:
                raise ParseError(_WHAT, f"{total - offset} bytes left, a header has {HEADER.size}")
            length, kind = _HEAD.unpack_from(data, offset)
            if length < HEADER.size or offset + length > total:
                raise ParseError(_WHAT, f"length {length} of {total - offset} bytes left")
            stride = (length + 3) & ~3
            if kind == NLMSG_DONE:
                break
            if kind == SOCK_DIAG_BY_FAMILY:
                memory = _memory_offset(data, offset + HEADER.size, offset + length) - offset
                layout = _layout(text, stride, memory)
                # The last message of a datagram may lack its padding.
                whole = (total - offset) // stride * stride
                run = memoryview(data)[offset : offset + whole] if whole else data[offset:].ljust(stride, b"\0")
                rows = list(layout.iter_unpack(run))
                columns = list(zip(*rows))
                marks = (columns[0], columns[1], columns[-4])
                like = sum(column.count(column[0]) for column in marks)
                if like != 3 * len(rows):
                    first = [column[0] for column in marks]
                    alike = [[row[0], row[1], row[-4]] == first for row in rows].index(False)
                    columns = list(zip(*rows[:alike]))
                yield columns
                offset += stride * (len(columns[0]) - 1)
            offset += stride


@lru_cache(maxsize=64)
def _layout(text: str, stride: int, memory: int) -> struct.Struct:
    """Return the format of one message; ``text`` ends with the body, at 88."""
    return struct.Struct(f"={text}{memory - 92}xIII24xI{stride - memory - 36}x")


def _memory_offset(data: bytes, start: int, end: int) -> int:
    """Return where the value of INET_DIAG_SKMEMINFO begins. Raises ParseError where it is absent or short."""
    offset = start + _BODY_SIZE
    while end - offset >= 4:
        length, kind = _ATTRIBUTE.unpack_from(data, offset)
        if length < 4 or offset + length > end:
            break
        if kind == _SKMEMINFO:
            if length < 4 + _MEMORY_SIZE:
                break
            return offset + 4
        offset += (length + 3) & ~3
    raise ParseError(_WHAT, "a socket without SKMEMINFO")
