# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the kernel has counted at each handoff until now, by finding. Pure.

The audit's findings are about a window, and are made of gains. Here each counter is taken as it stands, named by the
finding that it would make if it rose; so what overlaps is taken out as there (_diagnose/ledger.py, device_findings.py).
Findings that only a window can tell (a hot CPU, an imbalance, what nothing explains) have no counter.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect import driver_counters
from ansible_collections.rxpath.linux.plugins.module_utils._collect.nftables import NftRule
from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import Link, Qdisc
from ansible_collections.rxpath.linux.plugins.module_utils._collect.softnet import SoftnetRow
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import DATAGRAMS, EVENTS, PACKETS
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import total, udp
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import DriverStatistics, Nft

# Not findings: what passed a handoff, the denominator of what was lost there.
PASSED = "passed."
_INGRESS = ("ingress", "clsact")
_TO_PODS = ("veth", "ifb")
_HOOKS = ("prerouting", "input", "forward", "ingress", None)


class Series(NamedTuple):
    """What one counter of the output is about; ``interface`` is empty where it is about all of a namespace."""

    finding: str
    unit: str
    interface: str = ""

    @property
    def key(self) -> str:
        """Return it as one word after another: none of them can hold a blank."""
        return f"{self.finding} {self.unit} {self.interface}"

    @classmethod
    def of(cls, key: str) -> Series:
        """Return what has this key. Raises TypeError where it is none."""
        return cls(*key.split(" "))


class Count(NamedTuple):
    """One of the kernel's counters: the series that it adds to, what tells it from the others there, its width."""

    series: Series
    source: str
    value: int
    bits: int = 64


def protocol(counters: Mapping[str, int]) -> list[Count]:
    """Return the counts of a namespace's IP, conntrack and UDP counters (see counters.parse_reading), zeros too."""
    errors, overflow = udp(counters, "InErrors"), udp(counters, "RcvbufErrors")
    memory, checksum = udp(counters, "MemErrors"), udp(counters, "InCsumErrors")
    raced = total(counters, "conntrack.insert_failed")
    found = [
        _one(PASSED + "ip", PACKETS, total(counters, "Ip.InReceives", "Ip6.InReceives")),
        _one(PASSED + "socket", DATAGRAMS, udp(counters, "InDatagrams")),
        _one("ip.header_errors", PACKETS, total(counters, *_HEADERS)),
        _one("ip.reassembly_failures", EVENTS, total(counters, "Ip.ReasmFails", "Ip6.ReasmFails")),
        # Without Ip6.InNoRoutes: IPv6 counts there each multicast that nobody joined.
        _one("ip.no_route", PACKETS, total(counters, "IpExt.InNoRoutes", "Ip.InAddrErrors", "Ip6.InAddrErrors")),
        _one("ip.reverse_path_filter", PACKETS, total(counters, "TcpExt.IPReversePathFilter")),
        _one("ip.discards", PACKETS, total(counters, "Ip.InDiscards", "Ip6.InDiscards")),
        _one("udp.no_listener", DATAGRAMS, udp(counters, "NoPorts")),
        _one("udp.checksum_errors", DATAGRAMS, checksum),
        _one("udp.memory_limit", DATAGRAMS, memory),
        _one("udp.socket_filter", DATAGRAMS, max(0, errors - overflow - memory - checksum)),
        _one("socket.receive_buffer_overflow", DATAGRAMS, overflow),
    ]
    if "conntrack.drop" in counters:
        # Sums over CPUs of 32-bit counters: what wraps is one of the terms, so they are taken for wide.
        found.append(_one("conntrack.table_full", PACKETS, max(0, counters["conntrack.drop"] - raced)))
        found.append(_one("conntrack.insert_failed", PACKETS, raced))
    return found


_HEADERS = ("Ip.InHdrErrors", "Ip6.InHdrErrors", "IpExt.InTruncatedPkts", "Ip6.InTruncatedPkts")


def _one(finding: str, unit: str, value: int) -> Count:
    return Count(Series(finding, unit), "", value)


