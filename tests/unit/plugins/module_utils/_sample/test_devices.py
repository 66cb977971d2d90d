# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._collect.nftables import NftChain, NftRule
from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import Link, Qdisc
from ansible_collections.rxpath.linux.plugins.module_utils._sample.devices import device_rows, lost_below, nft_part
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import DriverStatistics, Nft, Reading


def _link(ifindex: int, name: str, kind: str = "veth", **statistics: int) -> Link:
    return Link(ifindex, name, kind, None, None, 3, 1500, "up", "", None, None, "", statistics, 1)


def _reading(links: list[Link], **parts: Any) -> Reading:
    empty = Reading(0.0, b"", None, None, None, links, [], {}, {}, None, af_xdp=False)
    return empty._replace(**parts)


def _row(start: Reading, end: Reading, name: str) -> dict[str, Any]:
    return next(row for row in device_rows(start, end, {"eth0": [1]}, 10.0) if row["name"] == name)


def test_what_a_device_gained() -> None:
    start = _reading([_link(2, "eth0", rx_packets=10, rx_dropped=5, tx_errors=1)])
    end = _reading([_link(2, "eth0", rx_packets=110, rx_dropped=5, tx_errors=1)])
    row = _row(start, end, "eth0")
    assert row["statistics"] == {"rx_packets": 100, "rx_dropped": 0}
    assert (row["recreated"], row["rps_cpus"], row["driver"]) == (False, [1], "veth")
    assert row["mtu"] == 1500


def test_a_device_made_anew_under_its_name_counts_from_zero() -> None:
    start = _reading([_link(2, "eth0", rx_packets=1_000_000)])
    row = _row(start, _reading([_link(7, "eth0", rx_packets=3)]), "eth0")
    assert row["recreated"] is True
    assert row["statistics"] == {"rx_packets": 3}


def test_a_number_that_went_to_a_device_of_another_kind() -> None:
    start = _reading([_link(2, "eth0", "vxlan", rx_packets=1_000_000)])
    assert _row(start, _reading([_link(2, "eth0", rx_packets=4)]), "eth0")["statistics"] == {"rx_packets": 4}


def test_a_driver_that_was_reset_has_no_delta() -> None:
    start = _reading([_link(2, "eth0", rx_packets=100, rx_dropped=9)])
    row = _row(start, _reading([_link(2, "eth0", rx_packets=100, rx_dropped=1)]), "eth0")
    assert row["statistics"]["rx_dropped"] is None


def test_driver_counters_are_classified() -> None:
    def drivers(missed: int) -> dict[int, DriverStatistics]:
        return {2: DriverStatistics("ixgbe", [("rx_packets", 5), ("rx_no_dma_resources", missed)])}

    links = [_link(2, "eth0", "")]
    row = _row(_reading(links, drivers=drivers(7)), _reading(links, drivers=drivers(19)), "eth0")
    assert row["ethtool"] == {"rx_no_dma_resources": 12}
    assert row["classified"] == {"ring_full": [["rx_no_dma_resources", 12]]}
    assert row["losses"]["ring_full"]["packets"] == 12
    assert (row["driver"], row["classified_by"]) == ("ixgbe", "driver")


def test_queueing_disciplines_are_matched_by_handle() -> None:
    def qdisc(handle: str, drops: int) -> Qdisc:
        return Qdisc(2, "tbf", handle, "root", 50 + drops, 0, drops, 2 * drops, 0, 4)

    links = [_link(2, "eth0")]
    start = _reading(links, qdiscs=[qdisc("1:", (1 << 32) - 1), qdisc("9:", 3)])
    rows = _row(start, _reading(links, qdiscs=[qdisc("1:", 4), qdisc("2:", 6)]), "eth0")["qdiscs"]
    # The drops of a discipline are a u32; a new one counts from zero.
    assert [(row["handle"], row["drops"], row["qlen"]) for row in rows] == [("1:", 5, 4), ("2:", 6, 4)]


def test_rules_that_drop() -> None:
    chain = NftChain("ip", "filter", "input", "input", 0, "accept", None)

    def rule(handle: int, packets: int | None) -> NftRule:
        return NftRule("ip", "filter", "input", handle, "", "drop", packets, packets)

    part = nft_part(Nft([chain], [rule(4, 10), rule(5, None)]), Nft([chain], [rule(4, 25), rule(5, None), rule(6, 3)]))
    assert part is not None
    assert [(row["handle"], row["packets"], row["hook"]) for row in part["rules"]] == [
        (4, 15, "input"),
        (5, None, "input"),
        (6, 3, "input"),
    ]
    assert part["chains"][0]["policy"] == "accept"
    assert nft_part(None, None) is None


def test_what_is_dropped_below_ip() -> None:
    """Dropped at ingress by tc, a datagram moves no counter of IP: the namespace must be told all the same."""

    def reading(drops: int) -> Reading:
        return _reading([_link(2, "eth0")], qdiscs=[Qdisc(2, "clsact", "ffff:", "ingress", 0, 0, drops, 0, 0, 0)])

    assert lost_below(reading(7), reading(7), 1.0) == 0
    assert lost_below(reading(7), reading(507), 1.0) == 500
