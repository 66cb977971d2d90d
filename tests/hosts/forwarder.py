# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A forwarder of datagrams, as a proxy is one; says "ready", and at SIGTERM what it read and sent, as JSON.

-p PORT to listen on, -t ADDRESS -q PORT to send to, -d N: drop every Nth datagram read, -w MICROSECONDS of work for
each datagram, -F BYTES of receive buffer.
"""

from __future__ import annotations

import getopt
import json
import signal
import socket
import sys
import time
from types import FrameType
from typing import Optional


def main() -> None:
    """Forward until told to end."""
    options = dict(getopt.getopt(sys.argv[1:], "p:t:q:d:w:F:")[0])
    to = (options["-t"], int(options["-q"]))
    every, work = int(options.get("-d", 0)), int(options.get("-w", 0)) / 1e6
    counts = {"read": 0, "sent": 0, "dropped": 0}
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    if "-F" in options:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(options["-F"]) // 2)
    sock.bind(("0.0.0.0", int(options["-p"])))
    out = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    out.connect(to)

    def end(_number: int, _frame: Optional[FrameType]) -> None:
        print(json.dumps(counts), flush=True)
        sys.exit(0)

    signal.signal(signal.SIGTERM, end)
    print("ready", flush=True)
    while True:
        data = sock.recv(65535)
        counts["read"] += 1
        busy = time.monotonic() + work
        while work and time.monotonic() < busy:
            pass
        if every and counts["read"] % every == 0:
            counts["dropped"] += 1
            continue
        try:
            out.send(data)
            counts["sent"] += 1
        except ConnectionRefusedError:
            counts["dropped"] += 1


if __name__ == "__main__":
    main()
