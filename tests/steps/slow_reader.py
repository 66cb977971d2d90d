# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A reader on loopback that takes a datagram each millisecond, where four arrive. Runs in a container, alone."""

import socket
import threading
import time

ADDRESS = ("127.0.0.1", 5353)


def send() -> None:
    """Send bursts of twenty, for ever."""
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sender.connect(ADDRESS)
    while True:
        for _number in range(20):
            sender.send(b"x" * 200)
        time.sleep(0.005)


def main() -> None:
    """Read for ever, too slowly."""
    reader = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    reader.bind(ADDRESS)
    threading.Thread(target=send, daemon=True).start()
    while True:
        reader.recv(2048)
        time.sleep(0.001)


if __name__ == "__main__":
    main()
