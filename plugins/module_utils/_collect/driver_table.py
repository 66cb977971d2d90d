# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which of a driver's own counters mean what: one table, read in the drivers of kernels 6.1 to 7.3.

A rule is a pattern for the whole name and the class it belongs to. Names that count the same events stand in
one group at different levels (a queue's and the device's sum, a port's and a function's): of a group only the
largest level counts. ``events`` marks a counter that ticks per event and not per packet.

Left out on purpose, since no packet is lost by them: rx_no_buffer_count (no free descriptor at that moment,
the packet can still be saved in the device's buffer), alloc_rx_page (ixgbe's pages that were allocated),
rx_refil_partial (ena's ring filled up in part, the rest later), fdir_miss, mbuf_lwm_thresh_hit, rx_comp_busy,
outbound_pci_stalled_wr.
"""

from __future__ import annotations

import re
from re import Pattern
from typing import NamedTuple

RING_FULL = "ring_full"
DRIVER_DROP = "driver_drop"
OUTSIDE_HOST = "outside_host"
XDP_DROP = "xdp_drop"
LINK_ERROR = "link_error"


class Rule(NamedTuple):
    """A counter's meaning; ``group`` and ``level`` tell what overlaps."""

    pattern: Pattern[str]
    kind: str
    group: str
    level: str
    events: bool


def _rule(kind: str, pattern: str, group: str, level: str = "device", events: bool = False) -> Rule:
    return Rule(re.compile(pattern), kind, group, level, events)


_LINK = (
    _rule(LINK_ERROR, r"(port\.)?(rx_)?(crc|fcs)_err(or)?s?(_phy|\.nic|_frames)?", "crc"),
    _rule(LINK_ERROR, r"(rx_)?(align|symbol|frame|illegal)_?(err(or)?s?|bytes)(_phy|\.nic|_frames)?", "frame"),
    _rule(LINK_ERROR, r"(port\.)?rx_(jabbers?|fragments|undersize|\w+_length_errors)(_phy|\.nic)?", "size"),
)

_IXGBE = (
    # QPRDC, no descriptor; MPC, the packet buffer of the chip was full.
    _rule(RING_FULL, r"rx_no_dma_resources", "descriptor"),
    _rule(RING_FULL, r"rx_missed_errors", "packet buffer"),
    _rule(DRIVER_DROP, r"alloc_rx_(page|buff)_failed", "allocation", events=True),
)
_I40E = (
    _rule(RING_FULL, r"rx_missed_errors", "discards", "function"),
    _rule(RING_FULL, r"port\.rx_discards", "discards", "port"),
    _rule(RING_FULL, r"rx_discards", "discards", "virtual function"),
    _rule(DRIVER_DROP, r"rx_(pg_)?alloc_fail", "allocation", events=True),
)
_ICE = (
    # The same packet can be counted by the function and by the port.
    _rule(RING_FULL, r"rx_dropped", "discards", "function"),
    _rule(RING_FULL, r"rx_dropped\.nic", "discards", "port"),
    _rule(DRIVER_DROP, r"rx_(pg_)?alloc_fail", "allocation", events=True),
)
_IGB = (
    _rule(RING_FULL, r"rx_queue_\d+_drops", "ring", "parts"),
    _rule(RING_FULL, r"rx_missed_errors", "ring", "parts"),
    _rule(RING_FULL, r"rx_fifo_errors", "ring", "sum"),
    _rule(DRIVER_DROP, r"rx_queue_\d+_alloc_failed", "allocation", events=True),
)
_E1000 = (
    _rule(RING_FULL, r"rx_missed_errors", "packet buffer"),
    _rule(DRIVER_DROP, r"alloc_rx_buff_failed", "allocation", events=True),
)
_MLX5 = (
    _rule(RING_FULL, r"rx_out_of_buffer", "ring"),
    _rule(OUTSIDE_HOST, r"rx_discards_phy", "port", "port"),
    _rule(OUTSIDE_HOST, r"rx_prio\d+_discards", "port", "priority"),
    _rule(OUTSIDE_HOST, r"rx_prio\d+_(buf|cong)_discard", "port", "priority cause"),
    _rule(XDP_DROP, r"rx_xdp_drop", "xdp", "device"),
    _rule(XDP_DROP, r"rx\d+_xdp_drop", "xdp", "queue"),
    _rule(DRIVER_DROP, r"rx_buff_alloc_err", "allocation", "device", events=True),
    _rule(DRIVER_DROP, r"rx\d+_buff_alloc_err", "allocation", "queue", events=True),
    _rule(DRIVER_DROP, r"rx_oversize_pkts_sw_drop", "oversize", "device"),
    _rule(DRIVER_DROP, r"rx\d+_oversize_pkts_sw_drop", "oversize", "queue"),
    _rule(DRIVER_DROP, r"rx_oversize_pkts_buffer", "oversize in the device"),
    _rule(DRIVER_DROP, r"rx_steer_missed_packets", "steering"),
    _rule(DRIVER_DROP, r"rx_if_down_packets", "down"),
)
_ENA = (
    # The ring ran empty: events; the packets that were lost by it are the device's rx_drops (sysfs rx_dropped).
    _rule(RING_FULL, r"queue_\d+_rx_empty_rx_ring", "ring", events=True),
    # "Queued or dropped" by the hypervisor, above what the instance may.
    _rule(OUTSIDE_HOST, r"(bw_in|pps|conntrack|linklocal)_allowance_exceeded", "allowance"),
    _rule(XDP_DROP, r"queue_\d+_rx_xdp_drop", "xdp"),
    _rule(DRIVER_DROP, r"queue_\d+_rx_(page|skb)_alloc_fail", "allocation", events=True),
)
_GVE = (
    _rule(RING_FULL, r"rx_no_buffers_posted\[\d+\]", "ring", "posted"),
    _rule(RING_FULL, r"rx_queue_drop_cnt\[\d+\]", "ring", "queue"),
    _rule(XDP_DROP, r"rx_xdp_drop\[\d+\]", "xdp"),
    _rule(DRIVER_DROP, r"rx_dropped_pkt\[\d+\]", "drop"),
    _rule(DRIVER_DROP, r"rx_drops_packet_over_mru\[\d+\]", "mru"),
    _rule(DRIVER_DROP, r"rx_drops_invalid_checksum\[\d+\]", "checksum"),
    _rule(DRIVER_DROP, r"rx_(buf|skb)_alloc_fail(\[\d+\])?", "allocation", events=True),
)
_VIRTIO = (
    # A full ring has no counter in the guest. The drops contain those of XDP; rx_queue_N_ up to 6.9.
    _rule(XDP_DROP, r"rx_xdp_drops", "xdp", "device"),
    _rule(XDP_DROP, r"rx(_queue_)?\d+_xdp_drops", "xdp", "queue"),
    _rule(DRIVER_DROP, r"rx_drops", "drop", "device"),
    _rule(DRIVER_DROP, r"rx(_queue_)?\d+_drops", "drop", "queue"),
)
_VMXNET3 = (
    _rule(RING_FULL, r"pkts rx OOB", "ring"),
    _rule(XDP_DROP, r"xdp drops", "xdp"),
    _rule(DRIVER_DROP, r"drv dropped rx total", "drop"),
    _rule(DRIVER_DROP, r"rx buf alloc fail", "allocation", events=True),
    _rule(LINK_ERROR, r"pkts rx err", "frame"),
)
_BNXT = (
    _rule(RING_FULL, r"rx_total_ring_discards", "ring", "device"),
    _rule(RING_FULL, r"\[\d+\]: rx_discards", "ring", "queue"),
    _rule(OUTSIDE_HOST, r"rx_stat_discard", "port", "port"),
    _rule(OUTSIDE_HOST, r"rx_discard_packets_cos\d+", "port", "class"),
    _rule(DRIVER_DROP, r"rx_total_oom_discards", "memory", "device"),
    _rule(DRIVER_DROP, r"\[\d+\]: rx_oom_discards", "memory", "queue"),
    _rule(DRIVER_DROP, r"rx_total_buf_errors", "buffer", "device"),
    _rule(DRIVER_DROP, r"\[\d+\]: rx_buf_errors", "buffer", "queue"),
    _rule(DRIVER_DROP, r"rx_total_netpoll_discards", "netpoll"),
)
_HV_NETVSC = (
    _rule(XDP_DROP, r"rx_queue_\d+_xdp_drop", "xdp"),
    _rule(DRIVER_DROP, r"rx_no_memory", "memory"),
)
_MANA = (
    _rule(RING_FULL, r"hc_rx_discards_no_wqe", "ring"),
    _rule(XDP_DROP, r"rx_\d+_xdp_drop", "xdp"),
    _rule(DRIVER_DROP, r"hc_rx_err_vport_disabled", "disabled"),
)
_TG3 = (
    _rule(RING_FULL, r"rx_discards", "ring", "packets"),
    _rule(RING_FULL, r"rxbds_empty", "ring", "empty", events=True),
)
_R8169 = (_rule(RING_FULL, r"rx_missed", "ring"),)
_VETH = (
    # A packet that finds the ring full is the tx_dropped of the other end.
    _rule(XDP_DROP, r"rx_queue_\d+_xdp_drops", "xdp"),
    _rule(DRIVER_DROP, r"rx_queue_\d+_drops", "drop"),
)

# What an unknown driver's names most likely mean. Transmit names never match.
_GENERIC = (
    _rule(OUTSIDE_HOST, r".*allowance_exceeded|(?!.*tx).*rx_?discards?_phy", "outside"),
    _rule(XDP_DROP, r"(?!.*tx).*rx.*xdp.*drops?.*", "xdp"),
    _rule(
        RING_FULL,
        r"(?!.*tx).*rx.*(missed|out_of_buf|no_?buf|no_desc|no_dma|overruns?|fifo_err|no_wqe|\boob\b).*",
        "ring",
    ),
    _rule(DRIVER_DROP, r"(?!.*tx).*rx.*(alloc.*(fail|err)|no_?mem).*", "allocation", events=True),
    _rule(DRIVER_DROP, r"(?!.*tx).*rx.*(drop|discard).*", "drop"),
)

_DRIVERS: dict[str, tuple[Rule, ...]] = {
    "ixgbe": _IXGBE,
    "ixgbevf": _IXGBE,
    "i40e": _I40E,
    "iavf": _I40E,
    "ice": _ICE,
    "igb": _IGB,
    "igc": _IGB,
    "e1000e": _E1000,
    "mlx5_core": _MLX5,
    "ena": _ENA,
    "gve": _GVE,
    "virtio_net": _VIRTIO,
    "vmxnet3": _VMXNET3,
    "bnxt_en": _BNXT,
    "hv_netvsc": _HV_NETVSC,
    "mana": _MANA,
    "tg3": _TG3,
    "r8169": _R8169,
    "veth": _VETH,
    # No counters of its own: what a full ring loses is the device's tx_dropped.
    "tun": (),
}

# Their drops contain the packets that an XDP program dropped.
DROPS_CONTAIN_XDP = frozenset(["virtio_net"])


def known(driver: str) -> bool:
    """Tell whether the table has this driver."""
    return driver in _DRIVERS


def rules(driver: str) -> tuple[Rule, ...]:
    """Return the rules of a driver, or the generic ones, and those for errors of the link."""
    return _DRIVERS.get(driver, _GENERIC) + _LINK
