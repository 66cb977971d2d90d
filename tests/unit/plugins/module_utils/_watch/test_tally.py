# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The findings of the watch are the audit's: what a counter gains is what the diagnosis makes of the same gain."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.nftables import NftChain, NftRule
from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import Link, Qdisc
from ansible_collections.rxpath.linux.plugins.module_utils._collect.softnet import SoftnetRow
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import FINDING_IDS, PLACES
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host
from ansible_collections.rxpath.linux.plugins.module_utils._sample.devices import device_rows
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import DriverStatistics, Nft, Reading
from ansible_collections.rxpath.linux.plugins.module_utils._watch import tally
from ansible_collections.rxpath.linux.plugins.module_utils._watch.tally import PASSED, Count
from hypothesis import given
from hypothesis import strategies as st

# Each may gain so much without another finding's being touched; InErrors contains three of them.
FREE = (
    "Ip.InHdrErrors",
    "Ip6.InHdrErrors",
    "IpExt.InTruncatedPkts",
    "Ip6.InTruncatedPkts",
    "Ip.ReasmFails",
    "Ip6.ReasmFails",
    "IpExt.InNoRoutes",
    "Ip.InAddrErrors",
    "Ip6.InAddrErrors",
    "TcpExt.IPReversePathFilter",
    "Ip.InDiscards",
    "Ip6.InDiscards",
    "Udp.NoPorts",
    "Udp6.NoPorts",
    "UdpLite.NoPorts",
)
ERRORS = ("RcvbufErrors", "MemErrors", "InCsumErrors", "filter")
# Only a window can tell these: they have no counter, or are made of something else than counters.
OF_A_WINDOW = {"softnet.hot_cpu", "ip.unaccounted", "socket.reuseport_imbalance"}
GAINS = st.integers(0, 1 << 30).map(lambda number: number if number > 10 else 0)


def by_finding(counts: list[Count]) -> dict[str, int]:
    found: dict[str, int] = {}
    for count in counts:
        found[count.series.finding] = found.get(count.series.finding, 0) + count.value
    return found


