# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Requests that set, as bytes."""

from __future__ import annotations

import struct

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.ethtool_write import EthtoolWriter, with_fields
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import EthtoolError

TRANSFORM = 0x03


class Driver(EthtoolWriter):
    """Keeps what was sent; answers every GET with numbers that tell where they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[bytes] = []

    def _request(self, device: str, what: str, request: bytes) -> bytes | None:
        self.sent.append(request)
        if struct.unpack_from("=I", request)[0] == 0x46:
            return struct.pack("=IIIIBB2xI", 0x46, 0, 4, 40, 1, TRANSFORM, 0)
        words = len(request) // 4
        return struct.pack(f"={words}I", *(100 + place for place in range(words)))


def test_what_is_not_named_is_sent_back_as_it_was() -> None:
    answer = struct.pack("=9I", 0x10, *range(1, 9))
    request = with_fields(answer, 0x11, {"rx": 5, "tx": 8}, {"rx": 4096})
    assert struct.unpack("=9I", request) == (0x11, 1, 2, 3, 4, 4096, 6, 7, 8)


def test_ring_channels_coalesce() -> None:
    driver = Driver()
    with driver:
        driver.set_ring("eth0", {"rx": 1, "tx": 2})
        assert struct.unpack("=9I", driver.sent[-1]) == (0x11, 101, 102, 103, 104, 1, 106, 107, 2)
        driver.set_channels("eth0", {"combined": 3})
        assert struct.unpack("=9I", driver.sent[-1]) == (0x3D, 101, 102, 103, 104, 105, 106, 107, 3)
        driver.set_coalesce("eth0", {"rx_usecs": 7, "adaptive_tx": True})
        words = list(range(100, 123))
        words[0], words[1], words[11] = 0x0F, 7, 1
        assert list(struct.unpack("=23I", driver.sent[-1])) == words


def test_hash_fields() -> None:
    driver = Driver()
    with driver:
        driver.set_rx_flow_hash("eth0", "udp6", "sdfn")
        assert struct.unpack_from("=IIQ", driver.sent[-1]) == (0x2A, 6, 0xF0)
        assert len(driver.sent[-1]) == 192


def test_table_and_key_keep_each_other_and_the_transformation() -> None:
    driver = Driver()
    with driver:
        driver.set_indirection("eth0", [0, 1, 0, 1])
        head = struct.pack("=IIIIBB2xI", 0x47, 0, 4, 0, 0, TRANSFORM, 0)
        assert driver.sent[-1] == head + struct.pack("=4I", 0, 1, 0, 1)
        driver.set_indirection("eth0", None)
        assert driver.sent[-1] == struct.pack("=IIIIBB2xI", 0x47, 0, 0, 0, 0, TRANSFORM, 0)
        driver.set_rss_key("eth0", b"key!")
        assert driver.sent[-1] == struct.pack("=IIIIBB2xI", 0x47, 0, 0xFFFFFFFF, 4, 0, TRANSFORM, 0) + b"key!"


def test_loopback_supports_none_of_it() -> None:
    tool = EthtoolWriter()
    with tool:
        with pytest.raises(EthtoolError) as error:
            tool.set_ring("lo", {"rx": 1})
        assert error.value.errno == 95
        with pytest.raises(EthtoolError, match="indirection"):
            tool.set_indirection("lo", None)
