# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a datagram of the probe carries: who it belongs to, its flow, its number, and when it was handed over. Pure.

20 bytes in network byte order, the rest of the datagram is zeros: "RX", the run's token (32 bits, drawn anew for each
run, so that what a stranger or an earlier run sends is not counted), the flow, the number within the flow, and the
sender's monotonic clock in nanoseconds, which is compared with itself alone.
"""

from __future__ import annotations

import struct
from typing import NamedTuple, Optional

MAGIC = b"RX"
HEADER = struct.Struct("!2sIHIQ")
# What UDP over IPv4 can carry: 65,535 less 20 bytes of IP and 8 of UDP (RFC 768, RFC 791).
MIN_SIZE, MAX_SIZE = HEADER.size, 65507


class Header(NamedTuple):
    """The first bytes of a probe's datagram; ``moment`` is in nanoseconds of the sender's monotonic clock."""

    token: int
    flow: int
    number: int
    moment: int


def build(header: Header, size: int) -> bytes:
    """Return a datagram of ``size`` bytes (MIN_SIZE to MAX_SIZE)."""
    return HEADER.pack(MAGIC, *header).ljust(size, b"\0")


def read(data: bytes) -> Optional[Header]:
    """Return what a datagram says of itself, or None where it is none of a probe's."""
    if len(data) < HEADER.size or not data.startswith(MAGIC):
        return None
    return Header(*HEADER.unpack_from(data)[1:])
