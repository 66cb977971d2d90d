# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._sample.rows import Rows, packets
from hypothesis import given
from hypothesis import strategies as st

NET = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/proc/net"
SNMP, SNMP6 = (NET / "snmp").read_bytes(), (NET / "snmp6").read_bytes()


def _snmp(received: int, read: int, errors: int, overflows: int) -> bytes:
    return (
        b"Ip: Forwarding DefaultTTL InReceives\nIp: 1 64 %d\n"
        b"Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors\nUdp: %d 0 %d 0 %d\n"
    ) % (received, read, errors, overflows)


def test_both_families_are_one_series() -> None:
    rows = Rows(SNMP, SNMP6, 100.0, 64)
    six = SNMP6.decode()
    line = next(line for line in six.split("\n") if line.startswith("Udp6InDatagrams"))
    more = six.replace(line, line.rsplit("\t", 1)[0] + "\t%d" % (int(line.split()[1]) + 5))
    moved = rows.add(SNMP, more.encode(), 100.5)
    assert (moved.udp, moved.losing, moved.ip) == (True, False, False)
    assert rows.document() == {"t": [0.5], "reads": [5], "overflows": [0], "errors": [0], "mem_errors": [0]}


def test_what_moved() -> None:
    rows = Rows(_snmp(1, 1, 0, 0), None, 0.0, 64)
    assert rows.add(_snmp(1, 1, 0, 0), None, 0.1) == (False, False, False)
    # A stopped reader: packets arrive, nobody reads, nothing is lost yet.
    assert rows.add(_snmp(9, 1, 0, 0), None, 0.2) == (False, False, True)
    assert rows.add(_snmp(9, 1, 4, 4), None, 0.3) == (True, True, False)
    assert rows.document()["overflows"] == [0, 0, 4]
    assert rows.total[3] == 4


def test_a_reset_counts_nothing() -> None:
    rows = Rows(_snmp(9, 1000, 9, 9), None, 0.0, 64)
    rows.add(_snmp(1, 2, 0, 0), None, 0.1)
    assert rows.document()["reads"] == [0]
    rows.add(_snmp(1, 5, 0, 0), None, 0.2)
    assert rows.document()["reads"] == [0, 3]


def test_a_file_without_counters_is_refused() -> None:
    with pytest.raises(ParseError):
        Rows(b"", None, 0.0, 64)


def test_packets_of_a_recorded_file() -> None:
    four, six = packets(SNMP, SNMP6)
    assert four.isdigit()
    assert six.startswith(b"Ip6InReceives")


@given(st.binary(max_size=400), st.none() | st.binary(max_size=400))
def test_garbled_files_are_named_errors(snmp: bytes, snmp6: bytes | None) -> None:
    rows = Rows(SNMP, SNMP6, 0.0, 64)
    for made in (lambda: Rows(snmp, snmp6, 0.0, 64), lambda: rows.add(snmp, snmp6, 1.0)):
        try:
            made()
        except ParseError:
            continue


@given(st.integers(0, len(SNMP)), st.integers(0, len(SNMP6)))
def test_cut_files_are_named_errors(cut: int, cut6: int) -> None:
    rows = Rows(SNMP, SNMP6, 0.0, 64)
    try:
        rows.add(SNMP[:cut], SNMP6[:cut6], 1.0)
    except ParseError:
        return
    assert all(value >= 0 for column in ("reads", "overflows", "errors") for value in rows.document()[column])
