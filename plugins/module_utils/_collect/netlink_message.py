# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Netlink messages and attributes: bytes to data and back, no socket.

Layout: include/uapi/linux/netlink.h, man 7 netlink. A message is a header of 16 bytes (length, type,
flags, sequence, port) and a body, padded to 4; a body holds attributes of a header of 4 bytes (length,
type) and a value, padded to 4. Everything is in the machine's byte order.
"""

from __future__ import annotations

import struct
import sys
from collections.abc import Container, Iterator
from typing import Union

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError

NLMSG_ERROR = 2
NLMSG_DONE = 3
NLMSG_OVERRUN = 4

HEADER = struct.Struct("=IHHII")
_ATTRIBUTE = struct.Struct("=HH")
# NLA_F_NESTED and NLA_F_NET_BYTEORDER are flags in the attribute's type.
_ATTRIBUTE_TYPE = 0x3FFF

Buffer = Union[bytes, memoryview]
Message = tuple[int, memoryview]


def iter_messages(data: Buffer, what: str = "netlink message") -> Iterator[tuple[int, int, int, int, int]]:
    """Yield (type, flags, sequence, start of the body, end of the body) of every message in one datagram.

    Raises ParseError where a length does not fit the datagram.
    """
    offset, total = 0, len(data)
    while offset < total:
        if total - offset < HEADER.size:
            raise ParseError(what, f"{total - offset} bytes left, a header has {HEADER.size}")
        length, kind, flags, sequence, _port = HEADER.unpack_from(data, offset)
        if length < HEADER.size or offset + length > total:
            raise ParseError(what, f"length {length} of {total - offset} bytes left")
        yield kind, flags, sequence, offset + HEADER.size, offset + length
        offset += (length + 3) & ~3


def iter_attributes(
    buf: Buffer,
    offset: int = 0,
    end: int | None = None,
    what: str = "netlink attribute",
    wanted: Container[int] | None = None,
) -> list[tuple[int, bytes]]:
    """Return (type, value) of every attribute between two offsets, in order and with repeats (a list repeats its type).

    ``wanted`` leaves all other types out: a link has sixty attributes, of which a dozen matter. Raises ParseError
    where a length does not fit.
    """
    data = bytes(buf)
    stop = len(data) if end is None else end
    if not 0 <= offset <= stop <= len(data):
        raise ParseError(what, f"bounds {offset} to {stop} of {len(data)} bytes")
    # A node has thousands of them to read in each sample: no generator, no slice of a slice.
    found = []
    unpack = _ATTRIBUTE.unpack_from
    while stop - offset >= 4:
        length, kind = unpack(data, offset)
        if length < 4 or offset + length > stop:
            raise ParseError(what, f"length {length} of {stop - offset} bytes left")
        kind &= _ATTRIBUTE_TYPE
        if wanted is None or kind in wanted:
            found.append((kind, data[offset + 4 : offset + length]))
        offset += (length + 3) & ~3
    return found


def parse_attributes(
    buf: Buffer,
    offset: int = 0,
    end: int | None = None,
    what: str = "netlink attribute",
    wanted: Container[int] | None = None,
) -> dict[int, bytes]:
    """Return the attributes by type; of a repeated type the last. Raises ParseError as ``iter_attributes``."""
    return dict(iter_attributes(buf, offset, end, what, wanted))


def attribute(kind: int, value: bytes) -> bytes:
    """Encode one attribute with its padding."""
    return _ATTRIBUTE.pack(len(value) + 4, kind) + value + b"\0" * (-len(value) % 4)


def unsigned(value: bytes | None, what: str) -> int:
    """Decode an unsigned number of 1, 2, 4 or 8 bytes by its length (the kernel's "uint" may be 4 or 8).

    Raises ParseError for any other length and where the attribute is absent (None).
    """
    if value is None or len(value) not in (1, 2, 4, 8):
        raise ParseError(what, "absent" if value is None else f"a number of {len(value)} bytes")
    return int.from_bytes(value, sys.byteorder)


def text(value: bytes | None) -> str:
    """Decode a string attribute; the trailing zero is dropped, what is no UTF-8 is kept as escapes."""
    return (value or b"").split(b"\0", 1)[0].decode("utf-8", "backslashreplace")


def iter_bodies(data: bytes) -> Iterator[Message]:
    """Yield (type, body) of every message of one datagram that carries data. Errors as ``iter_messages``."""
    view = memoryview(data)
    for kind, _flags, _sequence, start, end in iter_messages(view):
        if kind > NLMSG_OVERRUN:
            yield kind, view[start:end]
