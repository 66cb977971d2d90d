# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.proc_udp import parse_proc_udp

NET = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/proc/net"


def test_recorded() -> None:
    sockets = {sock.local: sock for sock in parse_proc_udp((NET / "udp").read_text(), "ipv4")}
    full = sockets["127.0.0.1:5300"]
    assert (full.drops, full.remote, full.state, full.uid) == (44, "", 7, 0)
    # 253 datagrams of 832 bytes wait.
    assert full.queue_bytes == full.memory == 253 * 832
    assert sockets["127.0.0.1:5302"].remote == "127.0.0.1:5300"
    assert sockets["127.0.0.1:5302"].state == 1


def test_recorded6() -> None:
    sockets = {sock.local: sock for sock in parse_proc_udp((NET / "udp6").read_text(), "ipv6")}
    assert sockets["[::1]:5301"].family == "ipv6"
    assert sockets["[::1]:5301"].inode > 0


@pytest.mark.parametrize(
    "row", ["1: 0:0", "1: 0100007F 0:0 7 0:0 0:0 0 0 0 5 2 0 0", "1: 0100007F:35 0:0 7 0:z 0:0 0 0 0 5 2 0 0"]
)
def test_bad(row: str) -> None:
    for text in ("", f"  sl  local_address\n {row}\n"):
        with pytest.raises(ParseError, match=r"^/proc/net/udp: "):
            parse_proc_udp(text, "ipv4")
