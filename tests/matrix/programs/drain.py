# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""UDP reader: drain.c in Python. Also the Python reader of the matrix, and the one with a socket filter."""

from __future__ import annotations

import ctypes
import getopt
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from typing import Optional, Set

SO_RCVBUFFORCE = 33
SO_ATTACH_FILTER = 26
UDP_GRO = 104
ending = False


def stop(number: int, frame: object) -> None:
    global ending
    ending = True


def spin(seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass


class Reader:
    """A socket, and what came out of it."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self.received = self.datagrams = self.segment = 0
        self.numbers: Set[int] = set()

    def take(self, flags: int = 0) -> bool:
        try:
            data, control, _, _ = self.sock.recvmsg(65536, 64, flags)
        except (BlockingIOError, InterruptedError):
            return False
        segment = next((struct.unpack("i", v[:4])[0] for lv, t, v in control if (lv, t) == (17, UDP_GRO)), 0)
        self.received += 1
        self.segment = segment or self.segment
        for at in range(0, len(data), segment or len(data) or 1):
            self.datagrams += 1
            if len(data) - at >= 8:
                self.numbers.add(struct.unpack_from(">Q", data, at)[0])
        return True


def refuse_odd(sock: socket.socket) -> None:
    """Attach a classic BPF program that drops a datagram of an odd number (its last byte; the UDP header has 8)."""
    program = ((0x30, 0, 0, 15), (0x45, 0, 1, 1), (0x06, 0, 0, 0), (0x06, 0, 0, 0xFFFF))
    code = b"".join(struct.pack("HBBI", *step) for step in program)
    buffer = ctypes.create_string_buffer(code)
    sock_fprog = struct.pack("HxxxxxxQ", len(program), ctypes.addressof(buffer))
    sock.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, sock_fprog)


def main() -> None:
    parsed, _ = getopt.getopt(sys.argv[1:], "a:p:B:F:w:P:C:M:gRj:i:6:d:l:qo")
    options = dict(parsed)
    address, port, mode = options.get("-a", "0.0.0.0"), int(options.get("-p", 5300)), options.get("-M", "r")[0]
    work, pause = float(options.get("-w", 0)) / 1e6, float(options.get("-P", 0)) / 1e3
    cycle, live = float(options.get("-C", 0)) / 1e3, float(options.get("-l", 0))
    downstream: Optional[int] = int(options["-d"]) if "-d" in options else None
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_DGRAM)
    for flag, level, name in (
        ("-R", socket.SOL_SOCKET, socket.SO_REUSEPORT),
        ("-j", socket.SOL_SOCKET, socket.SO_REUSEADDR),
        ("-g", socket.IPPROTO_UDP, UDP_GRO),
    ):
        if flag in options:
            sock.setsockopt(level, name, 1)
    if "-B" in options:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, int(options["-B"]))
    if "-F" in options:
        sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, int(options["-F"]))
    if "-6" in options:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(options["-6"]))
    if "-o" in options:
        refuse_odd(sock)
    sock.bind((address, port))
    if "-j" in options:
        index = socket.if_nametoindex(options["-i"])
        group = struct.pack("4s4si", socket.inet_aton(options["-j"]), bytes(4), index)
        sock.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, group)
    signal.signal(signal.SIGTERM, stop)
    reader = Reader(sock)
    poller = select.epoll() if mode == "e" else None
    if poller is not None:
        poller.register(sock, select.EPOLLIN)
    print("ready", flush=True)
    born = time.monotonic()
    while not ending:
        now = time.monotonic()
        if live and now - born > live:
            sock.close()
            while not ending:
                time.sleep(0.05)
            break
        if mode == "n":
            time.sleep(0.05)
            continue
        if cycle and now % cycle < pause:
            time.sleep(pause - now % cycle)
            continue
        if not (poller.poll(0.05) if poller is not None else select.select([sock], [], [], 0.05)[0]):
            continue
        if reader.take(socket.MSG_DONTWAIT):
            if work:
                spin(work)
            if downstream is not None:
                os.write(downstream, bytes(64))
    before = reader.received
    while sock.fileno() >= 0 and "-q" not in options and reader.take(socket.MSG_DONTWAIT):
        pass
    result = {"received": reader.received, "datagrams": reader.datagrams, "distinct": len(reader.numbers),
              "left": reader.received - before, "segment": reader.segment}  # fmt: skip
    print(json.dumps(result), flush=True)


main()
