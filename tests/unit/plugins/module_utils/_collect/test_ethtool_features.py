# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import struct

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import Ethtool
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool_message import parse_features
from hypothesis import given
from hypothesis import strategies as st


def test_second_block_and_nameless_bits() -> None:
    data = struct.pack("=10I", 0x3A, 2, 9, 9, 0b101, 9, 9, 9, 0b10, 9)
    names = ["rx-gro", "", "rx-lro"] + [""] * 30 + ["rx-gro-list", "rx-fcs"]
    assert parse_features(data, names) == {"rx-gro": True, "rx-lro": True, "rx-gro-list": True, "rx-fcs": False}


def test_fewer_blocks_than_names() -> None:
    with pytest.raises(ParseError, match="features"):
        parse_features(struct.pack("=6I", 0x3A, 1, 0, 0, 0, 0), ["x"] * 33)


@given(st.binary(max_size=64), st.lists(st.text(max_size=3), max_size=70))
def test_any_bytes(data: bytes, names: list[str]) -> None:
    with contextlib.suppress(ParseError):
        parse_features(data, names)


def test_loopback() -> None:
    with Ethtool() as tool:
        features = tool.features("lo")
    assert features is not None
    assert {"rx-gro", "rx-lro"} <= set(features)
