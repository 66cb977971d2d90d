# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A small name server that never asks for a receive buffer, where dnsmasq is not installed: each name is 10.9.0.3."""

from __future__ import annotations

import socket
import struct

ADDRESS = ("10.9.0.2", 53)
_HEADER = struct.Struct(">6H")
_ANSWERED = 0x8400
# A name that stands at byte 12, type A, class IN, five minutes, four bytes (RFC 1035, section 4.1.3).
_RECORD = struct.pack(">3HIH", 0xC00C, 1, 1, 300, 4) + socket.inet_aton("10.9.0.3")


def answer(query: bytes) -> bytes | None:
    """Return the answer to a query with one question; None where it is something else."""
    if len(query) < _HEADER.size:
        return None
    number, flags, questions, *_rest = _HEADER.unpack_from(query)
    end = _HEADER.size
    while end < len(query) and query[end]:
        end += 1 + query[end]
    end += 5
    if flags & 0x8000 or questions != 1 or end > len(query):
        return None
    return _HEADER.pack(number, _ANSWERED, 1, 1, 0, 0) + query[_HEADER.size : end] + _RECORD


def main() -> None:
    """Answer for ever."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(ADDRESS)
        print("ready", flush=True)
        while True:
            query, sender = udp.recvfrom(2048)
            said = answer(query)
            if said:
                udp.sendto(said, sender)


if __name__ == "__main__":
    main()
