# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a driver's counters mean, driver by driver, and what overlaps."""

from __future__ import annotations

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.driver_counters import (
    classified_by,
    classify,
    distinct,
    totals,
)

MEANINGS = [
    ("ixgbe", "ring_full", "rx_no_dma_resources rx_missed_errors"),
    ("ixgbe", "driver_drop", "alloc_rx_page_failed alloc_rx_buff_failed"),
    # alloc_rx_page counts the pages that were allocated: a busy healthy device counts it all the time.
    ("ixgbe", "", "rx_no_buffer_count fdir_miss alloc_rx_page rx_queue_0_packets tx_dropped"),
    ("i40e", "ring_full", "rx_missed_errors port.rx_discards"),
    ("iavf", "ring_full", "rx_discards"),
    ("ice", "ring_full", "rx_dropped rx_dropped.nic"),
    ("ice", "driver_drop", "rx_alloc_fail rx_pg_alloc_fail"),
    ("igb", "ring_full", "rx_queue_3_drops rx_missed_errors rx_fifo_errors"),
    ("igc", "", "rx_no_buffer_count"),
    ("e1000e", "ring_full", "rx_missed_errors"),
    ("mlx5_core", "ring_full", "rx_out_of_buffer"),
    ("mlx5_core", "outside_host", "rx_discards_phy rx_prio3_discards rx_prio0_buf_discard rx_prio0_cong_discard"),
    ("mlx5_core", "driver_drop", "rx_buff_alloc_err rx7_buff_alloc_err rx_oversize_pkts_sw_drop rx_if_down_packets"),
    ("mlx5_core", "driver_drop", "rx_oversize_pkts_buffer"),
    ("mlx5_core", "link_error", "rx_crc_errors_phy rx_symbol_err_phy"),
    ("mlx5_core", "", "outbound_pci_stalled_wr rx_buffer_passed_thres_phy rx3_packets"),
    ("ena", "ring_full", "queue_11_rx_empty_rx_ring"),
    (
        "ena",
        "outside_host",
        "bw_in_allowance_exceeded pps_allowance_exceeded conntrack_allowance_exceeded linklocal_allowance_exceeded",
    ),
    ("ena", "driver_drop", "queue_0_rx_page_alloc_fail queue_11_rx_skb_alloc_fail"),
    ("ena", "", "bw_out_allowance_exceeded queue_0_rx_cnt conntrack_allowance_available queue_0_rx_refil_partial"),
    ("gve", "ring_full", "rx_no_buffers_posted[4] rx_queue_drop_cnt[0]"),
    (
        "gve",
        "driver_drop",
        "rx_dropped_pkt[2] rx_buf_alloc_fail rx_drops_packet_over_mru[1] rx_drops_invalid_checksum[0]",
    ),
    ("virtio_net", "driver_drop", "rx_drops rx0_drops rx_queue_0_drops"),
    ("virtio_net", "xdp_drop", "rx_xdp_drops rx0_xdp_drops"),
    ("bnxt_en", "link_error", "rx_fcs_err_frames rx_align_err_frames"),
    ("tg3", "link_error", "rx_fcs_errors rx_align_errors"),
    ("bnxt_en", "outside_host", "rx_stat_discard rx_discard_packets_cos4"),
    ("hv_netvsc", "driver_drop", "rx_no_memory"),
    ("hv_netvsc", "", "rx_comp_busy cpu0_rx_packets"),
    ("mana", "ring_full", "hc_rx_discards_no_wqe"),
    ("tg3", "ring_full", "rx_discards rxbds_empty"),
    ("r8169", "ring_full", "rx_missed"),
    ("veth", "driver_drop", "rx_queue_0_drops"),
    ("veth", "xdp_drop", "rx_queue_1_xdp_drops"),
    ("newdrv", "ring_full", "rx_missed_errors rx_out_of_buffer rx0_no_desc"),
    ("newdrv", "outside_host", "pps_allowance_exceeded rx_discards_phy"),
    ("newdrv", "driver_drop", "rx_dropped rx_alloc_failed"),
    ("newdrv", "", "tx_rx_drop rx_packets tx_fifo_errors"),
]


@pytest.mark.parametrize(("driver", "kind", "names"), MEANINGS)
def test_meaning(driver: str, kind: str, names: str) -> None:
    for name in names.split():
        assert classify(driver, [(name, 1)]) == ({kind: [(name, 1)]} if kind else {})


def test_names_with_blanks() -> None:
    assert classify("bnxt_en", [("[3]: rx_discards", 2), ("rx_total_ring_discards", 2)]) == {
        "ring_full": [("[3]: rx_discards", 2), ("rx_total_ring_discards", 2)]
    }


def test_vmxnet3_repeats_its_names() -> None:
    raw = [
        ("Rx Queue#", 0),
        ("  pkts rx OOB", 5),
        ("  drv dropped rx total", 1),
        ("Rx Queue#", 1),
        ("  pkts rx OOB", 7),
    ]
    named = distinct([*raw, ("tx timeout count", 0)])
    assert len(dict(named)) == len(named)
    assert dict(named)["Rx Queue 1: pkts rx OOB"] == 7
    for counters in (raw, named):
        assert totals("vmxnet3", classify("vmxnet3", counters))["ring_full"].packets == 12


@pytest.mark.parametrize(
    ("driver", "counters", "kind", "total"),
    [
        (
            "igb",
            {"rx_queue_0_drops": 3, "rx_queue_1_drops": 4, "rx_missed_errors": 5, "rx_fifo_errors": 12},
            "ring_full",
            (12, 0),
        ),
        ("ice", {"rx_dropped": 9, "rx_dropped.nic": 10}, "ring_full", (10, 0)),
        ("ixgbe", {"rx_no_dma_resources": 9, "rx_missed_errors": 10}, "ring_full", (19, 0)),
        (
            "mlx5_core",
            {"rx_discards_phy": 9, "rx_prio0_discards": 9, "rx_prio0_buf_discard": 8},
            "outside_host",
            (9, 0),
        ),
        ("ena", {"queue_0_rx_empty_rx_ring": 2, "queue_1_rx_empty_rx_ring": 3}, "ring_full", (0, 5)),
        ("tg3", {"rx_discards": 100, "rxbds_empty": 7}, "ring_full", (100, 0)),
        ("virtio_net", {"rx_drops": 10, "rx0_drops": 10, "rx_xdp_drops": 4, "rx0_xdp_drops": 4}, "driver_drop", (6, 0)),
        ("newdrv", {"rx_dropped": 10, "rx0_dropped": 4, "rx1_dropped": 6}, "driver_drop", (10, 0)),
    ],
)
def test_nothing_is_counted_twice(driver: str, counters: dict[str, int], kind: str, total: tuple[int, int]) -> None:
    assert totals(driver, classify(driver, counters.items()))[kind] == total


def test_a_guess_is_marked() -> None:
    assert [classified_by(driver) for driver in ("ena", "tun", "newdrv")] == ["driver", "driver", "generic"]
