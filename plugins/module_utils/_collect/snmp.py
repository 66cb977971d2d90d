# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol counters of a network namespace: /proc/net/snmp, netstat, snmp6, sockstat and sockstat6.

Source: net/ipv4/proc.c and net/ipv6/proc.c. Counters are unsigned long (Ip, IpExt, Ip6: u64) since the
namespace began; columns come and go with kernels, so they are found by name alone. UdpColumns and Udp6Columns take
the few UDP counters of a sub-sample from the raw bytes.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Collection

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError

_PROTOCOL6 = re.compile("^(Ip6|Icmp6|UdpLite6|Udp6)(?=.)")


# Namespaces of one kernel share their headers, so the keys are made once for all of them.
@functools.lru_cache(maxsize=256)
def _keys(header: str) -> tuple[str, ...]:
    protocol, _colon, names = header.partition(":")
    return tuple(f"{protocol}.{name}" for name in names.split())


# Udp: InDatagrams NoPorts InErrors OutDatagrams RcvbufErrors SndbufErrors InCsumErrors IgnoredMulti MemErrors
# Udp: 33 0 0 34 0 0 0 0 0
def parse_snmp(text: str, only: Collection[str] | None = None) -> dict[str, int]:
    """Return {"Udp.InDatagrams": 33, …} of /proc/net/snmp or /proc/net/netstat.

    ``only`` names the protocols wanted ("Udp", "IpExt"); the others are not even converted.
    Raises ParseError where a line of names has no line of as many numbers after it.
    """
    counters: dict[str, int] = {}
    lines = [line for line in text.split("\n") if line]
    if not lines or len(lines) % 2:
        raise ParseError("/proc/net/snmp", f"{len(lines)} lines, pairs are expected")
    for header, line in zip(lines[::2], lines[1::2]):
        protocol, colon, values = line.partition(":")
        if not colon or not header.startswith(protocol + ":"):
            raise ParseError("/proc/net/snmp", f"line {line[:40]!r} does not belong to {header[:40]!r}")
        if only is not None and protocol not in only:
            continue
        keys = _keys(header)
        try:
            numbers = list(map(int, values.split()))
        except ValueError as error:
            raise ParseError("/proc/net/snmp", f"a value of {protocol} is no number") from error
        if len(numbers) != len(keys):
            raise ParseError("/proc/net/snmp", f"{protocol} has {len(keys)} names, {len(numbers)} values")
        counters.update(zip(keys, numbers))
    return counters


@functools.lru_cache(maxsize=256)
def _keys6(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_PROTOCOL6.sub(r"\1.", name) for name in names)


# Ip6InReceives                   	1
# Udp6InDatagrams                 	33
def parse_snmp6(text: str) -> dict[str, int]:
    """Return {"Udp6.InDatagrams": 33, "Ip6.InReceives": 1, …} of /proc/net/snmp6. Raises ParseError."""
    words = text.split()
    if not words or len(words) % 2:
        raise ParseError("/proc/net/snmp6", f"{len(words)} words, pairs are expected")
    try:
        numbers = list(map(int, words[1::2]))
    except ValueError as error:
        raise ParseError("/proc/net/snmp6", "a value is no number") from error
    return dict(zip(_keys6(tuple(words[::2])), numbers))


# sockets: used 16
# UDP: inuse 0 mem 0
# FRAG: inuse 0 memory 0
def parse_sockstat(text: str) -> dict[str, dict[str, int]]:
    """Return {"UDP": {"inuse": 0, "mem": 0}, …} of /proc/net/sockstat or sockstat6.

    ``mem`` is in pages and the whole machine's; FRAG's ``memory`` is in bytes. Raises ParseError.
    """
    result: dict[str, dict[str, int]] = {}
    for line in text.split("\n"):
        if not line.strip():
            continue
        name, colon, rest = line.partition(":")
        words = rest.split()
        if not colon or len(words) % 2:
            raise ParseError("/proc/net/sockstat", f"line {line[:40]!r} is not a name and pairs")
        try:
            result[name.strip()] = {key: int(value) for key, value in zip(words[::2], words[1::2])}
        except ValueError as error:
            raise ParseError("/proc/net/sockstat", f"a value of {name[:40]!r} is no number") from error
    if not result:
        raise ParseError("/proc/net/sockstat", "empty")
    return result


