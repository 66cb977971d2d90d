# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol counters of a namespace: from two readings to what each gained."""

from __future__ import annotations

import os
from typing import NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.conntrack import parse_conntrack_stat
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.snmp import parse_snmp, parse_snmp6
from ansible_collections.rxpath.linux.plugins.module_utils._sample.delta import (
    Deltas,
    counter_bits,
    counter_gains,
    from_zero,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import Reading
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns

_SNMP = ("Ip", "Udp", "UdpLite")
_REVERSE_PATH = "TcpExt.IPReversePathFilter"
_ICMP6 = "Icmp6."
# Kept where they are zero: a zero here is a finding, elsewhere it is room.
_KEPT = ("Ip.", "Ip6.", "Udp.", "Udp6.")


class Counted(NamedTuple):
    """Gains and resets, values at the end, and the entries of the connection tracking table (None without one)."""

    gains: dict[str, Optional[int]]
    totals: dict[str, int]
    resets: list[str]
    entries: Optional[int]
    forwarding: bool


NOTHING = Counted({}, {}, [], None, forwarding=False)


def _text(raw: bytes) -> str:
    return raw.decode("ascii", "replace")


def parse_reading(reading: Reading, where: str, unknowns: Unknowns) -> dict[str, int]:
    """Return every counter of the path in a reading; a garbled file is named and its counters are absent."""
    counters: dict[str, int] = {}
    try:
        counters.update(parse_snmp(_text(reading.snmp), only=_SNMP))
        if reading.snmp6:
            six = parse_snmp6(_text(reading.snmp6))
            counters.update((key, value) for key, value in six.items() if not key.startswith(_ICMP6))
        if reading.netstat:
            extended = parse_snmp(_text(reading.netstat), only=("IpExt", "TcpExt"))
            counters.update((key, value) for key, value in extended.items() if key.startswith("IpExt."))
            if _REVERSE_PATH in extended:
                counters[_REVERSE_PATH] = extended[_REVERSE_PATH]
        if reading.conntrack:
            tracked = parse_conntrack_stat(_text(reading.conntrack))
            counters.update(("conntrack." + key, value) for key, value in tracked.items())
    except ParseError as error:
        unknowns.add_error("protocol counters", error, where)
    return counters


def unchanged(start: Reading, end: Reading) -> bool:
    """Tell whether not a single protocol counter moved."""
    return start[1:5] == end[1:5]


def count(start: Reading, end: Reading, seconds: float, where: str, unknowns: Unknowns) -> Counted:
    """Return what the counters gained between two readings of the same namespace."""
    after = parse_reading(end, where, unknowns)
    before = after if unchanged(start, end) else parse_reading(start, where, unknowns)
    bits = counter_bits(os.uname().machine)
    tracked = {key: value for key, value in after.items() if key.startswith("conntrack.")}
    gained = counter_gains(before, {key: v for key, v in after.items() if key not in tracked}, bits, seconds)
    # /proc/net/stat/nf_conntrack has 32 bits whatever the machine.
    gained_tracked = counter_gains(before, tracked, 32, seconds)
    return _counted(Deltas({**gained.values, **gained_tracked.values}, gained.resets + gained_tracked.resets), after)


def count_new(end: Reading, began_within: bool, where: str, unknowns: Unknowns) -> Counted:
    """Return the counters of a namespace that was not there at the start: from zero if it began within the window."""
    after = parse_reading(end, where, unknowns)
    return _counted(Deltas(from_zero(after) if began_within else {}, []), after)


def _counted(deltas: Deltas, after: dict[str, int]) -> Counted:
    gains = {key: value for key, value in deltas.values.items() if value != 0 or key.startswith(_KEPT)}
    totals = {key: after[key] for key in after if key.startswith(("Udp.", "Udp6.")) or gains.get(key)}
    # 1 forwards, 2 does not (RFC 4293); the file has no such line for IPv6.
    return Counted(gains, totals, deltas.resets, after.get("conntrack.entries"), after.get("Ip.Forwarding") == 1)
