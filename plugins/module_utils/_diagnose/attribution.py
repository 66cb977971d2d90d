# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose reads a namespace's reads are: the kernel counts them per namespace, not per socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers

Socket = Mapping[str, Any]

# A process that ran for less than this share of the time did not read a stream of datagrams.
_RESTING = 0.005
# Looks at a queue from which on "never anything in it" bounds what can have come: 95 % of the time at most 3 / looks of
# them would have found some (rule of three), and what waits for a busy thread waits half its service time on the mean.
_LOOKS = 40
_MOST = 2 * 3


def alone(namespace: Mapping[str, Any], losers: list[Socket]) -> tuple[bool, str | None]:
    """Return whether one socket alone received in this namespace, and why not; or why, where that takes a reason."""
    traits = namespace.get("traits") or {}
    if traits.get("tunnels"):
        return False, "a tunnel ({}) ends in this namespace: outer and inner datagrams both count".format(
            ", ".join(traits["tunnels"][:3])
        )
    sockets = namespace.get("sockets") or []
    # Members of a multicast or reuse-port group share what arrives, whether or not they hold a queue when looked at.
    if len(losers) == 1 and _read_by_others(losers[0], namespace):
        return False, "several sockets of this namespace received datagrams: the reads are not of the one that lost"
    addresses = {(socket.get("family"), socket.get("local")) for socket in losers}
    inodes = {socket.get("inode") for socket in losers}
    others = [socket for socket in sockets if socket.get("inode") not in inodes]
    busy = [
        socket for socket in others if _took_part(socket) or (socket.get("family"), socket.get("local")) in addresses
    ]
    number = len(losers) + len(busy)
    if number > 1:
        return False, f"{number} sockets of this namespace received datagrams; the kernel counts reads per namespace"
    pids = {socket.get("pid") for socket in losers}
    looks = len((namespace.get("series") or {}).get("t") or [])
    waiting = [socket for socket in others if not _idle(socket, pids)]
    unsure = [socket for socket in waiting if not _would_be_seen(socket, losers, looks)]
    unseen = int((namespace.get("socket_summary") or {}).get("count") or 0) - len(
        [socket for socket in sockets if not socket.get("closed")]
    )
    if unsure or unseen > 0:
        return False, (
            f"{len(unsure) + max(0, unseen)} more sockets of this namespace may have received datagrams;"
            " the kernel counts reads per namespace"
        )
    if not losers:
        return False, "the socket that lost them is not there any more"
    return True, _never_seen(waiting, looks) if waiting else None


def _never_seen(sockets: list[Socket], looks: int) -> str:
    named = ", ".join(str(socket.get("local")) for socket in sockets[:3])
    if len(sockets) > 3:
        named += f" and {len(sockets) - 3} more"
    return (
        f"all reads of this namespace count as its own: {named} of the same thread held nothing in any of {looks}"
        f" looks, so that at most {numbers.share(len(sockets) * _MOST / looks)} of the reads were there"
    )


def _would_be_seen(socket: Socket, losers: list[Socket], looks: int) -> bool:
    """Return True when what comes to a socket has to wait: its one thread reads a loser that always had a queue.

    A forwarder's socket to the next host is one: it only sends.
    """
    pid, consumer = socket.get("pid"), socket.get("consumer") or {}
    if looks < _LOOKS or not pid or socket.get("opened") or len(consumer.get("threads") or []) != 1:
        return False
    same = [loser for loser in losers if loser.get("pid") == pid]
    only = all(len(one.get("pids") or [pid]) == 1 for one in [socket, *same])
    return only and any((loser.get("queue_min") or 0) > 0 for loser in same)


def _read_by_others(socket: Socket, namespace: Mapping[str, Any]) -> bool:
    """Return True when the queue, once full, never moved although datagrams were read in the namespace."""
    memory = (socket.get("series") or {}).get("memory") or []
    reads = (namespace.get("series") or {}).get("reads") or []
    limit = 0.9 * float(socket.get("receive_buffer") or 0)
    first = next((index for index, level in enumerate(memory) if level and level >= limit), None)
    if first is None:
        return False
    since = [level for level in memory[first:] if level is not None]
    return len(since) >= 5 and len(set(since)) == 1 and sum(reads[first + 1 :]) > 0


def _took_part(socket: Socket) -> bool:
    """Return True when a socket lost or held datagrams."""
    return bool((socket.get("drops") or 0) > 0 or socket.get("queue_max") or socket.get("queue_end"))


def _idle(socket: Socket, losers: set[Any]) -> bool:
    """Return True when a socket without a queue certainly was not read either: its readers were watched, and rested."""
    if socket.get("kernel_owned"):
        return True
    consumer = socket.get("consumer") or {}
    threads = consumer.get("threads") or []
    if not threads:
        return False
    reading = [thread for thread in threads if thread.get("reader")]
    if not reading and consumer.get("pid") in losers:
        return True  # the loser's own process, and none of its threads was ever found reading this socket
    seconds = float(consumer.get("observed_seconds") or 1.0)
    return sum(float(thread.get("run_seconds") or 0) for thread in reading or threads) < _RESTING * seconds