def document(namespace: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return the least document that can be judged."""
    return {
        "schema": 1,
        "host": {"page_size": 4096, "memory_bytes": 8 << 30, "cpus_online": [0]},
        "window": {"started_at": 1.0, "seconds": 15.0, "interval": 0.05, "subsamples": 1, "extended_seconds": 0.0},
        "rebooted": False,
        "limits": {"udp_mem": [200000, 300000, 400000], "rmem_max": 212992, "rmem_default": 212992},
        "truesize": [],
        "udp_memory": {"pages_max": 0},
        "cpus": [],
        "softnet": [],
        "irqs": [],
        "rest": {"namespaces": 0, "sockets": 0, "counters": {}},
        "unknowns": [],
        "blind_spots": [],
        "facts": None,
        "namespaces": [{"name": "host", "inode": 1, "kind": "host", "state": "steady", **namespace}],
        **more,
    }


def judged(namespace: dict[str, Any], **more: Any) -> dict[str, int]:
    """Return what the diagnosis says of a namespace, by finding; what only a window can tell is left out."""
    found: dict[str, int] = {}
    for one in diagnose_host(document(namespace, **more), {})["findings"]:
        if one["finding"] not in OF_A_WINDOW:
            found[one["finding"]] = found.get(one["finding"], 0) + one["delta"]
    return found


@given(
    st.fixed_dictionaries(dict.fromkeys(FREE, GAINS)),
    st.fixed_dictionaries({f"{family}.{name}": GAINS for family in ("Udp", "Udp6") for name in ERRORS}),
    GAINS,
    GAINS,
)
def test_protocol_counters_make_the_findings_of_the_diagnosis(
    free: dict[str, int], errors: dict[str, int], full: int, raced: int
) -> None:
    counters = {key: value for key, value in {**free, **errors}.items() if not key.endswith(".filter")}
    for family in ("Udp", "Udp6"):
        counters[f"{family}.InErrors"] = sum(errors[f"{family}.{name}"] for name in ERRORS)
        counters[f"{family}.InDatagrams"] = 1
    counters.update({"conntrack.drop": full + raced, "conntrack.insert_failed": raced})
    told = by_finding(tally.protocol(counters))
    assert told.pop(PASSED + "socket") == 2
    assert told.pop(PASSED + "ip") == 0
    assert {finding: value for finding, value in told.items() if value} == judged({"counters": counters})


@given(st.lists(st.tuples(st.integers(0, 1 << 20), st.integers(0, 1 << 20)), min_size=1, max_size=4))
def test_softnet_makes_the_findings_of_the_diagnosis(rows: list[tuple[int, int]]) -> None:
    table = [SoftnetRow(cpu, 7, limited + dropped, 0, 0, limited, 0) for cpu, (dropped, limited) in enumerate(rows)]
    told = by_finding(tally.softnet(table))
    assert told.pop(PASSED + "softnet") == 7 * len(rows)
    sample = [{"cpu": r.cpu, "processed": 7, "dropped": r.dropped, "flow_limit": r.flow_limit} for r in table]
    assert {k: v for k, v in told.items() if v} == judged({"counters": {}}, softnet=sample)


def link(index: int, name: str, kind: str = "", statistics: dict[str, int] | None = None) -> Link:
    return Link(index, name, kind, None, None, None, 1500, "up", "", None, None, "", statistics or {}, 0)


def qdisc(index: int, kind: str, handle: str, drops: int) -> Qdisc:
    return Qdisc(index, kind, handle, "root", 100, 0, drops, 0, 0, 0)


DRIVERS = [
    pytest.param("igb", [("rx_queue_0_drops", 40), ("rx_missed_errors", 40)], {"rx_missed_errors": 40}, id="igb"),
    pytest.param("virtio_net", [("rx0_drops", 9), ("rx0_xdp_drops", 4)], {}, id="virtio_net"),
    pytest.param("ixgbe", [("rx_no_dma_resources", 12)], {"rx_missed_errors": 3, "rx_errors": 2}, id="ixgbe"),
    pytest.param("ena", [("queue_0_rx_empty_rx_ring", 5), ("pps_allowance_exceeded", 8)], {}, id="ena"),
    pytest.param("mlx5_core", [("rx_out_of_buffer", 7), ("rx_discards_phy", 6)], {"rx_missed_errors": 7}, id="mlx5"),
    pytest.param("nobodys", [], {"rx_missed_errors": 3, "rx_errors": 1}, id="unknown"),
]


@pytest.mark.parametrize(("driver", "counters", "statistics"), DRIVERS)
def test_a_nic_makes_the_findings_of_the_diagnosis(
    driver: str, counters: list[tuple[str, int]], statistics: dict[str, int]
) -> None:
    def reading(factor: int) -> Reading:
        values = {"rx_packets": 1000, **statistics}
        links = [link(2, "eth0", "", {name: value * factor for name, value in values.items()})]
        drivers = {2: DriverStatistics(driver, [(name, value * factor) for name, value in counters])}
        return Reading(0.0, b"", None, None, None, links, [], drivers, {}, None, False)

    start, end = reading(1), reading(3)
    rows = device_rows(start, end, {}, 15.0)
    told = by_finding(tally.devices(end.links, end.qdiscs, end.drivers))
    before = by_finding(tally.devices(start.links, start.qdiscs, start.drivers))
    gained = {finding: value - before[finding] for finding, value in told.items()}
    assert gained.pop(PASSED + "nic") == 2000
    assert {k: v for k, v in gained.items() if v} == judged({"counters": {}, "devices": rows})


def test_what_leads_to_pods_is_one_series_that_begins_at_zero() -> None:
    links = [link(3, "veth1", "veth"), link(4, "veth2", "veth"), link(5, "eth0")]
    assert {one.series.finding: one.value for one in tally.devices(links, [], {})} == {"tc.drop": 0, "qdisc.drop": 0}
    qdiscs = [
        qdisc(3, "htb", "1:", 30),
        qdisc(3, "fq", "2:", 30),
        qdisc(4, "tbf", "1:", 5),
        qdisc(5, "fq", "1:", 99),
        qdisc(5, "clsact", "ffff:", 4),
    ]
    told = tally.devices(links, qdiscs, {})
    assert by_finding(told) == {"tc.drop": 4, "qdisc.drop": 35}
    assert {one.series.interface for one in told} == {""}


def test_rules_that_drop_what_comes_in_are_told_and_others_not() -> None:
    chains = [
        NftChain("inet", "filter", "input", "input", 0, "accept", None),
        NftChain("inet", "filter", "output", "output", 0, "accept", None),
    ]
    dropping = [
        NftRule("inet", "filter", "input", 4, "", "drop", 50, 1),
        NftRule("inet", "filter", "input", 5, "", "drop", None, None),
        NftRule("inet", "filter", "output", 6, "", "drop", 70, 1),
    ]
    assert by_finding(tally.rules(Nft(chains, dropping))) == {"ip.policy_drop": 50}
    assert tally.rules(None) == []


def test_every_finding_has_a_series_or_needs_a_window() -> None:
    links = [link(2, "eth0")]
    drivers = {
        2: DriverStatistics("ena", [("pps_allowance_exceeded", 1), ("queue_0_rx_xdp_drop", 1), ("rx0_xdp_drops", 1)])
    }
    counts = tally.protocol({"conntrack.drop": 0}) + tally.softnet([SoftnetRow(0, 0, 0, 0, 0, 0, 0)])
    counts += tally.devices(links, [], drivers) + tally.rules(Nft([], []))
    told = {one.series.finding for one in counts if not one.series.finding.startswith(PASSED)}
    assert told | OF_A_WINDOW | {"nic.xdp_drop"} == set(FINDING_IDS)
    assert {place.kind for place in PLACES if place.finding in OF_A_WINDOW} == {"info"}


def test_devices_of_many_namespaces_are_one_sum() -> None:
    gained = {"nic.ring_overflow packets eth0": 3, "nic.ring_overflow packets eth1": 4, "nic.ring_overflow events a": 1}
    assert tally.without_interfaces({**gained, "ip.no_route packets ": 2}) == {
        "nic.ring_overflow packets ": 7,
        "nic.ring_overflow events ": 1,
        "ip.no_route packets ": 2,
    }
