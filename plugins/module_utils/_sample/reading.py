# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One whole look at a namespace: everything of it that a window needs at its start and at its end.

Files are kept as the kernel gave them: most namespaces of a node are idle, and what has not changed by the end of the
window needs no parsing.
"""

from __future__ import annotations

import functools
import time
from typing import Callable, NamedTuple, Optional, TypeVar

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import Ethtool
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netdev_genl import open_netdev
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netdev_stats import parse_proc_net_dev
from ansible_collections.rxpath.linux.plugins.module_utils._collect.nftables import (
    NftChain,
    NftRule,
    available,
    dump_chains,
    dump_drop_rules,
    open_nftables,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import (
    Link,
    Qdisc,
    dump_links,
    dump_qdiscs,
    open_rtnetlink,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.access import Access
from ansible_collections.rxpath.linux.plugins.module_utils._sample.counter_files import CounterFiles
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import ROOT, Unknowns

_IFF_LOOPBACK = 0x8
_T = TypeVar("_T")


class DriverStatistics(NamedTuple):
    """A driver's name and its own counters."""

    driver: str
    counters: list[tuple[str, int]]


class Nft(NamedTuple):
    """What nftables drops in a namespace."""

    chains: list[NftChain]
    rules: list[NftRule]


class Reading(NamedTuple):
    """A namespace at one moment (``moment`` on the monotonic clock). None: this kernel or our rights do not have it.

    ``drivers`` is by ifindex and holds the devices with counters of their own.
    """

    moment: float
    snmp: bytes
    snmp6: Optional[bytes]
    netstat: Optional[bytes]
    conntrack: Optional[bytes]
    links: list[Link]
    qdiscs: list[Qdisc]
    drivers: dict[int, DriverStatistics]
    qstats: dict[int, dict[str, int]]
    nft: Optional[Nft]
    af_xdp: bool


def read_namespace(access: Access, files: CounterFiles, where: str, unknowns: Unknowns) -> Reading:
    """Read everything, upstream first; to be called inside the namespace.

    Raises OSError where the protocol counters cannot be read; all else that cannot goes to ``unknowns``.
    """
    links: list[Link] = []
    qdiscs: list[Qdisc] = []
    drivers: dict[int, DriverStatistics] = {}
    qstats: dict[int, dict[str, int]] = {}
    nft = None
    if access.netlink:
        links, qdiscs = _read_devices(where, unknowns)
        drivers = _read_drivers(links, where, unknowns)
        if drivers:
            qstats = _attempt(_read_qstats, "queue statistics (netdev netlink)", where, unknowns) or {}
        if nft_available():
            nft = _attempt(_read_nft, "nftables rules", where, unknowns)
    else:
        unknowns.add("driver counters, queueing disciplines, XDP", "the namespace cannot be entered", ROOT, where)
        links = _attempt(lambda: _links_of_proc(access), "devices", where, unknowns) or []
    snmp, snmp6 = files.read()
    return Reading(
        moment=time.monotonic(),
        snmp=snmp,
        snmp6=snmp6,
        netstat=_read_optional(access, "netstat", where, unknowns),
        conntrack=_read_optional(access, "stat/nf_conntrack", where, unknowns),
        links=links,
        qdiscs=qdiscs,
        drivers=drivers,
        qstats=qstats,
        nft=nft,
        af_xdp=any(link.xdp_mode for link in links) and _has_af_xdp(access, where, unknowns),
    )


# Whether the module is loaded is asked once: the answer is the machine's, and the question costs a file of 100 lines.
nft_available = functools.lru_cache(maxsize=1)(available)


def _read_qstats() -> dict[int, dict[str, int]]:
    netdev = open_netdev()
    if netdev is None:
        return {}
    with netdev:
        return {one.ifindex: one.stats for one in netdev.device_qstats() or []}


# XDP       1008      2      -1   NI       0   no   kernel      n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n  n
def _has_af_xdp(access: Access, where: str, unknowns: Unknowns) -> bool:
    """Tell whether AF_XDP sockets are open; asked only where an XDP program could feed them."""
    data = _read_optional(access, "protocols", where, unknowns) or b""
    rows = [line.split() for line in data.split(b"\n")]
    return any(row[:1] == [b"XDP"] and row[2:3] != [b"0"] for row in rows)


def _read_nft() -> Nft:
    with open_nftables() as sock:
        chains = dump_chains(sock)
        # A namespace without a chain has no rule; most have none.
        return Nft(chains, dump_drop_rules(sock) if chains else [])


def _attempt(work: Callable[[], _T], what: str, where: str, unknowns: Unknowns) -> Optional[_T]:
    try:
        return work()
    except (OSError, ParseError) as error:
        unknowns.add_error(what, error, where)
        return None


def _read_optional(access: Access, name: str, where: str, unknowns: Unknowns) -> Optional[bytes]:
    """Return a file, or None where this kernel has none (conntrack not loaded, no IPv6)."""
    try:
        return access.read(name)
    except FileNotFoundError:
        return None
    except OSError as error:
        unknowns.add_error("/proc/net/" + name, error, where)
        return None


def _read_devices(where: str, unknowns: Unknowns) -> tuple[list[Link], list[Qdisc]]:
    try:
        with open_rtnetlink() as sock:
            links = _attempt(lambda: dump_links(sock), "devices", where, unknowns) or []
            qdiscs = _attempt(lambda: dump_qdiscs(sock), "queueing disciplines", where, unknowns) or []
    except OSError as error:
        unknowns.add_error("devices and queueing disciplines", error, where)
        return [], []
    return links, qdiscs


def has_own_counters(link: Link) -> bool:
    """Tell whether a device's driver may know of losses that the kernel's statistics do not: a NIC, or one with XDP."""
    return (not link.kind and not link.flags & _IFF_LOOPBACK) or link.xdp_mode is not None


def _read_drivers(links: list[Link], where: str, unknowns: Unknowns) -> dict[int, DriverStatistics]:
    wanted = [link for link in links if has_own_counters(link)]
    found: dict[int, DriverStatistics] = {}
    if not wanted:
        return found
    try:
        with Ethtool() as ethtool:
            for link in wanted:
                what = "driver counters of %s" % link.name
                driver = _attempt(functools.partial(ethtool.driver, link.name), what, where, unknowns)
                counters = _attempt(functools.partial(ethtool.stats, link.name), what, where, unknowns)
                if driver is not None:
                    found[link.ifindex] = DriverStatistics(driver.name, counters or [])
    except OSError as error:
        unknowns.add_error("driver counters", error, where)
    return found


def _links_of_proc(access: Access) -> list[Link]:
    """Return the devices as /proc/net/dev shows them; without an index the position stands for it."""
    devices = parse_proc_net_dev(access.read("dev").decode("utf-8", "backslashreplace"))
    names = {"rx_drop": "rx_dropped", "tx_drop": "tx_dropped", "rx_errs": "rx_errors", "tx_errs": "tx_errors"}
    return [
        Link(
            ifindex=-index,
            name=name,
            kind="",
            master=None,
            link=None,
            link_netnsid=None,
            mtu=0,
            operstate="unknown",
            mac="",
            xdp_mode=None,
            xdp_prog_id=None,
            slave_kind="",
            stats64={names.get(key, key): value for key, value in row.items()},
            flags=0,
        )
        for index, (name, row) in enumerate(devices.items(), 1)
    ]
