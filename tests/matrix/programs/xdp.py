# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Attach an XDP program to eth0 that drops every IPv4/UDP datagram with an odd number (see flood); until SIGTERM."""

from __future__ import annotations

import ctypes
import os
import platform
import signal
import socket
import struct

BPF_PROG_LOAD, BPF_LINK_CREATE, PROG_TYPE_XDP, ATTACH_XDP = 5, 28, 6, 37
SYSCALL = {"x86_64": 321, "aarch64": 280, "ppc64le": 361, "s390x": 351}[platform.machine()]
LAST_BYTE = 14 + 20 + 8 + 7  # of the 64-bit number, in the frame
XDP_DROP, XDP_PASS = 1, 2


def bpf(command: int, attributes: bytes) -> int:
    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(attributes.ljust(160, b"\0"), 160)
    result = libc.syscall(SYSCALL, command, buffer, 160)
    if result < 0:
        raise OSError(ctypes.get_errno(), "bpf(%d): %s" % (command, os.strerror(ctypes.get_errno())))
    return int(result)


def step(code: int, target: int, source: int, offset: int, value: int) -> bytes:
    return struct.pack("<BBhi", code, source << 4 | target, offset, value)


PROGRAM = b"".join((
    step(0x61, 2, 1, 0, 0),  # r2 = data
    step(0x61, 3, 1, 4, 0),  # r3 = data_end
    step(0xBF, 4, 2, 0, 0),  # r4 = data
    step(0x07, 4, 0, 0, LAST_BYTE + 1),
    step(0x2D, 4, 3, 6, 0),  # too short: pass
    step(0x71, 5, 2, 23, 0),  # IPv4's protocol
    step(0x55, 5, 0, 4, 17),  # not UDP: pass
    step(0x71, 5, 2, LAST_BYTE, 0),
    step(0x57, 5, 0, 0, 1),
    step(0x15, 5, 0, 1, 0),  # even: pass
    step(0x05, 0, 0, 2, 0),
    step(0xB7, 0, 0, 0, XDP_PASS),
    step(0x95, 0, 0, 0, 0),
    step(0xB7, 0, 0, 0, XDP_DROP),
    step(0x95, 0, 0, 0, 0),
))  # fmt: skip


def main() -> None:
    code = ctypes.create_string_buffer(PROGRAM, len(PROGRAM))
    text = ctypes.create_string_buffer(b"GPL")
    load = struct.pack("<IIQQ", PROG_TYPE_XDP, len(PROGRAM) // 8, ctypes.addressof(code), ctypes.addressof(text))
    program = bpf(BPF_PROG_LOAD, load)
    link = bpf(BPF_LINK_CREATE, struct.pack("<IIII", program, socket.if_nametoindex("eth0"), ATTACH_XDP, 0))
    signal.signal(signal.SIGTERM, lambda *_: None)
    print("ready", flush=True)
    signal.pause()
    os.close(link)
    print("{}", flush=True)


if __name__ == "__main__":
    main()
