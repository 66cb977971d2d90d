# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links and queueing disciplines of one network namespace over rtnetlink.

Layout: man 7 rtnetlink, include/uapi/linux/{if_link,rtnetlink,pkt_sched,gen_stats}.h. No privilege is needed.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import (
    NETLINK_ROUTE,
    NetlinkSocket,
    parse_attributes,
    text,
    unsigned,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import Message

_RTM_NEWLINK, _RTM_GETLINK = 16, 18
_RTM_NEWQDISC, _RTM_GETQDISC = 36, 38
# Family, type, index, flags, change; family, index, handle, parent, info.
_LINK = struct.Struct("=BxHiII")
_QDISC = struct.Struct("=BxxxiIII")

_IFLA_ADDRESS, _IFLA_IFNAME, _IFLA_MTU, _IFLA_LINK, _IFLA_MASTER, _IFLA_OPERSTATE = 1, 3, 4, 5, 10, 16
_IFLA_LINKINFO, _IFLA_STATS64, _IFLA_LINK_NETNSID, _IFLA_XDP = 18, 23, 37, 43
_NETNSID_NOT_ASSIGNED = 0xFFFFFFFF
_INFO_KIND, _INFO_SLAVE_KIND = 1, 4
_XDP_ATTACHED, _XDP_PROG_ID, _XDP_DRV_PROG_ID, _XDP_SKB_PROG_ID, _XDP_HW_PROG_ID = 2, 4, 5, 6, 7
_TCA_KIND, _TCA_STATS2 = 1, 7
_STATS_BASIC, _STATS_QUEUE, _STATS_PKT64 = 1, 3, 8

_OPERSTATES = ("unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up")
_XDP_MODES = {1: "native", 2: "generic", 3: "offload", 4: "multiple"}
# struct rtnl_link_stats64; older kernels end before rx_nohandler or rx_otherhost_dropped.
# fmt: off
_STATISTICS = (
    "rx_packets", "tx_packets", "rx_bytes", "tx_bytes", "rx_errors", "tx_errors", "rx_dropped", "tx_dropped",
    "multicast", "collisions", "rx_length_errors", "rx_over_errors", "rx_crc_errors", "rx_frame_errors",
    "rx_fifo_errors", "rx_missed_errors", "tx_aborted_errors", "tx_carrier_errors", "tx_fifo_errors",
    "tx_heartbeat_errors", "tx_window_errors", "rx_compressed", "tx_compressed", "rx_nohandler",
    "rx_otherhost_dropped",
)
# fmt: on


class Link(NamedTuple):
    """One network device. ``link`` is the lower device or a veth's peer, in namespace ``link_netnsid`` if that is set.

    ``kind`` is empty for a device that no link type made (a NIC, lo). ``xdp_mode`` is native, generic, offload,
    multiple, or None without a program. ``stats64`` has the names of /sys/class/net/IF/statistics and
    rx_otherhost_dropped, which is nowhere else. ``flags`` are IFF_*.
    """

    ifindex: int
    name: str
    kind: str
    master: int | None
    link: int | None
    link_netnsid: int | None
    mtu: int
    operstate: str
    mac: str
    xdp_mode: str | None
    xdp_prog_id: int | None
    slave_kind: str
    stats64: dict[str, int]
    flags: int


_WANTED = frozenset(
    (
        _IFLA_LINKINFO,
        _IFLA_XDP,
        _IFLA_LINK_NETNSID,
        _IFLA_OPERSTATE,
        _IFLA_IFNAME,
        _IFLA_MASTER,
        _IFLA_LINK,
        _IFLA_MTU,
        _IFLA_ADDRESS,
        _IFLA_STATS64,
    )
)


class Qdisc(NamedTuple):
    """One queueing discipline; handle and parent as tc writes them ("8001:", "root", "ingress").

    ``drops`` of ingress and clsact are the packets that a filter or a BPF program dropped, in clsact on both
    ways together (net/core/dev.c, mini_qdisc_qstats_cpu_drop); programs attached by tcx count nowhere.
    ``drops``, ``overlimits``, ``backlog`` (bytes) and ``qlen`` (packets) are u32.
    """

    ifindex: int
    kind: str
    handle: str
    parent: str
    packets: int
    bytes: int
    drops: int
    overlimits: int
    backlog: int
    qlen: int


def open_rtnetlink() -> NetlinkSocket:
    """Open the netlink socket for the dumps, in the current network namespace. Raises NetlinkError."""
    return NetlinkSocket(NETLINK_ROUTE)


def dump_links(sock: NetlinkSocket) -> list[Link]:
    """Return every link of the socket's namespace. Raises NetlinkError, ParseError."""
    return parse_links(sock.dump(_RTM_GETLINK, _LINK.pack(0, 0, 0, 0, 0)))


def dump_qdiscs(sock: NetlinkSocket) -> list[Qdisc]:
    """Return every queueing discipline that the kernel lists. Raises NetlinkError, ParseError."""
    return parse_qdiscs(sock.dump(_RTM_GETQDISC, _QDISC.pack(0, 0, 0, 0, 0)))


def parse_links(messages: Iterable[Message]) -> list[Link]:
    """Decode the messages of a dump of links. Raises ParseError."""
    found = []
    for kind, body in messages:
        if kind != _RTM_NEWLINK:
            continue
        if len(body) < _LINK.size:
            raise ParseError("rtnetlink link", f"a body of {len(body)} bytes")
        _family, _type, index, flags, _change = _LINK.unpack_from(body)
        values = parse_attributes(body, _LINK.size, what="rtnetlink link", wanted=_WANTED)
        info = parse_attributes(values.get(_IFLA_LINKINFO, b""), what="rtnetlink link info")
        mode, program = _parse_xdp(values.get(_IFLA_XDP, b""))
        peer = _optional(values, _IFLA_LINK_NETNSID)
        state = _optional(values, _IFLA_OPERSTATE) or 0
        found.append(
            Link(
                ifindex=index,
                name=text(values.get(_IFLA_IFNAME)),
                kind=text(info.get(_INFO_KIND)),
                master=_optional(values, _IFLA_MASTER),
                link=_optional(values, _IFLA_LINK),
                link_netnsid=None if peer == _NETNSID_NOT_ASSIGNED else peer,
                mtu=_optional(values, _IFLA_MTU) or 0,
                operstate=_OPERSTATES[state] if state < len(_OPERSTATES) else str(state),
                mac=":".join(f"{byte:02x}" for byte in values.get(_IFLA_ADDRESS, b"")),
                xdp_mode=mode,
                xdp_prog_id=program,
                slave_kind=text(info.get(_INFO_SLAVE_KIND)),
                stats64=_parse_statistics(values.get(_IFLA_STATS64, b"")),
                flags=flags,
            )
        )
    return found


def parse_qdiscs(messages: Iterable[Message]) -> list[Qdisc]:
    """Decode the messages of a dump of queueing disciplines. Raises ParseError."""
    found = []
    for kind, body in messages:
        if kind != _RTM_NEWQDISC:
            continue
        if len(body) < _QDISC.size:
            raise ParseError("rtnetlink qdisc", f"a body of {len(body)} bytes")
        _family, index, handle, parent, _info = _QDISC.unpack_from(body)
        values = parse_attributes(body, _QDISC.size, what="rtnetlink qdisc")
        stats = parse_attributes(values.get(_TCA_STATS2, b""), what="rtnetlink qdisc statistics")
        basic, queue = stats.get(_STATS_BASIC, b""), stats.get(_STATS_QUEUE, b"")
        size, packets = struct.unpack_from("=QI", basic) if len(basic) >= 12 else (0, 0)
        if _STATS_PKT64 in stats:
            packets = unsigned(stats[_STATS_PKT64], "rtnetlink qdisc packets")
        qlen, backlog, drops, _requeues, overlimits = struct.unpack_from("=5I", queue.ljust(20, b"\0"))
        where = "ingress" if parent == 0xFFFFFFF1 else "root" if parent == 0xFFFFFFFF else _handle(parent)
        name = text(values.get(_TCA_KIND))
        found.append(Qdisc(index, name, _handle(handle), where, packets, size, drops, overlimits, backlog, qlen))
    return found


def _handle(number: int) -> str:
    return "{:x}:{}".format(number >> 16, f"{number & 0xFFFF:x}" if number & 0xFFFF else "")


def _optional(values: dict[int, bytes], kind: int) -> int | None:
    return unsigned(values[kind], f"rtnetlink link attribute {kind}") if kind in values else None


def _parse_statistics(value: bytes) -> dict[str, int]:
    count = min(len(value) // 8, len(_STATISTICS))
    return dict(zip(_STATISTICS, struct.unpack_from(f"={count}Q", value)))


def _parse_xdp(value: bytes) -> tuple[str | None, int | None]:
    values = parse_attributes(value, what="rtnetlink XDP")
    attached = _optional(values, _XDP_ATTACHED) or 0
    if not attached:
        return None, None
    for kind in (_XDP_PROG_ID, _XDP_DRV_PROG_ID, _XDP_SKB_PROG_ID, _XDP_HW_PROG_ID):
        if kind in values:
            return _XDP_MODES.get(attached, str(attached)), _optional(values, kind)
    return _XDP_MODES.get(attached, str(attached)), None
