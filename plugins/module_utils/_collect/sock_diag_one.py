# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One known UDP socket over sock_diag, by its address and its cookie.

A dump walks through the sockets of the whole machine, whichever namespace it is for (0.3 ms at 10,000 sockets); this
question costs a look into one slot of the hash table (13 µs).
"""

from __future__ import annotations

import struct
from collections.abc import Iterable

from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import NetlinkSocket
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import HEADER
from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag import (
    SOCK_DIAG_BY_FAMILY,
    RawSocket,
    parse_raw,
    udp_request,
)

# From a message's start: ports, two addresses, interface, cookie (struct inet_diag_sockid).
_ID = struct.Struct("=2s2s16s16sI8s")
_ID_OFFSET = HEADER.size + 4
_COOKIE_OFFSET = _ID_OFFSET + 40
_MESSAGE_SIZE = HEADER.size + 72


def exact_request(answers: Iterable[bytes], cookie: int, family: int, protocol: int) -> bytes | None:
    """Return the request for a socket that an earlier dump has shown; None where it is not in there.

    Source and destination are swapped, as udp_dump_one() in net/ipv4/udp_diag.c wants them.
    """
    mark = struct.pack("=Q", cookie)
    for answer in answers:
        place = answer.find(mark)
        while place >= 0:
            start = place - _COOKIE_OFFSET
            # The same eight bytes elsewhere are not at the cookie's place in a message of this family.
            if start >= 0 and start % 4 == 0 and start + _MESSAGE_SIZE <= len(answer):
                kind = HEADER.unpack_from(answer, start)[1]
                if kind == SOCK_DIAG_BY_FAMILY and answer[start + HEADER.size] == family:
                    sport, dport, src, dst, interface, number = _ID.unpack_from(answer, start + _ID_OFFSET)
                    head = udp_request(family, protocol)[:8]
                    return head + _ID.pack(dport, sport, dst, src, interface, number)
            place = answer.find(mark, place + 1)
    return None


def read_one(sock: NetlinkSocket, request: bytes) -> RawSocket | None:
    """Return the socket as it is now; None where the kernel names another one for the address.

    Raises NetlinkError, ENOENT where there is none (closed, or one of a reuse-port group), and ParseError.
    """
    messages = sock.request(SOCK_DIAG_BY_FAMILY, request)
    data = b"".join(HEADER.pack(HEADER.size + len(body), kind, 0, 0, 0) + bytes(body) for kind, body in messages)
    rows = parse_raw([data])
    return rows[0] if len(rows) == 1 and struct.pack("=Q", rows[0][0]) == request[-8:] else None
