# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One look at one namespace: its counters as they stand, and its sockets where they may have lost something.

Everything is read by the code of the audit's window; a namespace is let go before the next one is entered.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag import RawSocket, UdpSocket
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import udp
from ansible_collections.rxpath.linux.plugins.module_utils._sample.access import Access
from ansible_collections.rxpath.linux.plugins.module_utils._sample.counter_files import CounterFiles, open_counter_files
from ansible_collections.rxpath.linux.plugins.module_utils._sample.counters import parse_reading
from ansible_collections.rxpath.linux.plugins.module_utils._sample.enter import Doorway
from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import Found
from ansible_collections.rxpath.linux.plugins.module_utils._sample.processes import all_pids, command, find_owners
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import Reading, read_namespace
from ansible_collections.rxpath.linux.plugins.module_utils._sample.socket_source import (
    KINDS,
    SocketSource,
    in_use,
    open_udp_diag,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns
from ansible_collections.rxpath.linux.plugins.module_utils._watch import tally
from ansible_collections.rxpath.linux.plugins.module_utils._watch.tally import Count

_DROPS, _INODE = 5, 1
# Protocol, local address, process.
Names = tuple[str, str, str]


class Socket(NamedTuple):
    """A socket that has dropped datagrams, and what finds its address."""

    row: RawSocket
    source: SocketSource

    @property
    def cookie(self) -> int:
        """Return what names it for its life."""
        return self.row[0]

    @property
    def drops(self) -> int:
        """Return what it has dropped since it was opened, 32 bits."""
        return self.row[_DROPS]


def digest(reading: Reading) -> str:
    """Return what changes when any number of a reading does; its moment is none of them."""
    made = hashlib.blake2b(digest_size=12)
    for part in reading[1:]:
        made.update(part if isinstance(part, bytes) else repr(part).encode("utf-8", "backslashreplace"))
    return made.hexdigest()


class Noted(Unknowns):
    """Unknowns that also tell which were noted since ``latest`` was emptied."""

    def __init__(self) -> None:
        super().__init__()
        self.latest: list[str] = []

    def add(self, what: str, why: str, remedy: str = "", where: str = "") -> None:
        """Note that ``what`` could not be read."""
        self.latest.append(what)
        super().add(what, why, remedy, where)


def counts(reading: Reading, where: str, unknowns: Noted) -> list[Count]:
    """Return all counts of a namespace, without the series of what could not be read this time.

    Taken for zero, a counter that is readable again a run later would seem to have counted all of it since.
    """
    found: list[Count] = []
    counters = parse_reading(reading, where, unknowns)
    missing = unknowns.latest
    if not any(what.startswith(("protocol counters", "/proc/net/")) for what in missing):
        found += tally.protocol(counters)
    blind = {what.rpartition(" ")[2] for what in missing if what.startswith("driver counters of ")}
    drivers = {
        link.ifindex: reading.drivers[link.ifindex]
        for link in reading.links
        if link.ifindex in reading.drivers and link.name not in blind
    }
    # Every namespace has a loopback device: without any they could not be read.
    if reading.links:
        readable = not any("queueing disciplines" in what for what in missing)
        found += tally.devices(reading.links, reading.qdiscs if readable else None, drivers)
    return found + tally.rules(reading.nft)


def look(
    found: Found, name: str, doorway: Doorway, unknowns: Noted, take: Callable[[Reading], bool]
) -> tuple[Optional[list[Socket]], int]:
    """Read a namespace, and its sockets where ``take`` says so of the reading; return these, None where there are none.

    The number is how many datagrams the counters lost from the reading until the sockets had been read: a socket may
    show some of these already. Raises OSError where it is gone or closed to us, ParseError where it shows no counters.
    """
    access = Access(found, doorway)
    try:
        with access.inside():
            files = open_counter_files(access)
            try:
                reading = read_namespace(access, files, name, unknowns)
                sockets = _sockets(access, name, unknowns) if take(reading) else None
                return sockets, _lost_since(reading, files) if sockets else 0
            finally:
                files.close()
    finally:
        access.close()


def _lost_since(before: Reading, files: CounterFiles) -> int:
    snmp, snmp6 = files.read()
    bare = before._replace(netstat=None, conntrack=None)
    seen = [parse_reading(one, "", Noted()) for one in (bare, bare._replace(snmp=snmp, snmp6=snmp6))]
    start, end = (udp(counters, "InErrors") for counters in seen)
    return max(0, end - start)


def _sockets(access: Access, name: str, unknowns: Unknowns) -> Optional[list[Socket]]:
    """Return the sockets that have dropped anything, None where not all can be read; to be called inside."""
    used = in_use(access)
    losing: list[Socket] = []
    diag = None
    try:
        if access.netlink:
            diag = open_udp_diag()
        for kind in KINDS:
            if used is not None and not used.get(kind.sockstat):
                continue
            source = SocketSource(kind, diag, access)
            losing += [Socket(row, source) for row in source.read() if row[_DROPS]]
    except (OSError, ParseError) as error:
        unknowns.add_error("sockets", error, name)
        return None
    finally:
        if diag is not None:
            diag.close()
    return losing


def name_sockets(sockets: Iterable[Socket], found: Found, known: Iterable[Names]) -> dict[int, Names]:
    """Return protocol, local address and process of sockets by their cookies; what is not known is empty.

    One process is looked for per address: it is the program that others share it with. ``known`` are names that were
    found before.
    """
    wanted = list(sockets)
    details: dict[int, UdpSocket] = {}
    for source in {id(one.source): one.source for one in wanted}.values():
        details.update(source.find({one.cookie for one in wanted if one.source is source}))
    processes = {(protocol, local): process for protocol, local, process in known}
    asked: dict[tuple[str, str], int] = {}
    addresses: dict[int, tuple[str, str]] = {}
    for one in wanted:
        about = details.get(one.cookie)
        address = addresses[one.cookie] = (about.protocol, about.local) if about else ("udp", "")
        if address not in processes:
            asked.setdefault(address, one.row[_INODE])
    owners = find_owners(asked.values(), found.pids).owners if asked else {}
    missing = set(asked.values()) - owners.keys()
    if missing:
        # A socket may be handed to a process of another namespace.
        owners.update(find_owners(missing, all_pids()).owners)
    for address, inode in asked.items():
        pids = owners.get(inode)
        processes[address] = (command(pids[0]) if pids else None) or ""
    return {cookie: (*address, processes[address]) for cookie, address in addresses.items()}
