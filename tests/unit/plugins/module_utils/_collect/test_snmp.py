# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.snmp import (
    WANTED,
    Udp6Columns,
    UdpColumns,
    parse_snmp,
    parse_snmp6,
    parse_sockstat,
)

NET = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/proc/net"

# Kernel 3.10: no MemErrors, no IgnoredMulti, no InCsumErrors; 5.10 has InCsumErrors; 7.3 has no UdpLite line.
OLD = """Ip: Forwarding DefaultTTL InReceives
Ip: 1 64 4294967295
Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors
Udp: 4294967290 1 7 3 5 0
UdpLite: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors
UdpLite: 9 9 9 9 9 9
"""
NO_UDPLITE = """Ip: InReceives
Ip: 18446744073709551615
Udp: MemErrors InDatagrams InErrors NoPorts RcvbufErrors InCsumErrors Novel
Udp: 1 2 3 4 5 6 7
"""


def test_snmp_recorded() -> None:
    counters = parse_snmp((NET / "snmp").read_text())
    assert counters["Udp.InDatagrams"] == 3
    assert counters["Udp.RcvbufErrors"] == 44
    assert counters["UdpLite.InDatagrams"] == 0
    assert counters["Tcp.MaxConn"] == -1


def test_netstat_recorded() -> None:
    counters = parse_snmp((NET / "netstat").read_text(), ("IpExt", "TcpExt"))
    assert counters["TcpExt.IPReversePathFilter"] == 0
    assert counters["IpExt.InNoRoutes"] == 0
    assert not any(key.startswith("MPTcpExt.") for key in counters)


def test_snmp6_recorded() -> None:
    counters = parse_snmp6((NET / "snmp6").read_text())
    assert counters["Udp6.InDatagrams"] == 5
    assert counters["Ip6.InReceives"] == 20
    assert "UdpLite6.InDatagrams" in counters
    assert "Icmp6.InMsgs" in counters


def test_sockstat_recorded() -> None:
    stat = parse_sockstat((NET / "sockstat").read_text())
    assert stat["UDP"]["inuse"] == 2
    assert stat["UDP"]["mem"] == 0  # pages; 211 kB are still within what each CPU may hold back
    assert stat["FRAG"] == {"inuse": 0, "memory": 0}
    assert parse_sockstat((NET / "sockstat6").read_text())["UDP6"] == {"inuse": 2}


def test_snmp_old() -> None:
    counters = parse_snmp(OLD)
    assert "Udp.MemErrors" not in counters
    assert counters["Udp.InDatagrams"] == 4294967290


@pytest.mark.parametrize(
    ("text", "expected", "missing"),
    [
        pytest.param(OLD, (4294967290, 1, 7, 5, 0, 0), {"MemErrors", "InCsumErrors"}, id="3.10-32-bit"),
        pytest.param(NO_UDPLITE, (2, 4, 3, 5, 1, 6), set(), id="no-udplite-other-order"),
    ],
)
def test_columns(text: str, expected: tuple[int, ...], missing: set[str]) -> None:
    columns = UdpColumns(text.encode())
    assert columns.missing == missing
    assert columns.read(text.encode()) == expected


def test_columns_agree_with_the_full_parsers() -> None:
    raw = (NET / "snmp").read_bytes()
    full = parse_snmp(raw.decode())
    assert UdpColumns(raw).read(raw) == tuple(full["Udp." + name] for name in WANTED)
    raw6 = (NET / "snmp6").read_bytes()
    full6 = parse_snmp6(raw6.decode())
    assert Udp6Columns(raw6).read(raw6) == tuple(full6["Udp6." + name] for name in WANTED)


def test_columns_follow_values_of_any_width() -> None:
    columns = UdpColumns(OLD.encode())
    assert columns.read(OLD.replace("4294967295", "0").replace("Udp: 4294967290", "Udp: 1").encode())[0] == 1


def test_columns_of_snmp6_that_ends_with_udp6() -> None:
    raw = b"Ip6InReceives\t1\nUdp6InDatagrams\t8\nUdp6InErrors\t2\n"
    columns = Udp6Columns(raw)
    assert columns.read(raw) == (8, 0, 2, 0, 0, 0)
    assert columns.missing == {"NoPorts", "RcvbufErrors", "MemErrors", "InCsumErrors"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Udp: A\n",
        "Udp: A\nUdp: x\n",
        "Udp: A B\nUdp: 1\n",
        "Udp: A\nIp: 1\n",
        "Udp: InDatagrams\nUdp: " + "9" * 5000 + "\n",
    ],
    ids=["empty", "odd", "word", "short", "order", "digits"],
)
def test_bad_snmp(text: str) -> None:
    with pytest.raises(ParseError, match=r"^/proc/net/snmp: "):
        parse_snmp(text)


def test_columns_notice_a_change() -> None:
    columns = UdpColumns(OLD.encode())
    for raw in (NO_UDPLITE.encode(), b"", OLD.encode()[:150], OLD.replace(" 7 3 5", " 7 3").encode()):
        with pytest.raises(ParseError):
            columns.read(raw)
    with pytest.raises(ParseError):
        UdpColumns(b"\nUdp: NoPorts\nUdp: 1\n")
