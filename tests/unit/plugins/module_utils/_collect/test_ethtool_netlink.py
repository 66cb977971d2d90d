# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Answers of the generic netlink family "ethtool", and of a dump of AF_XDP sockets."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect import (
    ethtool_netlink,
    netlink_message,
    xdp_diag,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import NetlinkError
from hypothesis import given
from hypothesis import strategies as st

RECORDED = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/netlink"
PARSERS: list[Callable[[Any], object]] = [
    ethtool_netlink.parse_coalesce_fields,
    ethtool_netlink.parse_rx_buffer_length,
    xdp_diag.parse_bound_queues,
]


def _messages(name: str) -> list[netlink_message.Message]:
    return list(netlink_message.iter_bodies((RECORDED / name).read_bytes()))


def test_virtio_net() -> None:
    fields = ethtool_netlink.parse_coalesce_fields(_messages("ethtool_coalesce_virtio_net.bin"))
    assert fields == {"rx_usecs", "rx_frames", "tx_usecs", "tx_frames", "adaptive_rx"}
    assert ethtool_netlink.parse_rx_buffer_length(_messages("ethtool_rings_virtio_net.bin")) is None


def test_buffer_length() -> None:
    body = struct.pack("=BBxx", 16, 1) + netlink_message.attribute(10, struct.pack("=I", 4096))
    assert ethtool_netlink.parse_rx_buffer_length([(21, memoryview(body))]) == 4096


def test_no_answer() -> None:
    with pytest.raises(ParseError, match="no answer"):
        ethtool_netlink.parse_coalesce_fields([])


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(NetlinkError) as error:
        ethtool_netlink.settable_coalesce("no-such-dev")
    assert error.value.errno == 19


def test_loopback_has_neither() -> None:
    assert ethtool_netlink.settable_coalesce("lo") is None
    assert ethtool_netlink.rx_buffer_length("lo") is None


def test_bound_queues() -> None:
    def body(index: int, queue: int) -> memoryview:
        head = struct.pack("=BBHIII", 44, 3, 0, 4711, 1, 0)
        return memoryview(head + netlink_message.attribute(1, struct.pack("=II", index, queue)))

    assert xdp_diag.parse_bound_queues([(20, body(3, 1)), (20, body(0, 0)), (20, body(2, 0))]) == [(2, 0), (3, 1)]


@pytest.mark.parametrize("parse", PARSERS)
@given(data=st.binary(max_size=60))
def test_any_bytes(parse: Callable[[Any], object], data: bytes) -> None:
    with contextlib.suppress(ParseError):
        parse([(21, memoryview(data))])
