# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sockets of the sample document: losers, holders of a queue and the likeliest talkers whole, the rest counted."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag import RawSocket, UdpSocket
from ansible_collections.rxpath.linux.plugins.module_utils._sample.consumers import Consumers
from ansible_collections.rxpath.linux.plugins.module_utils._sample.delta import gain
from ansible_collections.rxpath.linux.plugins.module_utils._sample.looker import search_owners
from ansible_collections.rxpath.linux.plugins.module_utils._sample.owners import Holder
from ansible_collections.rxpath.linux.plugins.module_utils._sample.socket_source import SocketSource
from ansible_collections.rxpath.linux.plugins.module_utils._sample.socket_table import SocketTable, Track
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import ROOT, Unknowns
from ansible_collections.rxpath.linux.plugins.module_utils._sample.watch import Watch

# Members of a losing socket's reuse-port group, in one namespace.
MAX_GROUP = 64
_INODE, _QUEUE, _MEMORY, _BUFFER, _DROPS = range(1, 6)
_NOBODY = Holder(None, None, None)


class _Entry(NamedTuple):
    """A socket to be listed."""

    source: SocketSource
    table: SocketTable
    cookie: int
    row: RawSocket
    track: Optional[Track]
    details: UdpSocket


def summarise(watch: Watch, listed: int) -> dict[str, int]:
    """Return the ``socket_summary``; ``drops`` is of the sockets that live, ``closed_drops`` of those that closed."""
    tables = [table for _source, table in watch.sources]
    return {
        "count": sum(len(table.last) for table in tables),
        "with_queue": sum(1 for table in tables for row in table.last.values() if row[_QUEUE] or row[_MEMORY]),
        "drops": sum(table.living_drops for table in tables),
        "listed": listed,
        "closed": sum(len(table.closed) for table in tables),
        "closed_drops": sum(table.closed_drops for table in tables),
    }


def list_sockets(watch: Watch, consumers: Consumers, talkers: int, unknowns: Unknowns) -> list[dict[str, Any]]:
    """Return the sockets of a namespace that are told whole, losers first."""
    entries = _entries(watch, talkers, unknowns)
    groups = _groups(entries)
    complete = search_owners(watch, {entry.row[_INODE] for entry in entries if entry.row[_INODE]}, limit=None)
    if not complete:
        unknowns.add(
            "the processes of some sockets", "descriptors of some processes cannot be read", ROOT, watch.owner.name
        )
    return [_document(entry, watch, consumers, groups, complete) for entry in entries]


def _entries(watch: Watch, talkers: int, unknowns: Unknowns) -> list[_Entry]:
    entries: list[_Entry] = []
    for source, table in watch.sources:
        # Tracked sockets were described when they came to matter, all others can be as long as they live.
        others = sorted(table.last.keys() - table.tracks.keys())
        try:
            found = source.find(
                others if any(track.drops for track in table.tracks.values()) else others[: 4 * talkers]
            )
        except ParseError as error:
            unknowns.add_error("addresses of sockets", error, watch.owner.name)
            found = {}
        for cookie, track in table.tracks.items():
            if track.details is not None:
                entries.append(_Entry(source, table, cookie, track.last, track, track.details))
        for cookie, details in found.items():
            entries.append(_Entry(source, table, cookie, table.last[cookie], None, details))
    losing = {_address(entry) for entry in entries if entry.track and entry.track.drops}
    members = [entry for entry in entries if not entry.track and _address(entry) in losing][:MAX_GROUP]
    # A connected socket is one client's; a server's is not connected.
    rest = [entry for entry in entries if not entry.track and _address(entry) not in losing]
    rest.sort(key=lambda entry: (bool(entry.details.remote), -entry.row[_DROPS]))
    tracked = [entry for entry in entries if entry.track]
    tracked.sort(key=lambda entry: (-(entry.track.drops if entry.track else 0), -entry.row[_MEMORY]))
    return tracked + members + rest[: max(0, talkers - len(tracked) - len(members))]


def _address(entry: _Entry) -> tuple[str, str, str]:
    return entry.details.family, entry.details.protocol, entry.details.local


def _groups(entries: list[_Entry]) -> dict[tuple[str, str, str], int]:
    """Count the unconnected sockets of each address; two or more share it (SO_REUSEPORT, or SO_REUSEADDR)."""
    sizes: dict[tuple[str, str, str], int] = {}
    for entry in entries:
        if not entry.details.remote:
            sizes[_address(entry)] = sizes.get(_address(entry), 0) + 1
    return sizes


def _document(
    entry: _Entry, watch: Watch, consumers: Consumers, groups: dict[tuple[str, str, str], int], complete: bool
) -> dict[str, Any]:
    details, track, row = entry.details, entry.track, entry.row
    inode = row[_INODE]
    pids = watch.owners.get(inode, []) if inode else []
    first = entry.table.first.get(entry.cookie)
    memory = [sample[_MEMORY] for sample in (first, row) if sample is not None]
    consumer = consumers.document(inode, pids, watch.end_moment) if pids else None
    pid = consumer["pid"] if consumer else (pids[0] if pids else None)
    holder = watch.holders.get(pid, _NOBODY) if pid else _NOBODY
    group = not details.remote and groups.get(_address(entry), 0) >= 2
    drops = track.drops if track else gain(first[_DROPS] if first else 0, row[_DROPS], 32, 1.0)
    return {
        "family": details.family,
        "protocol": details.protocol,
        "local": details.local,
        "remote": details.remote,
        "inode": inode,
        "cookie": entry.cookie,
        "reuseport_group": "%s %s %s" % _address(entry) if group else None,
        "receive_buffer": row[_BUFFER] or None,
        "queue_start": first[_MEMORY] if first else 0,
        "queue_end": row[_MEMORY],
        "queue_max": track.highest if track else max(memory),
        "queue_min": track.lowest if track else min(memory),
        "drops": drops,
        "drops_total": row[_DROPS],
        "opened": entry.cookie in entry.table.opened,
        "closed": entry.cookie in entry.table.closed,
        "kernel_owned": not pids and complete and entry.cookie not in entry.table.closed,
        "process": (consumer["process"] if consumer else None) or holder.name,
        "pid": pid,
        "pids": pids[:MAX_GROUP],
        "uid": details.uid,
        "cgroup": consumer["cgroup"] if consumer and consumer["cgroup"] else holder.cgroup,
        "container": holder.container,
        "series": entry.table.series(track, len(watch.rows)) if track else None,
        "consumer": consumer,
    }
