# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which device queues an AF_XDP socket is bound to, over sock_diag.

Layout: include/uapi/linux/xdp_diag.h (since 5.1, where the kernel has CONFIG_XDP_SOCKETS_DIAG). Needs
CAP_NET_ADMIN.
"""

from __future__ import annotations

import errno
import struct
from collections.abc import Iterable

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import (
    NETLINK_SOCK_DIAG,
    NetlinkError,
    NetlinkSocket,
    parse_attributes,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import Message
from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag import SOCK_DIAG_BY_FAMILY

_AF_XDP = 44
_SHOW_INFO = 1
_XDP_DIAG_INFO = 1
# family, protocol, padding, inode, what to show, cookie
_REQUEST = struct.Struct("=BBHIIII")
# family, type, padding, inode, cookie
_BODY = struct.Struct("=BBHIII")
_INFO = struct.Struct("=II")


def bound_queues() -> list[tuple[int, int]] | None:
    """Return (interface index, queue) of each bound AF_XDP socket of this network namespace.

    None where the kernel cannot tell, or not to us. Raises NetlinkError, ParseError.
    """
    with NetlinkSocket(NETLINK_SOCK_DIAG) as sock:
        try:
            request = _REQUEST.pack(_AF_XDP, 0, 0, 0, _SHOW_INFO, 0, 0)
            return parse_bound_queues(list(sock.dump(SOCK_DIAG_BY_FAMILY, request)))
        except NetlinkError as error:
            if error.errno in (errno.ENOENT, errno.EOPNOTSUPP, errno.EPERM, errno.EINVAL):
                return None
            raise


def parse_bound_queues(messages: Iterable[Message]) -> list[tuple[int, int]]:
    """Decode a dump of AF_XDP sockets; one that is not bound has interface 0 and is left out. Raises ParseError."""
    found = []
    for _kind, body in messages:
        if len(body) < _BODY.size:
            raise ParseError("AF_XDP socket", f"a body of {len(body)} bytes")
        info = parse_attributes(body, _BODY.size, what="AF_XDP socket").get(_XDP_DIAG_INFO, b"")
        if len(info) >= _INFO.size:
            index, queue = _INFO.unpack_from(info)
            if index:
                found.append((index, queue))
    return sorted(found)
