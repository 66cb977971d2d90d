# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Queue statistics of a virtio_net of one queue. What the driver does not count is absent, not zero."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.rxpath.linux.plugins.module_utils._collect import netdev_genl
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import Message, iter_bodies

RECORDED = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/netlink"


def _messages(name: str) -> list[Message]:
    return list(iter_bodies((RECORDED / name).read_bytes()))


def test_device_statistics() -> None:
    [device] = netdev_genl.parse_qstats(_messages("netdev_qstats.bin"))
    assert (device.direction, device.queue) == (None, None)
    assert device.stats["rx_packets"] > 0
    assert "rx_hw_drops" not in device.stats


def test_queue_statistics() -> None:
    queues = netdev_genl.parse_qstats(_messages("netdev_qstats_queues.bin"))
    assert [(queue.direction, queue.queue) for queue in queues] == [("rx", 0), ("tx", 0)]


def test_queues_lead_to_napi() -> None:
    queues = netdev_genl.parse_queues(_messages("netdev_queues.bin"))
    [served] = [queue for queue in queues if queue.napi_id]
    [napi] = netdev_genl.parse_napis(_messages("netdev_napis.bin"))
    assert (napi.ifindex, napi.napi_id, napi.irq) == (served.ifindex, served.napi_id, None)