def softnet(rows: Iterable[SoftnetRow]) -> list[Count]:
    """Return the counts of the backlog, which is the machine's. A source is a CPU: one may go and come."""
    found = []
    for row in rows:
        limited = min(row.dropped, row.flow_limit or 0)
        for name, value in (
            (PASSED + "softnet", row.processed),
            ("softnet.backlog_overflow", row.dropped - limited),
            ("softnet.flow_limit", limited),
        ):
            found.append(Count(Series(name, PACKETS), str(row.cpu), value, 32))
    return found


def devices(
    links: Iterable[Link], qdiscs: Optional[Iterable[Qdisc]], drivers: Mapping[int, DriverStatistics]
) -> list[Count]:
    """Return the counts of a namespace's devices: a NIC's by name, zeros too, and what leads to pods in one series.

    ``qdiscs`` is None where they could not be read.
    """
    known = {link.ifindex: link for link in links}
    found = []
    for index, driver in drivers.items():
        link = known.get(index)
        if link is not None:
            found += _nic(link, driver)
    if qdiscs is None:
        return found
    worst: dict[int, int] = {}
    ingress: dict[int, int] = {}
    for one in qdiscs:
        link = known.get(one.ifindex)
        if link is None or not one.drops:
            continue
        if one.kind in _INGRESS:
            ingress[one.ifindex] = ingress.get(one.ifindex, 0) + one.drops
        elif link.kind in _TO_PODS:
            # A classful discipline counts a packet that its child dropped as well: the largest count is the loss.
            worst[one.ifindex] = max(worst.get(one.ifindex, 0), one.drops)
    for finding, drops in (("tc.drop", ingress), ("qdisc.drop", worst)):
        series = Series(finding, PACKETS)
        found.append(Count(series, "", 0))
        found += [Count(series, f"{index} {known[index].name}", value, 32) for index, value in drops.items()]
    return found


def _nic(link: Link, driver: DriverStatistics) -> list[Count]:
    classified = driver_counters.classify(driver.driver, driver_counters.distinct(driver.counters))
    totals = driver_counters.totals(driver.driver, classified)
    missed, errors = link.stats64.get("rx_missed_errors", 0), link.stats64.get("rx_errors", 0)

    def lost(kind: str) -> driver_counters.Total:
        return totals.get(kind, driver_counters.Total(0, 0))

    # Where the driver tells of its ring and the kernel's own counter does too, both tell of the same packets.
    ring = lost("ring_full") if "ring_full" in classified else lost("driver_drop")
    packets = [
        (PASSED + "nic", link.stats64.get("rx_packets", 0)),
        ("nic.ring_overflow", max(missed, ring.packets)),
        ("nic.link_errors", max(errors, lost("link_error").packets)),
    ]
    for kind, finding in (("outside_host", "nic.outside_host"), ("xdp_drop", "nic.xdp_drop")):
        if kind in classified:
            packets.append((finding, lost(kind).packets))
    found = [_of_nic(link, finding, PACKETS, value) for finding, value in packets]
    events = [
        ("nic.ring_overflow", ring.events),
        ("nic.link_errors", lost("link_error").events),
        ("nic.outside_host", lost("outside_host").events),
    ]
    return found + [_of_nic(link, finding, EVENTS, value) for finding, value in events if value]


def without_interfaces(gained: Mapping[str, int]) -> dict[str, int]:
    """Return what series gained, by their keys, added up over devices: those of many namespaces share names."""
    sums: dict[str, int] = {}
    for key, more in gained.items():
        whole = Series.of(key)._replace(interface="").key
        sums[whole] = sums.get(whole, 0) + more
    return sums


def _of_nic(link: Link, finding: str, unit: str, value: int) -> Count:
    return Count(Series(finding, unit, link.name), str(link.ifindex), value)


def rules(nft: Optional[Nft]) -> list[Count]:
    """Return the counts of nftables' rules that drop what comes in; a rule without a counter has none."""
    if nft is None:
        return []
    hooks = {(chain.family, chain.table, chain.name): chain.hook for chain in nft.chains}
    series = Series("ip.policy_drop", PACKETS)
    return [Count(series, "", 0)] + [
        Count(series, f"{rule.family}/{rule.table}/{rule.chain}/{rule.handle}", rule.packets)
        for rule in nft.rules
        if rule.packets and hooks.get(_chain_of(rule)) in _HOOKS
    ]


def _chain_of(rule: NftRule) -> tuple[str, str, str]:
    return rule.family, rule.table, rule.chain
