# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What could not be read is left out of a look: taken for zero, all of it would seem to rise when it is back."""

from __future__ import annotations

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import Link
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import DriverStatistics, Reading
from ansible_collections.rxpath.linux.plugins.module_utils._watch.look import Noted, counts, digest

SNMP = b"""\
Ip: Forwarding DefaultTTL InReceives
Ip: 1 64 10
Udp: InDatagrams NoPorts InErrors RcvbufErrors
Udp: 3 0 7 7
"""
PROTOCOL = {"socket.receive_buffer_overflow", "udp.no_listener", "ip.reverse_path_filter", "passed.ip"}
NIC = {"nic.ring_overflow", "passed.nic"}
QDISC = {"qdisc.drop", "tc.drop"}


def reading(snmp: bytes = SNMP, links: int = 2) -> Reading:
    names = ["lo", "eth0"][:links]
    made = [Link(i, n, "", None, None, None, 0, "up", "", None, None, "", {}, 0) for i, n in enumerate(names, 1)]
    return Reading(1.0, snmp, None, None, None, made, [], {2: DriverStatistics("igb", [])}, {}, None, False)


def told(one: Reading, *missing: str) -> set[str]:
    noted = Noted()
    for what in missing:
        noted.add(what, "refused")
    found = {count.series.finding for count in counts(one, "pod", noted)}
    assert len(noted.entries()) >= len(missing)
    return found


@pytest.mark.parametrize(
    ("missing", "left_out"),
    [
        ("/proc/net/netstat", PROTOCOL),
        ("queueing disciplines", QDISC),
        ("devices and queueing disciplines", QDISC),
        ("driver counters of eth0", NIC),
        ("driver counters of eth1", set()),
        ("sock_diag", set()),
    ],
)
def test_series_of_what_could_not_be_read_are_left_out(missing: str, left_out: set[str]) -> None:
    every = PROTOCOL | NIC | QDISC
    assert told(reading()) >= every
    assert told(reading(), missing) & every == every - left_out


def test_a_garbled_file_and_devices_that_nobody_lists_are_left_out() -> None:
    assert not told(reading(SNMP.replace(b"7 7", b"7"))) & PROTOCOL
    assert not told(reading(links=0)) & (NIC | QDISC)


def test_a_reading_is_the_same_whenever_it_is_made_and_another_where_a_number_is() -> None:
    assert digest(reading()) == digest(reading()._replace(moment=2.0))
    assert digest(reading()) != digest(reading(SNMP.replace(b"10", b"11")))
    assert digest(reading()) != digest(reading()._replace(drivers={2: DriverStatistics("igb", [("rx", 1)])}))
