# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whose reads a namespace's reads are: the kernel counts them per namespace, not per socket."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Socket = Mapping[str, Any]

# A process that ran for less than this share of the time did not read a stream of datagrams.
_RESTING = 0.005


def alone(namespace: Mapping[str, Any], losers: list[Socket]) -> tuple[bool, str | None]:
    """Return whether one socket alone received in this namespace, and if not, why."""
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
    unsure = [socket for socket in others if not _idle(socket, pids)]
    unseen = int((namespace.get("socket_summary") or {}).get("count") or 0) - len(
        [socket for socket in sockets if not socket.get("closed")]
    )
    if unsure or unseen > 0:
        return False, (
            f"{len(unsure) + max(0, unseen)} more sockets of this namespace may have received datagrams;"
            " the kernel counts reads per namespace"
        )
    return bool(losers), None if losers else "the socket that lost them is not there any more"


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
