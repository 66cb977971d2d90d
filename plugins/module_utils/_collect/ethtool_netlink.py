# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the generic netlink family "ethtool" tells and the ioctl does not.

Which coalescing parameters a driver can set, and the size of its receive buffers. Layout:
Documentation/netlink/specs/ethtool.yaml, include/uapi/linux/ethtool_netlink.h. Coalescing came with 5.7, the
buffer's size with 5.17. These requests only read and need no privilege.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netdev_genl import parse_family
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import (
    NETLINK_GENERIC,
    NetlinkError,
    NetlinkSocket,
    attribute,
    parse_attributes,
    unsigned,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import Message

_GENL_ID_CTRL, _CTRL_CMD_GETFAMILY, _CTRL_ATTR_FAMILY_NAME = 16, 3, 2
_RINGS_GET, _COALESCE_GET = 15, 19
# Every request begins with a nest 1 that names the device (attribute 2).
_HEADER_NEST, _DEV_NAME, _NESTED = 1, 2, 1 << 15
_RX_BUF_LEN = 10
_COALESCE = {
    "rx_usecs": 2,
    "rx_frames": 3,
    "rx_usecs_irq": 4,
    "rx_frames_irq": 5,
    "tx_usecs": 6,
    "tx_frames": 7,
    "adaptive_rx": 11,
    "adaptive_tx": 12,
}
_HEAD = struct.Struct("=BBxx")
_WHAT = "ethtool netlink"
# The kernel has no such family or request, or the driver no such operation.
_LACKING = (errno.ENOENT, errno.EOPNOTSUPP, errno.EPROTONOSUPPORT)


def settable_coalesce(device: str) -> frozenset[str] | None:
    """Return the coalescing parameters that a driver can set; None where kernel or driver does not tell.

    The kernel leaves a parameter out of the answer that is zero and that the driver did not declare
    (coalesce_put_u32() in net/ethtool/coalesce.c). Raises NetlinkError, ENODEV for an unknown device; ParseError.
    """
    messages = _ask(device, _COALESCE_GET)
    return None if messages is None else parse_coalesce_fields(messages)


def rx_buffer_length(device: str) -> int | None:
    """Return the bytes of one receive buffer, None where the driver does not tell. Raises as settable_coalesce."""
    messages = _ask(device, _RINGS_GET)
    return None if messages is None else parse_rx_buffer_length(messages)


def parse_coalesce_fields(messages: Iterable[Message]) -> frozenset[str]:
    """Decode the answer to COALESCE_GET: the names of the parameters that are in it. Raises ParseError."""
    values = _attributes(messages)
    return frozenset(name for name, kind in _COALESCE.items() if kind in values)


def parse_rx_buffer_length(messages: Iterable[Message]) -> int | None:
    """Decode the answer to RINGS_GET. Raises ParseError."""
    value = _attributes(messages).get(_RX_BUF_LEN)
    return unsigned(value, _WHAT) or None if value is not None else None


def _attributes(messages: Iterable[Message]) -> dict[int, bytes]:
    for _kind, body in messages:
        if len(body) < _HEAD.size:
            raise ParseError(_WHAT, f"a body of {len(body)} bytes")
        return parse_attributes(body, _HEAD.size, what=_WHAT)
    raise ParseError(_WHAT, "no answer")


def _ask(device: str, command: int) -> list[Message] | None:
    name = attribute(_DEV_NAME, device.encode(errors="replace") + b"\0")
    with NetlinkSocket(NETLINK_GENERIC) as sock:
        try:
            family = attribute(_CTRL_ATTR_FAMILY_NAME, b"ethtool\0")
            number = parse_family(sock.request(_GENL_ID_CTRL, _HEAD.pack(_CTRL_CMD_GETFAMILY, 1) + family))
            return sock.request(number, _HEAD.pack(command, 1) + attribute(_HEADER_NEST | _NESTED, name))
        except NetlinkError as error:
            if error.errno in _LACKING:
                return None
            raise