# A window reads these files 20 times a second wherever datagrams move; the full parsers cost several times as much.
WANTED = ("InDatagrams", "NoPorts", "InErrors", "RcvbufErrors", "MemErrors", "InCsumErrors")
UdpCounts = tuple[int, int, int, int, int, int]


class _Columns:
    """The positions of the wanted counters among the values of one kernel."""

    def __init__(self, what: str, names: list[str]) -> None:
        if "InDatagrams" not in names:
            raise ParseError(what, "no InDatagrams among the Udp counters")
        self._what = what
        self._count = len(names)
        # A counter that this kernel does not have reads the 0 that pick() puts behind the last value.
        self._positions = [names.index(name) if name in names else len(names) for name in WANTED]
        self.missing = frozenset(name for name in WANTED if name not in names)

    def _pick(self, values: list[bytes]) -> UdpCounts:
        if len(values) != self._count:
            raise ParseError(self._what, f"{len(values)} Udp counters, {self._count} are expected")
        values.append(b"0")
        reads, ports, errors, overflows, memory, checksums = self._positions
        try:
            return (
                int(values[reads]),
                int(values[ports]),
                int(values[errors]),
                int(values[overflows]),
                int(values[memory]),
                int(values[checksums]),
            )
        except ValueError as error:
            raise ParseError(self._what, "a Udp counter is no number") from error


# …\nUdp: InDatagrams NoPorts InErrors …\nUdp: 33 0 0 …\nUdpLite: …
class UdpColumns(_Columns):
    """The `Udp:` line of /proc/net/snmp. Build it from one read of the file, use it for every later one.

    ``missing`` names the counters this kernel does not have; their value is always 0.
    Raises ParseError where the file has no such line.
    """

    def __init__(self, raw: bytes) -> None:
        what = "/proc/net/snmp"
        start = raw.find(b"\nUdp: ")
        end = raw.find(b"\n", start + 1)
        if start < 0 or end < 0:
            raise ParseError(what, "no line Udp:")
        # The names and the next line's "Udp: " in one string: found at once, wherever the lines above end.
        self._mark = raw[start : end + 1] + b"Udp: "
        super().__init__(what, [name.decode("ascii", "replace") for name in raw[start + 6 : end].split()])

    def read(self, raw: bytes) -> UdpCounts:
        """Return the counters in the order of WANTED. Raises ParseError, also where the kernel changed its columns."""
        start = raw.find(self._mark)
        if start < 0:
            raise ParseError(self._what, "the names of line Udp: have changed")
        start += len(self._mark)
        end = raw.find(b"\n", start)
        if end < 0:
            raise ParseError(self._what, "line Udp: is cut off")
        return self._pick(raw[start:end].split())


# …\nUdp6InDatagrams                 \t33\nUdp6NoPorts …\n…\nUdpLite6InDatagrams …
class Udp6Columns(_Columns):
    """The `Udp6…` lines of /proc/net/snmp6; otherwise as UdpColumns."""

    def __init__(self, raw: bytes) -> None:
        super().__init__("/proc/net/snmp6", [name[4:].decode("ascii", "replace") for name in _block(raw)[::2]])

    def read(self, raw: bytes) -> UdpCounts:
        """Return the counters in the order of WANTED. Raises ParseError."""
        return self._pick(_block(raw)[1::2])


def _block(raw: bytes) -> list[bytes]:
    """Return names and values of the Udp6 lines, which the kernel prints one after another."""
    start = raw.find(b"Udp6")
    last = raw.rfind(b"\nUdp6")
    end = raw.find(b"\n", last + 1)
    words = raw[start:end].split() if 0 <= start <= end else []
    if not words or len(words) % 2:
        raise ParseError("/proc/net/snmp6", "no lines Udp6…, or a cut one")
    return words
