# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Driver statistics and receive settings of a network device through the ethtool ioctl.

Layout: include/uapi/linux/ethtool.h, SIOCETHTOOL. Every request here only reads and needs no privilege.
A device without the operation (EOPNOTSUPP) gives None; any other refusal is an EthtoolError.
The decoders are in ``ethtool_message``.
"""

from __future__ import annotations

import array
import errno
import fcntl
import os
import socket
import struct
from types import TracebackType

from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool_message import (
    Channels,
    Coalesce,
    Driver,
    Ring,
    Rss,
    parse_channels,
    parse_coalesce,
    parse_driver,
    parse_features,
    parse_ring,
    parse_rss,
    parse_rss_key,
    parse_rx_flow_hash,
    parse_rx_rings,
    parse_statistics,
    parse_strings,
)

_SIOCETHTOOL = 0x8946
_GDRVINFO, _GRINGPARAM, _GCHANNELS, _GCOALESCE = 0x03, 0x10, 0x3C, 0x0E
_GSTRINGS, _GSTATS, _GSSET_INFO, _GRXFH, _GRSSH = 0x1B, 0x1D, 0x37, 0x29, 0x46
_GFEATURES, _GRXRINGS = 0x3A, 0x2D
_SS_STATS, _SS_FEATURES, _SS_RSS_HASH_FUNCS = 1, 4, 5
_FLOWS = {"tcp4": 1, "udp4": 2, "tcp6": 5, "udp6": 6}
# A string set larger than any driver's means that the answer is not to be trusted (128 queues of mlx5: 12,000).
_MAX_STRINGS = 1 << 17
# The kernel writes as many values as the driver has by then, whatever was asked for: a channel change between the
# two requests must end in our spare room.
_SPARE = 1 << 16


class EthtoolError(OSError):
    """The kernel or the driver refused a request; ``errno`` is theirs, ENODEV where the device is gone."""

    def __init__(self, number: int, what: str) -> None:
        super().__init__(number, f"{what}: {os.strerror(number)}")
        self.what = what


class Ethtool:
    """One socket for the requests, in the network namespace in which it was opened. Use it in a ``with`` statement."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
        self._names: dict[tuple[str, int, int], list[str]] = {}

    def __enter__(self) -> Ethtool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket; a second call does nothing."""
        self._socket.close()

    def driver(self, device: str) -> Driver | None:
        """Return the driver, its versions and its bus address."""
        data = self._request(device, "driver", struct.pack("=I192x", _GDRVINFO))
        return None if data is None else parse_driver(data)

    def stats(self, device: str) -> list[tuple[str, int]] | None:
        """Return the driver's own counters in the driver's order; names can repeat (vmxnet3).

        The names are asked for once for each device and number of counters; they change only with that number.
        """
        for _attempt in range(3):
            count = self._count(device, _SS_STATS)
            if not count:
                return None if count is None else []
            names = self._strings(device, _SS_STATS, count)
            data = self._request(device, "statistics", struct.pack(f"=II{8 * count + _SPARE}x", _GSTATS, count))
            if names is None or data is None:
                return None
            values = parse_statistics(data)
            if len(values) == len(names):
                return list(zip(names, values))
        raise EthtoolError(errno.EAGAIN, f"{device}: the number of statistics keeps changing")

    def ring(self, device: str) -> Ring | None:
        """Return descriptors in the receive ring, and the most that the driver takes."""
        data = self._request(device, "ring", struct.pack("=I32x", _GRINGPARAM))
        return None if data is None else parse_ring(data)

    def channels(self, device: str) -> Channels | None:
        """Return the numbers of queues, and the most that the driver takes."""
        data = self._request(device, "channels", struct.pack("=I32x", _GCHANNELS))
        return None if data is None else parse_channels(data)

    def coalesce(self, device: str) -> Coalesce | None:
        """Return the interrupt moderation; times in microseconds."""
        data = self._request(device, "coalescing", struct.pack("=I88x", _GCOALESCE))
        return None if data is None else parse_coalesce(data)

    def rx_flow_hash(self, device: str, flow: str) -> str | None:
        """Return the header fields that spread a flow type ("udp4", "udp6", "tcp4", "tcp6"), as ethtool's letters."""
        data = self._request(device, "flow hash", struct.pack("=II184x", _GRXFH, _FLOWS[flow]))
        return None if data is None else parse_rx_flow_hash(data)

    def rss(self, device: str) -> Rss | None:
        """Return the indirection table, the size of the key and the hash function."""
        data = self._rss(device)
        if data is None:
            return None
        count = self._count(device, _SS_RSS_HASH_FUNCS) or 0
        return parse_rss(data, self._strings(device, _SS_RSS_HASH_FUNCS, count) or [])

    def rss_key(self, device: str) -> bytes | None:
        """Return the hash key; b"" where the driver spreads by a table but shows no key."""
        data = self._rss(device)
        return None if data is None else parse_rss_key(data)

    def rx_rings(self, device: str) -> int | None:
        """Return the number of receive queues that the driver spreads over now."""
        data = self._request(device, "receive queues", struct.pack("=II184x", _GRXRINGS, 0))
        return None if data is None else parse_rx_rings(data)

    def features(self, device: str) -> dict[str, bool] | None:
        """Return every offload by the kernel's name ("rx-gro", "rx-lro", …), and whether it is on."""
        count = self._count(device, _SS_FEATURES)
        names = self._strings(device, _SS_FEATURES, count) if count else None
        if not count or names is None:
            return None
        blocks = (count + 31) // 32
        data = self._request(device, "features", struct.pack(f"=II{16 * blocks}x", _GFEATURES, blocks))
        return None if data is None else parse_features(data, names)

    def _rss(self, device: str) -> bytes | None:
        """Return the whole answer to ETHTOOL_GRSSH: its sizes are asked for first."""
        sizes = self._request(device, "indirection", struct.pack("=I20x", _GRSSH))
        if sizes is None:
            return None
        empty = parse_rss(sizes, [])
        room = 4 * empty.indirection_size + empty.key_size
        request = struct.pack(f"=IIII8x{room + _SPARE}x", _GRSSH, 0, empty.indirection_size, empty.key_size)
        return self._request(device, "indirection", request)

    def _count(self, device: str, group: int) -> int | None:
        """Return how many strings a set has; None without such a set."""
        data = self._request(device, "string sets", struct.pack("=IIQI", _GSSET_INFO, 0, 1 << group, 0))
        if data is None:
            return None
        _command, _reserved, mask, count = struct.unpack("=IIQI", data)
        if not mask >> group & 1:
            return None
        if count > _MAX_STRINGS:
            raise EthtoolError(errno.E2BIG, f"{device}: string sets")
        return int(count)

    def _strings(self, device: str, group: int, count: int) -> list[str] | None:
        key = (device, group, count)
        if key not in self._names:
            data = self._request(device, "strings", struct.pack(f"=III{32 * count + _SPARE}x", _GSTRINGS, group, count))
            if data is None:
                return None
            self._names[key] = parse_strings(data)
        return self._names[key]

    def _request(self, device: str, what: str, request: bytes) -> bytes | None:
        """Give the kernel a buffer that begins with a command, and return what it made of it."""
        buffer = array.array("B", request)
        address, _length = buffer.buffer_info()
        try:
            name = device.encode()
        except UnicodeEncodeError as error:
            raise EthtoolError(errno.ENODEV, f"{device!a}: {what}") from error
        if len(name) > 15:
            raise EthtoolError(errno.ENODEV, f"{device}: {what}")
        try:
            fcntl.ioctl(self._socket, _SIOCETHTOOL, struct.pack("@16sP16x", name, address))
        except OSError as error:
            if error.errno == errno.EOPNOTSUPP:
                return None
            raise EthtoolError(error.errno or errno.EIO, f"{device}: {what}") from error
        return buffer.tobytes()
