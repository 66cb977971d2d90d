# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plan of a host is made from, where that can be told without the host."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.survey import is_image, parse_memory
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.flow_steering import parse_rule_count


def test_memory_is_the_total() -> None:
    assert parse_memory("MemTotal:         766896 kB\nMemFree:           10 kB\n") == 766896 * 1024
    assert parse_memory("") is None
    assert parse_memory("MemTotal: lots kB\n") is None


def test_another_root_is_an_image(tmp_path: Path) -> None:
    assert is_image(Host(str(tmp_path)))


def test_flow_rules_are_counted() -> None:
    assert parse_rule_count(struct.pack("=II176xII", 0x2E, 0, 3, 0)) == 3
    with pytest.raises(ParseError):
        parse_rule_count(b"\0" * 100)
