# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run: every namespace is looked at once, what it gained goes into the sums that are remembered.

Sockets cost more than all the rest: to list those of one namespace the kernel walks through those of all. They are
read where a counter says that a socket dropped something; where the memory of all of UDP is used up and packets came
(kernels of the 6.18 line count such drops at the socket alone); and where packets came, at every fourth run. A number
that a socket shows later is not lost: it is the sum of all that the socket has dropped.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import DATAGRAMS, PACKETS
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.udp_findings import near_limit
from ansible_collections.rxpath.linux.plugins.module_utils._sample.delta import gain
from ansible_collections.rxpath.linux.plugins.module_utils._sample.enter import Doorway
from ansible_collections.rxpath.linux.plugins.module_utils._sample.host import HostReading, read_host, read_limits
from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import Found, find_namespaces
from ansible_collections.rxpath.linux.plugins.module_utils._sample.owners import began_after, owner_of
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import Reading
from ansible_collections.rxpath.linux.plugins.module_utils._watch import listing, look, tally
from ansible_collections.rxpath.linux.plugins.module_utils._watch.losers import Label
from ansible_collections.rxpath.linux.plugins.module_utils._watch.memory import Known, Memory
from ansible_collections.rxpath.linux.plugins.module_utils._watch.tally import PASSED, Series

_QUIET_RUNS = 4
# What a namespace is known by: more processes than these are not asked for its owner (owners.py).
_HOLDERS = 4
# Sockets of one namespace whose names are asked for in one run, those first that lost most.
_NAMED = 64
# What sockets have dropped more than the counters show is noise up to this share, or what arrives in this time.
_NOISE_SHARE = 0.02
_APART_SECONDS = 0.01
_READ = Series(PASSED + "socket", DATAGRAMS).key
_OVERFLOW = Series("socket.receive_buffer_overflow", DATAGRAMS).key
_MEMORY = Series("udp.memory_limit", DATAGRAMS).key
_AT_SOCKETS = (
    _OVERFLOW,
    _MEMORY,
    Series("udp.checksum_errors", DATAGRAMS).key,
    Series("udp.socket_filter", DATAGRAMS).key,
)
_PASSED_IP = Series(PASSED + "ip", PACKETS).key


class Pace(NamedTuple):
    """How long the last run was ago, and how many datagrams a second came to a namespace since.

    ``late`` is how many of them the counters lost between their reading and the end of that of the sockets.
    """

    seconds: float
    arriving: float
    late: int = 0


class Machine:
    """What is the machine's and no namespace's: the memory of UDP and its limit, in pages; None where unreadable."""

    def __init__(self, reading: HostReading, limits: dict[str, Any]) -> None:
        self.pages = reading.udp_pages
        self.limit: Optional[int] = (limits.get("udp_mem") or [None])[0]
        self._cpus = [row.cpu for row in reading.softnet or []]
        self._limits = limits

    @property
    def near_limit(self) -> bool:
        """Tell whether UDP's memory is used up, as the audit does."""
        sample = {
            "limits": self._limits,
            "udp_memory": {"pages_max": self.pages},
            "host": {"cpus_online": self._cpus},
        }
        return near_limit(sample)


def carry_out(memory: Memory, namespaces: int, unknowns: look.Noted) -> Machine:
    """Look at all and put it into ``memory``; at most ``namespaces`` are told one by one."""
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    seconds = max(0.1, now - memory.moment)
    host = read_host(unknowns)
    machine = Machine(host, read_limits())
    if host.softnet is not None:
        memory.machine.enter(tally.softnet(host.softnet), seconds, keep=True)
    doorway = Doorway()
    try:
        found = find_namespaces()
        keys = [f"{one.key[0]}:{one.key[1]}" for one in found]
        memory.losers.fade(keys)
        gained = {}
        for number, (key, one) in enumerate(zip(keys, found)):
            known = _known(memory, key, one)
            name = known.owner[0] or ""
            try:
                gained[key] = _look(memory, key, known, one, doorway, machine, (number, seconds), unknowns)
            except (OSError, ParseError) as error:
                unknowns.add_error("network namespace", error, name)
        if doorway.why_closed:
            unknowns.add("other network namespaces from inside", doorway.why_closed)
    finally:
        doorway.close()
    # One that could not be read just now is remembered, or its history would be taken for news.
    memory.namespaces = {key: memory.namespaces[key] for key in keys}
    chosen = listing.choose(memory.listed, gained, namespaces)
    for key, more in gained.items():
        # One that is told from now on begins with its sum, in which this gain is not seen to rise.
        if not (key in chosen and key in memory.listed) and memory.runs and len(gained) > namespaces:
            memory.rest.add(tally.without_interfaces(more))
    memory.listed = chosen
    memory.runs += 1
    memory.moment = now
    return machine


