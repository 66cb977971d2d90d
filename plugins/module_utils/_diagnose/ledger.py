# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A namespace's UDP counters taken apart, so that nothing is added that overlaps.

``InErrors`` contains ``RcvbufErrors``, ``MemErrors`` and ``InCsumErrors`` (net/ipv4/udp.c). A socket's ``drops``
counts all of these and the socket filter. On kernels of the 6.18 line a drop for lack of socket memory is counted
by the socket alone. Checksum errors over IPv6 can be charged to the IPv4 line: both families are summed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

_FAMILIES = ("Udp.", "Udp6.", "UdpLite.", "UdpLite6.")


class Ledger(NamedTuple):
    """Datagrams of one namespace over the window, both IP versions together."""

    read: int
    overflow: int
    memory: int
    checksum: int
    other: int  # in InErrors, with no counter of its own: socket filter, bad length
    no_listener: int
    socket_drops: int  # of living sockets and of those that closed in the window, as last seen
    silent: int  # dropped by sockets, in no SNMP counter

    @property
    def errors(self) -> int:
        """All that InErrors holds."""
        return self.overflow + self.memory + self.checksum + self.other

    @property
    def arrived(self) -> int:
        """Datagrams that reached the UDP layer and were decided on: read or lost there."""
        return self.read + self.errors + self.silent


def total(counters: Mapping[str, Any], *names: str) -> int:
    """Sum counters; one that the kernel does not have, or that was reset in the window, adds nothing."""
    return sum(int(counters.get(name) or 0) for name in names)


def udp(counters: Mapping[str, Any], column: str) -> int:
    """Sum one column of UDP and UDP-Lite over both IP versions."""
    return total(counters, *(family + column for family in _FAMILIES))


def open_ledger(namespace: Mapping[str, Any]) -> Ledger:
    """Take the counters of a namespace apart."""
    counters: dict[str, Any] = namespace.get("counters") or {}
    summary: Mapping[str, Any] = namespace.get("socket_summary") or {}
    errors = udp(counters, "InErrors")
    overflow = udp(counters, "RcvbufErrors")
    memory = udp(counters, "MemErrors")
    checksum = udp(counters, "InCsumErrors")
    drops = int(summary.get("drops") or 0) + int(summary.get("closed_drops") or 0)
    return Ledger(
        read=udp(counters, "InDatagrams"),
        overflow=overflow,
        memory=memory,
        checksum=checksum,
        other=max(0, errors - overflow - memory - checksum),
        no_listener=udp(counters, "NoPorts"),
        socket_drops=drops,
        silent=max(0, drops - errors),
    )
