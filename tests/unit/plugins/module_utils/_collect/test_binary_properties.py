# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever bytes arrive, a decoder of a kernel interface answers with data or with ParseError."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect import (
    ethtool_message,
    netdev_genl,
    netlink_message,
    nftables,
    rtnetlink,
    sock_diag,
    sock_diag_one,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from hypothesis import given
from hypothesis import strategies as st

RECORDED = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64"


def _dump(parse: Callable[[list[netlink_message.Message]], object]) -> Callable[[bytes], object]:
    return lambda data: parse(list(netlink_message.iter_bodies(data)))


DECODERS: dict[str, tuple[Callable[[bytes], object], str]] = {
    "udp": (lambda data: sock_diag.parse_udp([data]), "netlink/udp4.bin"),
    "udp raw": (lambda data: sock_diag.parse_raw([data]), "netlink/udp6.bin"),
    "udp exact": (lambda data: sock_diag_one.exact_request([data], 14625, 2, 17), "netlink/udp4.bin"),
    "links": (_dump(rtnetlink.parse_links), "netlink/links.bin"),
    "qdiscs": (_dump(rtnetlink.parse_qdiscs), "netlink/qdiscs.bin"),
    "qstats": (_dump(netdev_genl.parse_qstats), "netlink/netdev_qstats_queues.bin"),
    "queues": (_dump(netdev_genl.parse_queues), "netlink/netdev_queues.bin"),
    "napis": (_dump(netdev_genl.parse_napis), "netlink/netdev_napis.bin"),
    "family": (_dump(netdev_genl.parse_family), "netlink/netdev_napis.bin"),
    "nft chains": (_dump(nftables.parse_chains), "netlink/nft_chains.bin"),
    "nft rules": (_dump(nftables.parse_drop_rules), "netlink/nft_rules.bin"),
    "driver": (ethtool_message.parse_driver, "ethtool/virtio_net_driver.bin"),
    "ring": (ethtool_message.parse_ring, "ethtool/virtio_net_ring.bin"),
    "channels": (ethtool_message.parse_channels, "ethtool/virtio_net_channels.bin"),
    "coalescing": (ethtool_message.parse_coalesce, "ethtool/virtio_net_coalescing.bin"),
    "flow hash": (ethtool_message.parse_rx_flow_hash, "ethtool/virtio_net_flow_hash.bin"),
    "indirection": (lambda data: ethtool_message.parse_rss(data, ["toeplitz"]), "ethtool/virtio_net_indirection.bin"),
    "strings": (ethtool_message.parse_strings, "ethtool/virtio_net_strings.bin"),
    "statistics": (ethtool_message.parse_statistics, "ethtool/virtio_net_statistics.bin"),
}


@pytest.mark.parametrize("name", DECODERS)
@given(noise=st.binary(max_size=400))
def test_any_bytes(name: str, noise: bytes) -> None:
    with contextlib.suppress(ParseError):
        DECODERS[name][0](noise)


@pytest.mark.parametrize("name", DECODERS)
@given(data=st.data())
def test_a_real_answer_that_was_cut_or_garbled(name: str, data: st.DataObject) -> None:
    decode, recorded = DECODERS[name]
    answer = bytearray((RECORDED / recorded).read_bytes())
    decode(bytes(answer))
    for place in data.draw(st.lists(st.integers(0, len(answer) - 1), max_size=4)):
        answer[place] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ParseError):
        decode(bytes(answer[: data.draw(st.integers(0, len(answer)))]))


@given(st.lists(st.tuples(st.integers(0, 0x3FFF), st.binary(max_size=40))))
def test_attributes_come_back(attributes: list[tuple[int, bytes]]) -> None:
    encoded = b"".join(netlink_message.attribute(kind, value) for kind, value in attributes)
    assert list(netlink_message.iter_attributes(encoded)) == attributes


@given(st.lists(st.tuples(st.sampled_from([2, 10]), st.integers(0, 3), st.integers(0, 2**32 - 1)), max_size=30))
def test_the_fast_way_reads_what_the_slow_way_reads(sockets: list[tuple[int, int, int]]) -> None:
    """Messages of several lengths, with SKMEMINFO in several places, mixed in one datagram."""
    data = b""
    for number, (family, others, drops) in enumerate(sockets):
        body = struct.pack("=BBBBHH16s16sIQIIIII", family, 7, 0, 0, 0, 0, b"", b"", 0, number, 0, 64, 0, 5, 9)
        body += netlink_message.attribute(8, b"\0") * others
        body += netlink_message.attribute(7, struct.pack("=9I", 832, 212992, 0, 0, 0, 0, 0, 0, drops))
        data += netlink_message.HEADER.pack(16 + len(body), 20, 2, 1, 0) + body
    slow = sock_diag.parse_udp([data])
    assert [(s.cookie, s.inode, s.queue_bytes, s.memory, s.receive_buffer, s.drops) for s in slow] == (
        sock_diag.parse_raw([data])
    )
    assert [(s.cookie, s.drops) for s in slow] == [(n, drops) for n, (_, _, drops) in enumerate(sockets)]