def _known(memory: Memory, key: str, found: Found) -> Known:
    """Return what is remembered of a namespace, with its owner: asked for anew only where its processes changed."""
    known = memory.namespaces.get(key)
    found = found._replace(pids=_steady(known.holders[0] if known else (), found.pids))
    holders: list[Any] = [list(found.pids[:_HOLDERS]), list(found.mounts)]
    if known is None or known.holders != holders:
        owner = list(owner_of(found))
        if known is None or (known.owner[0] != owner[0] and known.owner[2] != owner[2]):
            # Nothing of it is the same: the number went to another namespace.
            known = Known(owner, holders)
        known.owner, known.holders = owner, holders
        memory.namespaces[key] = known
    return known


def _steady(before: Iterable[int], pids: tuple[int, ...]) -> tuple[int, ...]:
    """Return a namespace's processes, those first that it was known by.

    Numbers are given out anew: a child that just looks in can have a smaller one than the namespace's first process,
    and would give it another name, with series that begin again.
    """
    living = frozenset(pids)
    first = [pid for pid in before if pid in living]
    return (*first, *(pid for pid in pids if pid not in first))


def _look(
    memory: Memory,
    key: str,
    known: Known,
    found: Found,
    doorway: Doorway,
    machine: Machine,
    turn: tuple[int, float],
    unknowns: look.Noted,
) -> dict[str, int]:
    """Look at one namespace; return what its series gained. ``turn`` is its number and the seconds since last run."""
    number, seconds = turn
    unknowns.latest = []
    fresh = not known.digest
    # What it had counted when it was first seen is news only where it was not there before.
    history = fresh and not (memory.runs and began_after(found, time.time() - seconds, memory.moment))
    gained: dict[str, int] = {}

    def take(reading: Reading) -> bool:
        digest = look.digest(reading)
        if digest != known.digest:
            gained.update(known.book.enter(look.counts(reading, known.owner[0] or "", unknowns), seconds))
            if reading.links:
                known.book.keep_interfaces({link.name for link in reading.links})
            known.digest = digest
        if history or known.errors is None:
            return True
        if any(gained.get(series) for series in _AT_SOCKETS):
            return True
        due = machine.near_limit or (memory.runs + number) % _QUIET_RUNS == 0
        return due and bool(gained.get(_PASSED_IP))

    sockets, late = look.look(found, known.owner[0] or "", doorway, unknowns, take)
    if sockets is not None:
        arrived = sum(gained.get(series, 0) for series in (_READ, *_AT_SOCKETS))
        _sockets(memory, key, known, found, sockets, Pace(seconds, arrived / seconds, late), history)
    elif history:
        known.errors = None
    return {} if history else gained


def _sockets(
    memory: Memory,
    key: str,
    known: Known,
    found: Found,
    sockets: list[look.Socket],
    pace: Pace,
    history: bool,
) -> None:
    """Take in what the sockets of a namespace have dropped; what they had when they were first read can be history.

    What they dropped beyond what any counter shows is lost to the limits on memory, as the audit has it.
    """
    history = history or known.errors is None
    errors = sum(known.book.sums.get(series, 0) for series in _AT_SOCKETS)
    before, known.sockets = known.sockets, {one.cookie: one.drops for one in sockets}
    known.names = {cookie: names for cookie, names in known.names.items() if cookie in known.sockets}
    lost: list[tuple[look.Socket, int]] = []
    for one in sockets if not history else ():
        more = gain(before.get(one.cookie, 0), one.drops, 32, pace.seconds)
        if more:
            lost.append((one, more))
    lost.sort(key=lambda row: -row[1])
    unnamed = [one for one, _more in lost if one.cookie not in known.names][:_NAMED]
    if unnamed:
        known.names.update(look.name_sockets(unnamed, found, known.names.values()))
    for one, more in lost:
        names = known.names.get(one.cookie)
        if names is None:
            memory.losers.rest += more
        else:
            memory.losers.lost(Label(key, *names), more)
    dropped = sum(more for _one, more in lost)
    # Sockets are read after the counters, and traffic goes on: what a burst lost in between is no silent loss.
    silent = dropped - (errors + pace.late - (known.errors or 0))
    if silent > max(_NOISE_SHARE * dropped, _APART_SECONDS * pace.arriving) and not history:
        known.book.add({_MEMORY: silent})
        errors += silent
    known.errors = errors
