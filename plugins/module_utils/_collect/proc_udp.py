# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""/proc/net/udp, udp6, udplite and udplite6: the sockets of a namespace where sock_diag is not to be had.

Source: udp4_format_sock() in net/ipv4/udp.c, man 5 proc. The file tells neither the receive buffer nor
rmem_alloc; on a busy host it may skip or repeat a socket.
"""

from __future__ import annotations

import socket
import struct

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag import UdpSocket


#    sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt uid timeout inode ref pointer drops
#   425: 0100007F:0035 00000000:0000 07 00000000:00033C00 00:00000000 00000000   0       0 10273 2 00000000e3a3fa1c 17
def parse_proc_udp(text: str, family: str, protocol: str = "udp") -> list[UdpSocket]:
    """Return the sockets; ``family`` is "ipv4" or "ipv6" (the file does not say).

    What the file does not have: ``cookie``, ``ifindex`` and ``receive_buffer`` are 0, ``memory`` is the queue's bytes,
    which is its lower bound. Raises ParseError.
    """
    lines = text.split("\n")
    if "local_address" not in lines[0]:
        raise ParseError("/proc/net/udp", "no header")
    sockets = []
    for line in lines[1:]:
        fields = line.split()
        if not fields:
            continue
        if len(fields) < 13:
            raise ParseError("/proc/net/udp", f"row {line[:40]!r} has {len(fields)} fields, 13 are expected")
        try:
            queue = int(fields[4].partition(":")[2], 16)
            sockets.append(
                UdpSocket(
                    family=family,
                    protocol=protocol,
                    local=_endpoint(fields[1], family),
                    remote=_endpoint(fields[2], family) if fields[2].strip("0:") else "",
                    ifindex=0,
                    uid=int(fields[7]),
                    inode=int(fields[9]),
                    cookie=0,
                    queue_bytes=queue,
                    memory=queue,
                    receive_buffer=0,
                    drops=int(fields[12]),
                    state=int(fields[3], 16),
                )
            )
        except (ValueError, OSError, struct.error) as error:
            raise ParseError("/proc/net/udp", f"row {line[:60]!r} is garbled") from error
    return sockets


def _endpoint(text: str, family: str) -> str:
    """Return "127.0.0.1:53" or "[::1]:53"; the address is printed as u32 words of the machine's byte order."""
    address, _colon, port = text.partition(":")
    words = [int(address[start : start + 8], 16) for start in range(0, len(address), 8)]
    packed = struct.pack(f"={len(words)}I", *words)
    if family == "ipv6":
        return f"[{socket.inet_ntop(socket.AF_INET6, packed)}]:{int(port, 16)}"
    return f"{socket.inet_ntop(socket.AF_INET, packed)}:{int(port, 16)}"
