# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The columns of a namespace's series: what happened between one look and the next."""

from __future__ import annotations

from array import array
from typing import Any, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.snmp import Udp6Columns, UdpColumns, UdpCounts
from ansible_collections.rxpath.linux.plugins.module_utils._sample.delta import gain

READS, NO_PORTS, ERRORS, OVERFLOWS, MEMORY, CHECKSUMS = range(6)


class Moved(NamedTuple):
    """What a look found: did UDP counters move, did errors among them rise, did any IP packet arrive."""

    udp: bool
    losing: bool
    ip: bool


_STILL = Moved(False, False, False)


class Rows:
    """Looks at /proc/net/snmp and snmp6; IPv4 and IPv6 are added up, since a socket can read both.

    Raises ParseError where the first look has no UDP counters.
    """

    def __init__(self, snmp: bytes, snmp6: Optional[bytes], moment: float, bits: int) -> None:
        self.begin = moment
        self._bits = bits
        self._columns = UdpColumns(snmp)
        self._columns6 = Udp6Columns(snmp6) if snmp6 else None
        self._raw = (snmp, snmp6)
        self._counts = self._read(snmp, snmp6)
        self._packets = packets(snmp, snmp6)
        self.total: list[int] = [0] * 6
        self.times = array("d")
        self.columns = {index: array("q") for index in (READS, OVERFLOWS, ERRORS, MEMORY)}

    def __len__(self) -> int:
        return len(self.times)

    def _read(self, snmp: bytes, snmp6: Optional[bytes]) -> tuple[UdpCounts, Optional[UdpCounts]]:
        six = self._columns6.read(snmp6) if self._columns6 is not None and snmp6 else None
        return self._columns.read(snmp), six

    def add(self, snmp: bytes, snmp6: Optional[bytes], moment: float) -> Moved:
        """Take in a look. Raises ParseError where the files are not what they were."""
        gained = [0] * 6
        moved = _STILL
        if (snmp, snmp6) != self._raw:
            counts = self._read(snmp, snmp6)
            number = packets(snmp, snmp6)
            seconds = moment - (self.begin + self.times[-1] if self.times else self.begin)
            for old, new in zip(self._counts, counts):
                if old is not None and new is not None and old != new:
                    for index in range(6):
                        gained[index] += gain(old[index], new[index], self._bits, seconds) or 0
            moved = Moved(any(gained), bool(gained[ERRORS] or gained[OVERFLOWS]), number != self._packets)
            self._raw, self._counts, self._packets = (snmp, snmp6), counts, number
            self.total = [before + value for before, value in zip(self.total, gained)]
        self.times.append(moment - self.begin)
        for index, column in self.columns.items():
            column.append(gained[index])
        return moved

    def still(self, moment: float) -> None:
        """Take in a look that is known to have found nothing new."""
        if not self.times or moment - self.begin > self.times[-1]:
            self.times.append(moment - self.begin)
            for column in self.columns.values():
                column.append(0)

    def document(self) -> dict[str, list[Any]]:
        """Return the series of the sample document; times in seconds since the first look."""
        return {
            "t": [round(moment, 4) for moment in self.times],
            "reads": self.columns[READS].tolist(),
            "overflows": self.columns[OVERFLOWS].tolist(),
            "errors": self.columns[ERRORS].tolist(),
            "mem_errors": self.columns[MEMORY].tolist(),
        }


# Ip: Forwarding DefaultTTL InReceives …\nIp: 1 64 10060 …
# Ip6InReceives                   \t12\n
def packets(snmp: bytes, snmp6: Optional[bytes]) -> tuple[bytes, bytes]:
    """Return InReceives of IPv4 and IPv6 as they are printed: enough to tell whether any packet arrived."""
    line = snmp[snmp.find(b"\n") + 1 :].split(b" ", 4)
    first = (snmp6 or b"").split(b"\n", 1)[0]
    return line[3] if len(line) > 3 else b"", first
