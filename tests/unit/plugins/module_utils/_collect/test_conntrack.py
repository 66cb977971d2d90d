# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.conntrack import parse_conntrack_stat
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError

NET = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/proc/net"

OLD = """entries  searched found new invalid delete delete_list insert insert_failed drop early_drop
0000001f  00000001 00000002 00000003 00000000 00000000 00000000 00000000 00000001 00000010 00000000
0000001f  00000001 00000002 00000003 00000000 00000000 00000000 00000000 00000001 0000000a 00000000
"""


def test_recorded() -> None:
    counters = parse_conntrack_stat((NET / "stat/nf_conntrack").read_text())
    assert counters["entries"] == 0
    assert {"clashres", "drop", "insert_failed", "early_drop", "chainlength"} <= set(counters)


def test_old_header_sums_all_but_entries() -> None:
    counters = parse_conntrack_stat(OLD)
    assert counters["entries"] == 31
    assert counters["drop"] == 26
    assert counters["searched"] == 2
    assert counters["insert_failed"] == 2


@pytest.mark.parametrize("text", ["", "entries drop\n", "a b\n1 2\n", "entries drop\n1\n", "entries drop\n1 z\n"])
def test_bad(text: str) -> None:
    with pytest.raises(ParseError, match="nf_conntrack: "):
        parse_conntrack_stat(text)
