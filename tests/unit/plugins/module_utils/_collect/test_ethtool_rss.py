# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Receive-side scaling as igb answers it: the sizes first, then table and key."""

from __future__ import annotations

import contextlib
import struct
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect import ethtool_message
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import Ethtool
from hypothesis import given
from hypothesis import strategies as st

RECORDED = Path(__file__).parents[3] / "fixtures/6.1.176-x86_64/ethtool/igb_indirection.bin"
_HEAD = 24


class Recorded(Ethtool):
    """Answers GRSSH as ethtool_get_rxfh() does: into the caller's buffer, the head alone where there is no room."""

    def __init__(self, answer: bytes) -> None:
        super().__init__()
        self._answer = answer

    def _request(self, device: str, what: str, request: bytes) -> bytes | None:
        command = struct.unpack_from("=I", request)[0]
        if command == 0x37:
            return struct.pack("=IIQI", 0x37, 0, 0, 0)
        if command == 0x1B:
            return struct.pack("=III", 0x1B, 5, 0)
        assert command == 0x46
        room = struct.unpack_from("=II", request, 8)
        written = self._answer if any(room) else self._answer[:_HEAD]
        return written + request[len(written) :]


def test_igb() -> None:
    """The request for the sizes once had four bytes too many, and its answer was taken for a table cut short."""
    with Recorded(RECORDED.read_bytes()) as tool:
        rss = tool.rss("enp2s0")
        assert rss is not None
        assert (rss.indirection_size, rss.key_size) == (128, 0)
        assert rss.indirection == [slot // 32 for slot in range(128)]
        assert tool.rss_key("enp2s0") == b""


def test_key_follows_the_table() -> None:
    answer = struct.pack("=IIIIBB2xI4I", 0x46, 0, 4, 6, 1, 0, 0, 0, 1, 0, 1) + b"secret"
    assert ethtool_message.parse_rss_key(answer) == b"secret"
    with Recorded(answer) as tool:
        assert tool.rss_key("eth0") == b"secret"
    with pytest.raises(ParseError, match="6 bytes of key"):
        ethtool_message.parse_rss_key(answer[:-1])


def test_rx_rings() -> None:
    assert ethtool_message.parse_rx_rings(struct.pack("=IIQ176x", 0x2D, 0, 4)) == 4


@given(st.binary(max_size=80))
def test_any_bytes(data: bytes) -> None:
    for parse in (ethtool_message.parse_rss_key, ethtool_message.parse_rx_rings):
        with contextlib.suppress(ParseError):
            parse(data)
