# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The pod's clients: a burst of queries twice a second, and how many were answered before the next one.

``client.py QUERY FILE`` writes "asked answered" into the file after each burst.
"""

from __future__ import annotations

import select
import socket
import sys
import time
from pathlib import Path

SERVER = ("10.9.0.2", 53)
BURST = 2000
PERIOD = 0.5
_SO_RCVBUFFORCE = 33


def main() -> None:
    """Ask for ever."""
    query, told = bytes.fromhex(sys.argv[1]), Path(sys.argv[2])
    asked = answered = 0
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        # The clients are to lose nothing themselves.
        udp.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, 16 << 20)
        udp.connect(SERVER)
        print("ready", flush=True)
        sys.stdin.readline()
        while True:
            end = time.monotonic() + PERIOD
            asked += burst(udp, query)
            answered += answers(udp, end)
            fresh = told.with_suffix(".new")
            fresh.write_text(f"{asked} {answered}", encoding="ascii")
            fresh.rename(told)


def burst(udp: socket.socket, query: bytes) -> int:
    """Send as fast as can be; return how many queries left."""
    sent = 0
    for number in range(BURST):
        try:
            udp.send(number.to_bytes(2, "big") + query[2:])
            sent += 1
        except ConnectionRefusedError:
            continue  # nobody listens just now; the error belongs to an earlier datagram
    return sent


def answers(udp: socket.socket, end: float) -> int:
    """Count what comes back until the time is over."""
    found = 0
    while True:
        left = end - time.monotonic()
        if left <= 0 or not select.select([udp], [], [], left)[0]:
            return found
        try:
            udp.recv(2048)
            found += 1
        except ConnectionRefusedError:
            continue


if __name__ == "__main__":
    main()
