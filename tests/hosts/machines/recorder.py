# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs in a guest, for record.py: prints what kernel and drivers say there, as JSON of base64 by file name.

Requests and layouts: include/uapi/linux/ethtool.h (SIOCETHTOOL), rtnetlink.h, inet_diag.h. The argument is JSON: the
interfaces' names by their keys; of two of one model the first is asked.
"""

from __future__ import annotations

import base64
import ctypes
import fcntl
import json
import os
import re
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Dict, Optional

PROC = (
    "interrupts", "softirqs", "stat", "net/softnet_stat", "net/snmp", "net/snmp6", "net/netstat", "net/sockstat",
    "net/sockstat6", "net/dev", "net/udp", "net/udp6", "net/stat/nf_conntrack",
)  # fmt: skip
TASK = ("cgroup", "stat", "schedstat", "syscall")
SIOCETHTOOL = 0x8946
STATISTICS, FEATURES, HASH_FUNCTIONS = 1, 4, 5
MOST_STRINGS = 4096
_control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)


def ask(device: str, request: bytes, room: int) -> Optional[bytes]:
    """Return the answer to an ethtool request, ``room`` bytes longer than it, or None when it is refused."""
    buffer = ctypes.create_string_buffer(request + bytes(room), len(request) + room)
    try:
        fcntl.ioctl(_control, SIOCETHTOOL, struct.pack("16sP16x", device.encode(), ctypes.addressof(buffer)))
    except OSError:
        return None
    return buffer.raw


def strings(device: str, which: int) -> Optional[bytes]:
    """Return a string set, cut to what the driver has."""
    found = ask(device, struct.pack("=III", 0x1B, which, 0), 32 * MOST_STRINGS)
    return found and found[: 12 + 32 * struct.unpack_from("=I", found, 8)[0]]


def ethtool(device: str) -> Dict[str, Optional[bytes]]:
    """Return all answers of one device, None where it has no such operation."""
    statistics = ask(device, struct.pack("=II", 0x1D, 0), 8 * MOST_STRINGS)
    rss = ask(device, struct.pack("=IIII", 0x46, 0, 0, 0), 12)
    if rss:
        table, key = struct.unpack_from("=II", rss, 8)
        rss = ask(device, struct.pack("=IIII", 0x46, 0, table, key), 12 + 4 * table + key)
    return {
        "driver": ask(device, struct.pack("=I", 0x03), 192),
        "ring": ask(device, struct.pack("=I", 0x10), 32),
        "channels": ask(device, struct.pack("=I", 0x3C), 32),
        "coalescing": ask(device, struct.pack("=I", 0x0E), 88),
        "flow_hash": ask(device, struct.pack("=IIQ", 0x29, 2, 0), 176),
        "strings": strings(device, STATISTICS),
        "statistics": statistics and statistics[: 8 + 8 * struct.unpack_from("=I", statistics, 4)[0]],
        "feature_names": strings(device, FEATURES),
        "features": ask(device, struct.pack("=II", 0x3A, 4), 64),
        "hash_functions": strings(device, HASH_FUNCTIONS),
        "indirection": rss,
    }


def dump(family: int, kind: int, body: bytes) -> bytes:
    """Return all that a netlink dump answers."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, family) as sock:
        sock.send(struct.pack("=IHHII", 16 + len(body), kind, 0x301, 1, 0) + body)
        data = b""
        while True:
            part = sock.recv(1 << 17)
            data += part
            if any(struct.unpack_from("=H", part, at + 4)[0] in (2, 3) for at in _messages(part)):
                return data


def _messages(part: bytes) -> Iterator[int]:
    at = 0
    while at + 16 <= len(part):
        yield at
        at += (struct.unpack_from("=I", part, at)[0] + 3) & ~3


def main() -> None:
    """Print everything, with the kernel's own version."""
    held = [socket.socket(family, socket.SOCK_DGRAM) for family in (socket.AF_INET, socket.AF_INET6)]
    held[0].bind(("127.0.0.1", 5300))
    held[1].bind(("::1", 5300))
    files = {f"proc/{name}": Path("/proc", name).read_bytes() for name in PROC if Path("/proc", name).exists()}
    files.update({f"proc/task/{name}": Path(f"/proc/{os.getpid()}", name).read_bytes() for name in TASK})
    for key, device in json.loads(sys.argv[1]).items():
        if key.endswith("0"):
            answers = ethtool(device)
            files.update({f"ethtool/{key[:-1]}_{name}.bin": answer for name, answer in answers.items() if answer})
    files["netlink/links.bin"] = dump(0, 18, struct.pack("=Bx2xiII", 0, 0, 0, 0))
    files["netlink/qdiscs.bin"] = dump(0, 38, struct.pack("=B3xiIII", 0, 0, 0, 0, 0))
    for name, family in (("udp4", socket.AF_INET), ("udp6", socket.AF_INET6)):
        files[f"netlink/{name}.bin"] = dump(4, 20, struct.pack("=BBBxI", family, 17, 0xFF, 0xFFFFFFFF) + bytes(48))
    # The compiler's version stands before the kernel's.
    version = re.findall(r"Debian (\d+\.\d+\.\d+)-", Path("/proc/version").read_text())[-1]
    encoded = {name: base64.b64encode(content).decode() for name, content in files.items()}
    print(json.dumps({"kernel": f"{version}-{os.uname().machine}", "files": encoded}))


main()
