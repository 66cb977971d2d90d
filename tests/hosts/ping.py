# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Pings an IPv4 address until the end of its input, and tells for how long there was no answer: ``ping.py ADDRESS``.

Says "ready" when the first answer is there. The last line is JSON: ``sent``, ``received``, and ``longest_gap``, the
seconds from one answer to the next, or to the end. ICMP echo by RFC 792; a raw socket, so root.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import socket
import struct
import sys
import time

PERIOD = 0.1
_FIRST_SECONDS = 30.0
_SETTLE_SECONDS = 1.0


def checksum(data: bytes) -> int:
    """Return the one's complement sum of RFC 1071 of an even number of bytes."""
    total = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    answer: int = ~total & 0xFFFF
    return answer


def request(identity: int, number: int) -> bytes:
    """Return an echo request: type 8, code 0, checksum, identifier, sequence number."""
    text = struct.pack("!BBHHH", 8, 0, 0, identity, number & 0xFFFF)
    return struct.pack("!BBHHH", 8, 0, checksum(text), identity, number & 0xFFFF)


def main() -> int:
    """Ping until the end of the input."""
    address, identity = sys.argv[1], os.getpid() & 0xFFFF
    sent, answers, longest = 0, set[int](), 0.0
    end, began, ready = float("inf"), time.monotonic(), False
    last = due = began
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        while (moment := time.monotonic()) < end:
            if moment >= due and end == float("inf"):
                # Whatever the network says of it, no answer is what it comes to.
                with contextlib.suppress(OSError):
                    raw.sendto(request(identity, sent), (address, 0))
                sent, due = sent + 1, max(due + PERIOD, moment)
            watched = [raw, sys.stdin] if end == float("inf") else [raw]
            came = select.select(watched, [], [], max(0.0, min(due, end) - time.monotonic()))[0]
            moment = time.monotonic()
            if raw in came:
                try:
                    packet = raw.recv(2048)
                except OSError:  # host unreachable, told of an earlier request
                    continue
                kind, _code, _sum, whose, number = struct.unpack_from("!BBHHH", packet, (packet[0] & 15) * 4)
                if (kind, whose) == (0, identity):
                    longest = max(longest, moment - last) if ready else 0.0
                    last = moment
                    answers.add(number)
                    if not ready:
                        ready = True
                        print("ready", flush=True)
            elif sys.stdin in came and not sys.stdin.readline():
                longest = max(longest, moment - last)
                end, due = moment + _SETTLE_SECONDS, float("inf")
            if not ready and moment - began > _FIRST_SECONDS:
                print(f"{address} does not answer", file=sys.stderr)
                return 1
    print(json.dumps({"sent": sent, "received": len(answers), "longest_gap": round(longest, 3)}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
