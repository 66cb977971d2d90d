# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of virtio_net and veth to the ethtool ioctl."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect import ethtool_message
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import Ethtool, EthtoolError

RECORDED = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/ethtool"


def _read(name: str) -> bytes:
    return (RECORDED / name).read_bytes()


def test_settings() -> None:
    assert ethtool_message.parse_driver(_read("virtio_net_driver.bin"))[0::3] == ("virtio_net", "0000:00:03.0")
    assert ethtool_message.parse_ring(_read("virtio_net_ring.bin")) == (256, 256, 256, 256)
    assert ethtool_message.parse_channels(_read("virtio_net_channels.bin")).combined == 1
    assert ethtool_message.parse_channels(_read("veth_channels.bin")).rx == 1
    assert ethtool_message.parse_coalesce(_read("virtio_net_coalescing.bin")).rx_frames == 1
    assert ethtool_message.parse_rss(_read("virtio_net_indirection.bin"), ["toeplitz"]).hash_function == "toeplitz"


def test_statistics_have_the_names_of_the_driver() -> None:
    names = ethtool_message.parse_strings(_read("veth_strings.bin"))
    values = ethtool_message.parse_statistics(_read("veth_statistics.bin"))
    assert len(names) == len(values) == 10
    assert {"rx_queue_0_drops", "rx_queue_0_xdp_drops"} <= set(names)


@pytest.mark.parametrize(("bits", "letters"), [(0, ""), (0x30, "sd"), (0xF0, "sdfn"), (1 << 31, "r")])
def test_flow_hash(bits: int, letters: str) -> None:
    assert ethtool_message.parse_rx_flow_hash(struct.pack("=IIQ", 0x29, 2, bits)) == letters


def test_indirection_table() -> None:
    data = struct.pack("=IIIIBB2xI4I", 0x46, 0, 4, 40, 1, 0, 0, 0, 1, 0, 1) + bytes(40)
    assert ethtool_message.parse_rss(data, ["toeplitz", "xor"]) == ([0, 1, 0, 1], 4, 40, "toeplitz", 0)


@pytest.mark.parametrize("device", ["no-such-dev", "a-name-of-more-than-15", "\udcff"])
def test_a_device_that_is_not_there(device: str) -> None:
    with Ethtool() as ethtool, pytest.raises(EthtoolError) as error:
        ethtool.stats(device)
    assert error.value.errno == 19


def test_loopback_has_no_driver() -> None:
    with Ethtool() as ethtool:
        assert (ethtool.driver("lo"), ethtool.stats("lo"), ethtool.ring("lo"), ethtool.rss("lo")) == (None,) * 4
