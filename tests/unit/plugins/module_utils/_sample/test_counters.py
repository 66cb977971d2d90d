# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

from ansible_collections.rxpath.linux.plugins.module_utils._sample.counters import (
    count,
    count_new,
    parse_reading,
    unchanged,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import Reading
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns
from hypothesis import given
from hypothesis import strategies as st

NET = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/proc/net"
SNMP = b"Ip: Forwarding DefaultTTL InReceives\nIp: 1 64 %d\nUdp: InDatagrams InErrors\nUdp: %d %d\n"
CONNTRACK = b"entries found drop\n0000000a 00000000 %08x\n0000000a 00000000 00000000\n"


def _reading(snmp: bytes, netstat: bytes | None = None, conntrack: bytes | None = None) -> Reading:
    return Reading(0.0, snmp, None, netstat, conntrack, [], [], {}, {}, None, af_xdp=False)


def test_recorded_files() -> None:
    reading = _reading((NET / "snmp").read_bytes(), (NET / "netstat").read_bytes())
    reading = reading._replace(snmp6=(NET / "snmp6").read_bytes())
    unknowns = Unknowns()
    counters = parse_reading(reading, "host", unknowns)
    assert unknowns.entries() == []
    assert {"Ip.InReceives", "Udp.RcvbufErrors", "Udp6.InDatagrams", "Ip6.InReceives", "IpExt.InOctets"} <= set(
        counters
    )
    assert "TcpExt.IPReversePathFilter" in counters
    assert not any(key.startswith(("Icmp", "Tcp.")) for key in counters)
    assert sum(key.startswith("TcpExt.") for key in counters) == 1


def test_gains_keep_the_zeros_that_say_something() -> None:
    start = _reading(SNMP % (10, 5, 2), conntrack=CONNTRACK % 1)
    end = _reading(SNMP % (30, 5, 0), conntrack=CONNTRACK % 4)
    counted = count(start, end, 1.0, "host", Unknowns())
    assert counted.gains == {
        "Ip.InReceives": 20,
        "Udp.InDatagrams": 0,
        "Udp.InErrors": None,
        "conntrack.drop": 3,
    }
    assert counted.resets == ["Udp.InErrors"]
    assert counted.totals == {"Udp.InDatagrams": 5, "Udp.InErrors": 0, "Ip.InReceives": 30, "conntrack.drop": 4}
    assert counted.entries == 10
    assert counted.forwarding is True
    assert unchanged(start, start)
    assert not unchanged(start, end)


def test_connection_tracking_wraps_at_32_bits() -> None:
    start = _reading(SNMP % (1, 1, 1), conntrack=CONNTRACK % 0xFFFFFFFF)
    counted = count(start, _reading(SNMP % (1, 1, 1), conntrack=CONNTRACK % 3), 1.0, "host", Unknowns())
    assert counted.gains["conntrack.drop"] == 4


def test_a_kernel_without_connection_tracking() -> None:
    counted = count(_reading(SNMP % (1, 1, 1)), _reading(SNMP % (2, 1, 1)), 1.0, "host", Unknowns())
    assert counted.entries is None
    assert not any(key.startswith("conntrack.") for key in counted.gains)


def test_a_namespace_that_began_within_the_window() -> None:
    end = _reading(SNMP % (10, 5, 2))
    assert count_new(end, True, "pod", Unknowns()).gains["Udp.InErrors"] == 2
    assert count_new(end, False, "pod", Unknowns()).gains == {}


@given(st.binary(max_size=300), st.none() | st.binary(max_size=300), st.none() | st.binary(max_size=300))
def test_garbled_files_are_unknowns(snmp: bytes, netstat: bytes | None, conntrack: bytes | None) -> None:
    unknowns = Unknowns()
    counted = count(_reading(SNMP % (1, 1, 1)), _reading(snmp, netstat, conntrack), 1.0, "pod", unknowns)
    if b"Udp" not in snmp:
        assert unknowns.entries()
        assert all("pod" in entry["what"] for entry in unknowns.entries())
    assert all(value is None or value >= 0 for value in counted.gains.values())
