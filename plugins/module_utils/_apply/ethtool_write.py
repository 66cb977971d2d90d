# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The ethtool requests that set: ring, channels, coalescing, hash fields, indirection table, hash key.

Layout: include/uapi/linux/ethtool.h. Each needs CAP_NET_ADMIN in the user namespace that owns the network namespace.
Ring, channels and coalescing are read first and sent back with only the asked fields changed: a field that this code
does not know keeps its value. Every refusal is an EthtoolError with the kernel's or the driver's number, EOPNOTSUPP
where the driver lacks the operation.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Mapping, Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import Ethtool, EthtoolError

_GRINGPARAM, _SRINGPARAM = 0x10, 0x11
_GCHANNELS, _SCHANNELS = 0x3C, 0x3D
_GCOALESCE, _SCOALESCE = 0x0E, 0x0F
_GRXFH, _SRXFH = 0x29, 0x2A
_GRSSH, _SRSSH = 0x46, 0x47
# Places in the arrays of u32 of struct ethtool_ringparam, ethtool_channels and ethtool_coalesce.
_RING = {"rx": 5, "tx": 8}
_CHANNELS = {"rx": 5, "tx": 6, "combined": 8}
_COALESCE = {"rx_usecs": 1, "rx_frames": 2, "tx_usecs": 5, "tx_frames": 6, "adaptive_rx": 10, "adaptive_tx": 11}
_FLOWS = {"udp4": 2, "udp6": 6}
_FIELDS = {"m": 1 << 1, "v": 1 << 2, "t": 1 << 3, "s": 1 << 4, "d": 1 << 5, "f": 1 << 6, "n": 1 << 7, "r": 1 << 31}
_KEEP_TABLE = 0xFFFFFFFF
# command, context, slots, bytes of key, hash function, transformation of the input, two words that are reserved
_RSS = struct.Struct("=IIIIBB2xI")


class EthtoolWriter(Ethtool):
    """The reading requests and the writing ones, over one socket. Use it in a ``with`` statement."""

    def set_ring(self, device: str, values: Mapping[str, int]) -> None:
        """Set "rx" and "tx" descriptors. The kernel refuses more than the driver's maximum with EINVAL."""
        answer = self._must(device, "ring", struct.pack("=I32x", _GRINGPARAM))
        self._must(device, "ring", with_fields(answer, _SRINGPARAM, _RING, values))

    def set_channels(self, device: str, values: Mapping[str, int]) -> None:
        """Set numbers of "rx", "tx" and "combined" queues.

        EINVAL above the maximum, where an indirection table that somebody set names a queue that would go, and
        where an AF_XDP socket is bound to one.
        """
        answer = self._must(device, "channels", struct.pack("=I32x", _GCHANNELS))
        self._must(device, "channels", with_fields(answer, _SCHANNELS, _CHANNELS, values))

    def set_coalesce(self, device: str, values: Mapping[str, int]) -> None:
        """Set interrupt moderation by the names of ``Coalesce``."""
        answer = self._must(device, "coalescing", struct.pack("=I88x", _GCOALESCE))
        self._must(device, "coalescing", with_fields(answer, _SCOALESCE, _COALESCE, values))

    def set_rx_flow_hash(self, device: str, flow: str, fields: str) -> None:
        """Set the header fields, as ethtool's letters, that spread a flow type ("udp4", "udp6")."""
        bits = 0
        for letter in fields:
            bits |= _FIELDS[letter]
        self._must(device, "flow hash", struct.pack("=IIQ176x", _SRXFH, _FLOWS[flow], bits))

    def set_indirection(self, device: str, table: Sequence[int] | None) -> None:
        """Set the queue of each slot; None gives back the driver's own spread, and the right to change it."""
        slots = [] if table is None else list(table)
        self._set_rss(device, len(slots), struct.pack(f"={len(slots)}I", *slots))

    def set_rss_key(self, device: str, key: bytes) -> None:
        """Set the hash key alone."""
        self._set_rss(device, _KEEP_TABLE, b"", key)

    def _set_rss(self, device: str, slots: int, table: bytes, key: bytes = b"") -> None:
        """Send a change of table or key; the hash function (0) stays.

        The byte of the input transformation is sent back as it was read: since 6.8 a zero there would switch a
        symmetric hash off, before that it must be zero, as it reads (ethtool_set_rxfh() in net/ethtool/ioctl.c).
        """
        answer = self._must(device, "indirection", struct.pack("=I20x", _GRSSH))
        transform = _RSS.unpack_from(answer)[5]
        self._must(device, "indirection", _RSS.pack(_SRSSH, 0, slots, len(key), 0, transform, 0) + table + key)

    def _must(self, device: str, what: str, request: bytes) -> bytes:
        """Make a request that has to be supported."""
        answer = self._request(device, what, request)
        if answer is None:
            raise EthtoolError(errno.EOPNOTSUPP, f"{device}: {what}")
        return answer


def with_fields(answer: bytes, command: int, places: Mapping[str, int], values: Mapping[str, int]) -> bytes:
    """Return an answer as the request that sets it, with the named fields changed."""
    words = list(struct.unpack(f"={len(answer) // 4}I", answer))
    words[0] = command
    for name, value in values.items():
        words[places[name]] = int(value)
    return struct.pack(f"={len(words)}I", *words)
