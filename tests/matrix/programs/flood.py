# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Paced sender of numbered datagrams: flood.c in Python, for machines without a compiler."""

from __future__ import annotations

import getopt
import json
import socket
import struct
import sys
import time
from typing import List

UDP_SEGMENT = 103
SO_SNDBUFFORCE = 32


def main() -> None:
    options = dict(getopt.getopt(sys.argv[1:], "a:p:f:s:b:e:n:F:g:m:i:o:q:")[0])
    to, port = options.get("-a", "127.0.0.1"), int(options.get("-p", 5300))
    size, burst = int(options.get("-s", 64)), int(options.get("-b", 1))
    period, ticks = int(options.get("-e", 1000)) / 1e6, int(options.get("-n", 1))
    segments, batch = max(1, int(options.get("-g", 1))), int(options.get("-m", 64))
    family = socket.AF_INET6 if ":" in to else socket.AF_INET
    socks: List[socket.socket] = []
    for _ in range(int(options.get("-F", 1))):
        sock = socket.socket(family, socket.SOCK_DGRAM)
        sock.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 8 << 20)
        if "-i" in options and family == socket.AF_INET:
            out = struct.pack("4s4si", bytes(4), bytes(4), socket.if_nametoindex(options["-i"]))
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, out)
        if "-f" in options:
            sock.bind((options["-f"], 0))
        if segments > 1:
            sock.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, size)
        socks.append(sock)
    padding, query = bytes(max(0, size - 8)), bytes.fromhex(options.get("-q", ""))
    print("ready", flush=True)
    if not sys.stdin.readline():
        sys.exit(1)
    number = first = int(options.get("-o", 0))
    refused = flow = 0
    late, started, due = 0.0, time.time(), time.monotonic()
    for tick in range(ticks):
        late = max(late, time.monotonic() - due)
        left = burst
        while left:
            count = min(left, batch)
            for _ in range(count):
                data = b"".join(struct.pack(">Q", number + k) + padding for k in range(segments))
                if query:
                    data = struct.pack(">H", number & 0xFFFF) + query[2:]
                try:
                    socks[flow].sendto(data, (to, port))
                except ConnectionRefusedError:
                    socks[flow].sendto(data, (to, port))
                except OSError:
                    refused += segments
                number += segments
            left -= count
            flow = (flow + 1) % len(socks)
        due += period
        if tick + 1 < ticks:
            time.sleep(max(0.0, due - time.monotonic()))
    sent, ended = number - first - refused, time.time()
    result = {"sent": sent, "refused": refused, "started": started, "ended": ended, "late": late}
    print(json.dumps(result), flush=True)


main()
