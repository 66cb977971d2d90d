# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queue statistics, queues and NAPI instances over the generic netlink family "netdev".

Layout: Documentation/netlink/specs/netdev.yaml, include/uapi/linux/netdev.h. The family came with 6.3, queues
and NAPI with 6.8, statistics with 6.10. No privilege is needed. An attribute that is absent is not supported
by the driver, which is not the same as zero.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable
from types import TracebackType
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import (
    NETLINK_GENERIC,
    NetlinkError,
    NetlinkSocket,
    attribute,
    parse_attributes,
    unsigned,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import Message

_GENL_ID_CTRL, _CTRL_CMD_GETFAMILY, _CTRL_ATTR_FAMILY_ID, _CTRL_ATTR_FAMILY_NAME = 16, 3, 1, 2
_QUEUE_GET, _NAPI_GET, _QSTATS_GET = 10, 11, 12
_QSTATS_IFINDEX, _QSTATS_TYPE, _QSTATS_QUEUE, _QSTATS_SCOPE, _SCOPE_QUEUE = 1, 2, 3, 4, 1
_TYPES = {0: "rx", 1: "tx"}
_WHAT = "netdev netlink"
# Command, version.
_HEADER = struct.Struct("=BBxx")
_NAMES = {
    8: "rx_packets",
    9: "rx_bytes",
    10: "tx_packets",
    11: "tx_bytes",
    12: "rx_alloc_fail",
    13: "rx_hw_drops",
    14: "rx_hw_drop_overruns",
    18: "rx_csum_bad",
    23: "rx_hw_drop_ratelimits",
    24: "tx_hw_drops",
    33: "tx_stop",
    34: "tx_wake",
}


class Qstats(NamedTuple):
    """Statistics of a device (``queue`` and ``direction`` None) or of one queue; names as the kernel documents them."""

    ifindex: int
    direction: str | None
    queue: int | None
    stats: dict[str, int]


class Queue(NamedTuple):
    """A queue, "rx" or "tx", and the NAPI instance that serves it, where the driver tells it."""

    ifindex: int
    direction: str
    queue: int
    napi_id: int | None


class Napi(NamedTuple):
    """A NAPI instance: its interrupt, where the driver tells it, and the thread that runs it, where there is one."""

    ifindex: int
    napi_id: int
    irq: int | None
    pid: int | None


class Netdev:
    """The family "netdev" of the kernel, for the current network namespace. Use it in a ``with`` statement.

    Each method gives None where this kernel lacks the request, and raises NetlinkError or ParseError otherwise.
    """

    def __init__(self, sock: NetlinkSocket, family: int) -> None:
        self._socket = sock
        self._family = family

    def __enter__(self) -> Netdev:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the socket; a second call does nothing."""
        self._socket.close()

    def device_qstats(self) -> list[Qstats] | None:
        """Return the statistics of each device whose driver has them."""
        messages = self._dump(_QSTATS_GET)
        return None if messages is None else parse_qstats(messages)

    def queue_qstats(self) -> list[Qstats] | None:
        """Return the statistics of each queue."""
        messages = self._dump(_QSTATS_GET, attribute(_QSTATS_SCOPE, struct.pack("=I", _SCOPE_QUEUE)))
        return None if messages is None else parse_qstats(messages)

    def queues(self) -> list[Queue] | None:
        """Return every queue of every device that is up."""
        messages = self._dump(_QUEUE_GET)
        return None if messages is None else parse_queues(messages)

    def napis(self) -> list[Napi] | None:
        """Return every NAPI instance of every device that is up."""
        messages = self._dump(_NAPI_GET)
        return None if messages is None else parse_napis(messages)

    def _dump(self, command: int, payload: bytes = b"") -> list[Message] | None:
        try:
            return list(self._socket.dump(self._family, _HEADER.pack(command, 1) + payload))
        except NetlinkError as error:
            if error.errno == errno.EOPNOTSUPP:
                return None
            raise


def open_netdev() -> Netdev | None:
    """Open the family in the current network namespace; None where the kernel has none.

    Raises NetlinkError, ParseError.
    """
    sock = NetlinkSocket(NETLINK_GENERIC)
    try:
        name = attribute(_CTRL_ATTR_FAMILY_NAME, b"netdev\0")
        answer = sock.request(_GENL_ID_CTRL, _HEADER.pack(_CTRL_CMD_GETFAMILY, 1) + name)
        return Netdev(sock, parse_family(answer))
    except NetlinkError as error:
        sock.close()
        if error.errno == errno.ENOENT:
            return None
        raise
    except ParseError:
        sock.close()
        raise


def parse_family(messages: Iterable[Message]) -> int:
    """Return the number of the family that the controller answers with. Raises ParseError."""
    for _kind, body in messages:
        return unsigned(_attributes(body).get(_CTRL_ATTR_FAMILY_ID), _WHAT)
    raise ParseError(_WHAT, "no answer")


def parse_qstats(messages: Iterable[Message]) -> list[Qstats]:
    """Decode the answers to QSTATS_GET. Raises ParseError."""
    found = []
    for _kind, body in messages:
        values = _attributes(body)
        stats = {name: unsigned(values[kind], _WHAT) for kind, name in _NAMES.items() if kind in values}
        kind = _optional(values, _QSTATS_TYPE)
        direction = None if kind is None else _TYPES.get(kind, str(kind))
        index = unsigned(values.get(_QSTATS_IFINDEX), _WHAT)
        found.append(Qstats(index, direction, _optional(values, _QSTATS_QUEUE), stats))
    return found


def parse_queues(messages: Iterable[Message]) -> list[Queue]:
    """Decode the answers to QUEUE_GET: id 1, ifindex 2, type 3, napi-id 4. Raises ParseError."""
    found = []
    for _kind, body in messages:
        values = _attributes(body)
        number, index, kind = (unsigned(values.get(key), _WHAT) for key in (1, 2, 3))
        found.append(Queue(index, _TYPES.get(kind, str(kind)), number, _optional(values, 4)))
    return found


def parse_napis(messages: Iterable[Message]) -> list[Napi]:
    """Decode the answers to NAPI_GET: ifindex 1, id 2, irq 3, pid 4. Raises ParseError."""
    found = []
    for _kind, body in messages:
        values = _attributes(body)
        index, number = (unsigned(values.get(key), _WHAT) for key in (1, 2))
        found.append(Napi(index, number, _optional(values, 3), _optional(values, 4)))
    return found


def _attributes(body: memoryview) -> dict[int, bytes]:
    if len(body) < _HEADER.size:
        raise ParseError(_WHAT, f"a body of {len(body)} bytes")
    return parse_attributes(body, _HEADER.size, what=_WHAT)


def _optional(values: dict[int, bytes], kind: int) -> int | None:
    return unsigned(values[kind], _WHAT) if kind in values else None
