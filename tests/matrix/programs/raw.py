# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Raw sender of what ordinary sockets do not send: broken checksums, lone fragments, foreign source addresses.

``raw.py KIND COUNT RATE``, KIND one of checksum4, checksum6, fragment4, fragments6, source=ADDRESS. Waits for a
line on stdin, prints what it sent as one line of JSON. To 10.9.0.2 (fd09::2) port 5300 over eth0, at layer 2.
"""

from __future__ import annotations

import json
import socket
import struct
import sys
import time
from typing import Callable, Dict, List

MACS = bytes((2, 0, 0, 0, 9, 2)) + bytes((2, 0, 0, 0, 9, 1))
V4, V6 = ("10.9.0.1", "10.9.0.2"), ("fd09::1", "fd09::2")
# Up to 76 bytes with the UDP header are verified on arrival, longer ones when they are read (CHECKSUM_BREAK).
PAYLOAD = 200


def checksum(data: bytes) -> int:
    data += b"\0" * (len(data) % 2)
    total: int = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def udp(source: bytes, target: bytes, payload: bytes, wrong: int = 0) -> bytes:
    length = 8 + len(payload)
    header = struct.pack("!HHHH", 40000, 5300, length, 0)
    value = checksum(source + target + struct.pack("!IHBB", length, 0, 0, 17) + header + payload) or 0xFFFF
    return header[:6] + struct.pack("!H", value ^ wrong) + payload


def ipv4(source: str, body: bytes, identity: int, fragment: int = 0) -> bytes:
    def pack(value: int) -> bytes:
        return struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(body), identity & 0xFFFF, fragment, 64, 17, value,
                           socket.inet_aton(source), socket.inet_aton(V4[1]))  # fmt: skip

    return MACS + b"\x08\x00" + pack(checksum(pack(0))) + body


def ipv6(body: bytes, following: int = 17) -> bytes:
    ends = [socket.inet_pton(socket.AF_INET6, end) for end in V6]
    return MACS + b"\x86\xdd" + struct.pack("!IHBB", 6 << 28, len(body), following, 64) + b"".join(ends) + body


def number(index: int, size: int = PAYLOAD) -> bytes:
    return struct.pack("!Q", index).ljust(size, b"\0")


def datagram4(index: int, source: str = V4[0], wrong: int = 0) -> List[bytes]:
    ends = (socket.inet_aton(source), socket.inet_aton(V4[1]))
    return [ipv4(source, udp(*ends, number(index), wrong), index)]


def datagram6(index: int, wrong: int = 0) -> List[bytes]:
    ends = [socket.inet_pton(socket.AF_INET6, end) for end in V6]
    return [ipv6(udp(ends[0], ends[1], number(index), wrong))]


def lone_fragment(index: int) -> List[bytes]:
    """The first half of a datagram; the second never comes."""
    ends = [socket.inet_aton(end) for end in V4]
    return [ipv4(V4[0], udp(ends[0], ends[1], number(index, 1592))[:800], index, 0x2000)]


def three_fragments(index: int) -> List[bytes]:
    """A whole datagram over IPv6 in three fragments."""
    ends = [socket.inet_pton(socket.AF_INET6, end) for end in V6]
    whole = udp(ends[0], ends[1], number(index, 2992))
    parts = []
    for at in range(0, len(whole), 1000):
        more = 1 if at + 1000 < len(whole) else 0
        parts.append(ipv6(struct.pack("!BBHI", 17, 0, at | more, index) + whole[at : at + 1000], 44))
    return parts


def main() -> None:
    kind, count, rate = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    kinds: Dict[str, Callable[[int], List[bytes]]] = {
        "checksum4": lambda index: datagram4(index, wrong=0x5555),
        "checksum6": lambda index: datagram6(index, wrong=0x5555),
        "fragment4": lone_fragment,
        "fragments6": three_fragments,
    }
    build = kinds.get(kind) or (lambda index: datagram4(index, source=kind.partition("=")[2]))
    sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sock.bind(("eth0", 0))
    frames = [frame for index in range(count) for frame in build(index)]
    each = len(frames) // count
    print("ready", flush=True)
    if not sys.stdin.readline():
        sys.exit(1)
    started, due = time.time(), time.monotonic()
    for index in range(count):
        for frame in frames[index * each : (index + 1) * each]:
            sock.send(frame)
        due += 1.0 / rate
        time.sleep(max(0.0, due - time.monotonic()))
    print(json.dumps({"sent": count, "started": started, "ended": time.time()}), flush=True)


main()
