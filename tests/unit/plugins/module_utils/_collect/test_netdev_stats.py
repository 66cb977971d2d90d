# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netdev_stats import parse_proc_net_dev

NET = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/proc/net"
HEADER = "Inter-|   Receive  |  Transmit\n face |bytes    drop|bytes drop\n"


def test_recorded() -> None:
    devices = parse_proc_net_dev((NET / "dev").read_text())
    assert devices["lo"]["rx_packets"] == devices["lo"]["tx_packets"] > 300
    assert devices["lo"]["rx_drop"] == 0
    assert "tx_carrier" in devices["lo"]


def test_name_glued_to_its_first_value() -> None:
    assert parse_proc_net_dev(HEADER + "enp5s0f0:123456789012 3 4 5\n")["enp5s0f0"]["rx_bytes"] == 123456789012


def test_name_with_a_separator_of_lines() -> None:
    assert parse_proc_net_dev(HEADER + "  a\u2028b: 1 2 3 4\n")["a\u2028b"]["tx_drop"] == 4


@pytest.mark.parametrize("text", ["", "a\nb\n", HEADER + "x 1 2 3 4\n", HEADER + "x: 1 2 3\n", HEADER + "x: 1 2 3 y\n"])
def test_bad(text: str) -> None:
    with pytest.raises(ParseError, match=r"^/proc/net/dev: "):
        parse_proc_net_dev(text)
