# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""In which namespace the other end of a veth is: the kernel tells a number that only this namespace uses (nsid).

RTM_GETNSID (include/uapi/linux/net_namespace.h, man 8 ip-netns "set") turns a namespace's descriptor into that number.
"""

from __future__ import annotations

import os
import struct
from typing import Any, Iterable, Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import attribute, parse_attributes
from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import open_rtnetlink
from ansible_collections.rxpath.linux.plugins.module_utils._sample.devices import lost_on
from ansible_collections.rxpath.linux.plugins.module_utils._sample.watch import Watch

_RTM_NEWNSID, _RTM_GETNSID = 88, 90
_NETNSA_NSID, _NETNSA_FD = 1, 3


def name_peers(watch: Watch, devices: Sequence[dict[str, Any]], watches: Sequence[Watch]) -> None:
    """Fill in ``peer_namespace`` of the devices that lost packets and whose other end is in another namespace."""
    wanted = [row for row in devices if row["peer_netnsid"] is not None and lost_on(row)]
    if not wanted or not watch.is_open:
        return
    opened: list[tuple[int, int]] = []
    try:
        for other in watches:
            if other.is_open and other is not watch and other.found.inode is not None:
                opened.append((other.descriptor(), other.found.inode))
        with watch.inside():
            numbers = numbers_of(opened)
    except (OSError, ParseError):
        # The device's name still tells which one it is.
        return
    finally:
        for descriptor, _inode in opened:
            os.close(descriptor)
    for row in wanted:
        row["peer_namespace"] = numbers.get(row["peer_netnsid"])


def numbers_of(descriptors: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Return {nsid: inode} for namespaces given as (descriptor, inode), as the current namespace numbers them.

    Namespaces without a number here have no link to this one. Raises OSError, ParseError.
    """
    found: dict[int, int] = {}
    with open_rtnetlink() as sock:
        for descriptor, inode in descriptors:
            payload = b"\0\0\0\0" + attribute(_NETNSA_FD, struct.pack("=I", descriptor))
            for kind, body in sock.request(_RTM_GETNSID, payload):
                value = parse_attributes(body, 4).get(_NETNSA_NSID, b"") if kind == _RTM_NEWNSID else b""
                number = struct.unpack("=i", value)[0] if len(value) == 4 else -1
                if number >= 0:
                    found[number] = inode
    return found
