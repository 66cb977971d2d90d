# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a datagram costs in a receive buffer on this machine: measured with a socket of our own, over loopback.

The kernel charges an skb's truesize, which depends on its allocation classes and so on version and configuration.
The table is loopback's; a NIC's driver may charge more (half a page for up to 1,500 bytes on most).
"""

from __future__ import annotations

import socket
import struct

from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns

# The allocation classes are steps: the smallest measured payload that is not smaller than a datagram's decides.
PAYLOADS = (64, 128, 192, 256, 384, 512, 640, 768, 1024, 1280, 1472, 2048, 3584, 4096, 8192)
# include/uapi/asm-generic/socket.h; asm-generic is right for all architectures but alpha, mips, parisc and sparc.
_SO_MEMINFO = 55


def measure_truesize(unknowns: Unknowns) -> list[list[int]]:
    """Return [payload, truesize] in bytes, in rising order; empty where loopback is down."""
    table: list[list[int]] = []
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
            receiver.bind(("127.0.0.1", 0))
            # Connected to itself: a datagram of anyone else's cannot get in between.
            receiver.connect(receiver.getsockname())
            receiver.setblocking(False)
            for payload in PAYLOADS:
                receiver.send(b"\0" * payload)
                charged = struct.unpack_from("=I", receiver.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 36))[0]
                receiver.recv(1)
                if charged:
                    table.append([payload, int(charged)])
    except OSError as error:
        unknowns.add("the memory that a datagram takes (truesize)", "loopback: %s" % error)
        return []
    return table
