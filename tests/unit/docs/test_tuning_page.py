# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The table of profiles on the page on tuning is what the profiles say, and what the plan makes of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.numbers import count, size
from ansible_collections.rxpath.linux.plugins.module_utils._plan.buffers import size_buffer
from ansible_collections.rxpath.linux.plugins.module_utils._plan.host_sysctls import host_sysctls
from ansible_collections.rxpath.linux.plugins.module_utils._plan.profile import KEEP, PROFILES, resolve
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._plan.surveys import settings, survey

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/docsite/rst/tuning.rst").read_text(encoding="utf-8")
VETH = {"veth1": {"kind": "veth", "up": True}}
Cell = Callable[[Mapping[str, Any]], str]


def buffer(profile: Mapping[str, Any]) -> str:
    if profile["rmem_max"] == KEEP:
        return "–"
    workload = {"service_rate": 0, "memory_share": 0.1, "may_raise": True}
    return size(size_buffer({**profile, **workload}, None, None, 4096).receive_buffer)


def sysctl(key: str) -> Cell:
    def cell(profile: Mapping[str, Any]) -> str:
        found = host_sysctls({**settings(), **profile}, survey(links=VETH)).values.get(key)
        return count(int(found)) if found else "keep"

    return cell


ROWS: dict[str, Cell] = {
    "``rate``": lambda profile: count(profile["rate"]),
    "``datagram_size``": lambda profile: count(profile["datagram_size"]),
    "``stall``": lambda profile: f"{profile['stall'] * 1000:g} ms",
    "``sockets``": lambda profile: str(profile["sockets"]),
    "``max_queue_delay``": lambda profile: f"{profile['max_queue_delay']:g} s",
    "receive buffer of a socket": buffer,
    "``rmem_max``": sysctl("net.core.rmem_max"),
    "``rmem_default``": sysctl("net.core.rmem_default"),
    "``netdev_max_backlog``": sysctl("net.core.netdev_max_backlog"),
}


def cells(head: str) -> list[str]:
    row = re.search(rf"^   \* - [^\n]*{re.escape(head)}[^\n]*\n((?:     - [^\n]*\n)+)", PAGE, re.MULTILINE)
    assert row, head
    return re.findall(r"^     - (.*)$", row[1], re.MULTILINE)


@pytest.mark.parametrize("head", ROWS)
def test_a_row_is_what_the_profiles_say(head: str) -> None:
    assert cells(head) == [ROWS[head](resolve({"profile": name})) for name in PROFILES]


def test_the_columns_are_the_profiles() -> None:
    head = re.search(r"^   \* -\n((?:     - ``\w+``\n)+)", PAGE, re.MULTILINE)
    assert head
    assert re.findall(r"``(\w+)``", head[1]) == list(PROFILES)
