# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""UDP sockets as this kernel described them: one full, one connected, three families of local address."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag import parse_raw, parse_udp

RECORDED = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/netlink"


def test_a_full_socket_has_its_queue_its_memory_and_its_drops() -> None:
    sockets = parse_udp([(RECORDED / "udp4.bin").read_bytes()])
    full = next(s for s in sockets if s.local == "127.0.0.1:5300")
    assert (full.family, full.protocol, full.remote, full.state) == ("ipv4", "udp", "", 7)
    assert (full.queue_bytes, full.memory, full.receive_buffer, full.drops) == (208832, 212992, 212992, 44)


def test_a_connected_socket_has_its_peer() -> None:
    connected = [s for s in parse_udp([(RECORDED / "udp4.bin").read_bytes()]) if s.remote]
    assert [(s.remote, s.state) for s in connected] == [("127.0.0.1:5300", 1)]


def test_ipv6_addresses_stand_in_brackets() -> None:
    sockets = parse_udp([(RECORDED / "udp6.bin").read_bytes()], protocol=136)
    assert sorted(s.local for s in sockets) == ["[::1]:5301", "[::1]:5302", "[::]:5400"]
    assert {s.protocol for s in sockets} == {"udplite"}


def test_the_last_message_may_lack_its_padding() -> None:
    data = (RECORDED / "udp4.bin").read_bytes()
    whole = parse_raw([data])
    length = int.from_bytes(data[:4], "little")
    assert parse_raw([data[:length]]) == whole[:1]


def test_a_socket_without_memory_is_an_error() -> None:
    data = bytearray((RECORDED / "udp4.bin").read_bytes())
    data[:4] = (16 + 72).to_bytes(4, "little")
    with pytest.raises(ParseError, match="SKMEMINFO"):
        parse_raw([bytes(data)])
