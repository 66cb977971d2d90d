# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Decoders of the answers of the ethtool ioctl; bytes in, data out.

Layout: include/uapi/linux/ethtool.h. Everything is in the machine's byte order.
Each decoder raises ParseError for a short answer.
"""

from __future__ import annotations

import struct
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError

_STRING = 32
_RSS_HEAD = struct.calcsize("=IIIIBB2xI")
# ethtool -n IF rx-flow-hash: m v t s d f n r stand for these bits of the hash fields.
_FIELDS = ((1 << 1, "m"), (1 << 2, "v"), (1 << 3, "t"), (1 << 4, "s"), (1 << 5, "d"), (1 << 6, "f"), (1 << 7, "n"))
_DISCARD = 1 << 31


class Driver(NamedTuple):
    """Driver name, its version, firmware version and bus address, empty where the driver gives none."""

    name: str
    version: str
    firmware: str
    bus: str


class Ring(NamedTuple):
    """Descriptors of the receive and transmit rings; a maximum of 0 means that the driver tells none."""

    rx_max: int
    tx_max: int
    rx: int
    tx: int


class Channels(NamedTuple):
    """Numbers of queues; a combined channel both receives and transmits."""

    rx_max: int
    tx_max: int
    combined_max: int
    rx: int
    tx: int
    other: int
    combined: int


class Coalesce(NamedTuple):
    """Interrupt moderation: microseconds and frames before an interrupt."""

    rx_usecs: int
    rx_frames: int
    tx_usecs: int
    tx_frames: int
    adaptive_rx: bool
    adaptive_tx: bool


class Rss(NamedTuple):
    """Receive-side scaling: the queue of each slot; ``hash_function`` is empty where the driver names none.

    ``input_xfrm`` is 1 for a symmetric hash (6.8), else 0.
    """

    indirection: list[int]
    indirection_size: int
    key_size: int
    hash_function: str
    input_xfrm: int


def parse_driver(data: bytes) -> Driver:
    """Decode ETHTOOL_GDRVINFO."""
    parts = _unpack("=I32s32s32s32s", data, "driver")
    name, version, firmware, bus = (_text(part) for part in parts[1:5])
    return Driver(name, version, "" if firmware == "N/A" else firmware, bus)


def parse_ring(data: bytes) -> Ring:
    """Decode ETHTOOL_GRINGPARAM."""
    _command, rx_max, _mini_max, _jumbo_max, tx_max, rx, _mini, _jumbo, tx = _unpack("=9I", data, "ring")
    return Ring(rx_max, tx_max, rx, tx)


def parse_channels(data: bytes) -> Channels:
    """Decode ETHTOOL_GCHANNELS."""
    _command, rx_max, tx_max, _other_max, most, rx, tx, other, combined = _unpack("=9I", data, "channels")
    return Channels(rx_max, tx_max, most, rx, tx, other, combined)


def parse_coalesce(data: bytes) -> Coalesce:
    """Decode ETHTOOL_GCOALESCE."""
    fields = _unpack("=23I", data, "coalescing")
    return Coalesce(fields[1], fields[2], fields[5], fields[6], bool(fields[10]), bool(fields[11]))


def parse_rx_flow_hash(data: bytes) -> str:
    """Decode ETHTOOL_GRXFH: "sd" addresses alone, "sdfn" with ports; "r" discards the flow, "" does not spread it."""
    _command, _flow, bits = _unpack("=IIQ", data, "flow hash")
    return "".join(letter for bit, letter in _FIELDS if bits & bit) + ("r" if bits & _DISCARD else "")


def parse_rss(data: bytes, functions: list[str]) -> Rss:
    """Decode ETHTOOL_GRSSH; ``functions`` are the driver's names of the bits of the hash function.

    The answer to a request without room for table and key has their sizes alone.
    """
    head = _unpack("=IIIIBB2xI", data, "indirection")
    slots, key, bits, transform = head[2], head[3], head[4], head[5]
    table: list[int] = []
    if len(data) > _RSS_HEAD:
        if len(data) < _RSS_HEAD + 4 * slots:
            raise ParseError("ethtool indirection", f"{slots} slots in {len(data)} bytes")
        table = list(struct.unpack_from(f"={slots}I", data, _RSS_HEAD))
    names = [name for bit, name in enumerate(functions) if bits >> bit & 1]
    return Rss(table, slots, key, " ".join(names), transform)


def parse_rss_key(data: bytes) -> bytes:
    """Decode the hash key of ETHTOOL_GRSSH, which follows the table; b"" where the driver shows none."""
    head = _unpack("=IIIIBB2xI", data, "hash key")
    start = _RSS_HEAD + 4 * head[2]
    if len(data) < start + head[3]:
        raise ParseError("ethtool hash key", f"{head[3]} bytes of key in {len(data)} bytes")
    return bytes(data[start : start + head[3]])


def parse_rx_rings(data: bytes) -> int:
    """Decode ETHTOOL_GRXRINGS: the number of queues that the indirection table may name."""
    _command, _flow, rings = _unpack("=IIQ", data, "receive queues")
    return int(rings)


def parse_features(data: bytes, names: list[str]) -> dict[str, bool]:
    """Decode the answer to ETHTOOL_GFEATURES: a head, then blocks of 32 features.

    A block is available, requested, active and never_changed.
    """
    _command, blocks = _unpack("=II", data, "features")
    if len(names) > 32 * blocks:
        raise ParseError("ethtool features", f"{len(names)} names in {blocks} blocks")
    active = _unpack("=8x" + "8xI4x" * ((len(names) + 31) // 32), data, "features")
    return {name: bool(active[index // 32] >> index % 32 & 1) for index, name in enumerate(names) if name}


def parse_strings(data: bytes) -> list[str]:
    """Decode ETHTOOL_GSTRINGS: every name as the driver has it, blanks included."""
    _command, _group, count = _unpack("=III", data, "strings")
    if len(data) < 12 + _STRING * count:
        raise ParseError("ethtool strings", f"{count} names in {len(data)} bytes")
    return [_text(data[at : at + _STRING]) for at in range(12, 12 + _STRING * count, _STRING)]


def parse_statistics(data: bytes) -> list[int]:
    """Decode ETHTOOL_GSTATS: u64 values in the order of the names."""
    _command, count = _unpack("=II", data, "statistics")
    if len(data) < 8 + 8 * count:
        raise ParseError("ethtool statistics", f"{count} values in {len(data)} bytes")
    return list(struct.unpack_from(f"={count}Q", data, 8))


def _unpack(layout: str, data: bytes, what: str) -> tuple[Any, ...]:
    if len(data) < struct.calcsize(layout):
        raise ParseError("ethtool " + what, f"{len(data)} bytes")
    return struct.unpack_from(layout, data)


def _text(value: bytes) -> str:
    return value.split(b"\0", 1)[0].decode("utf-8", "backslashreplace")
