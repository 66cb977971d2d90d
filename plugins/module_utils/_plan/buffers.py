# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How large a receive buffer a workload needs, and how large one the host's memory and its clients' patience allow.

Facts: net/core/sock.c (SO_RCVBUF is clamped to ``rmem_max``, then doubled; a socket that never asks has
``rmem_default``, as it stands), net/ipv4/udp.c (an skb is charged with its truesize; ``udp_mem[0]`` is the limit that
counts, in pages). Sizes are bytes, times seconds, rates datagrams per second and socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.buffers import (
    BUSY_READER_SHARE,
    DEFAULT_TRUESIZE,
    buffer_for,
    udp_mem_triple,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.numbers import count, duration, size

# Datagram size up to which a driver's buffer of that class holds it, and what is charged: the buffer and the sk_buff.
# Up to an MTU of 1500 a NIC's buffer is half a page, however small the datagram.
_CLASSES = ((1500, DEFAULT_TRUESIZE), (3717, 4352), (7813, 8448), (16005, 16640))
_MTU = 1500
_STEP = 65536
# The least the kernel takes for rmem_max and rmem_default (SOCK_MIN_RCVBUF).
_LEAST = 2304
# The largest default of rmem_max of any kernel (6.18). Where a file is written for a kernel that does not run here, a
# smaller value could lower what that kernel has by itself.
LARGEST_STOCK_RMEM_MAX = 4194304


class Sizing(NamedTuple):
    """A receive buffer (``sk_rcvbuf``) for one socket, the pages that all of them take, and how it was found."""

    receive_buffer: int
    pages: int
    notes: list[str]
    warnings: list[str]


def truesize(datagram_size: int) -> int:
    """Return what one datagram is charged: in one buffer of a jumbo MTU or in fragments, whichever is more."""
    fragments = -(-datagram_size // _MTU) * DEFAULT_TRUESIZE
    for largest, charged in _CLASSES:
        if datagram_size <= largest:
            return max(charged, fragments)
    return fragments


def size_buffer(workload: Mapping[str, Any], memory: int | None, udp_pages: int | None, page: int) -> Sizing:
    """Return the buffer that survives the workload's stall, cut to the ceilings of memory and of delay.

    ``workload`` has rate, datagram_size, stall, sockets, max_queue_delay, service_rate (0: not known), memory_share
    (0 to 1) and may_raise (whether udp_mem may be raised within the share). ``memory`` is the host's RAM,
    ``udp_pages`` its udp_mem[0]; None where unknown.
    """
    charged = truesize(int(workload["datagram_size"]))
    rate, stall, sockets = workload["rate"], workload["stall"], int(workload["sockets"])
    wanted = buffer_for(rate * stall, charged)
    arithmetic = f"{count(rate)}/s x {duration(stall)} x {charged} bytes a datagram / {BUSY_READER_SHARE:g}"
    notes = [f"receive buffer: {arithmetic} = {size(wanted)} a socket"]
    warnings = []
    chosen = wanted
    for ceiling, why in (
        _delay_ceiling(workload, charged),
        _memory_ceiling(workload, memory, udp_pages, page),
    ):
        if ceiling is not None and ceiling < chosen:
            chosen = max(_LEAST, ceiling // _STEP * _STEP or ceiling)
            notes.append(f"cut to {size(chosen)}: {why}")
            survives = duration(chosen * BUSY_READER_SHARE / (rate * charged))
            notes.append(f"{size(chosen)} bridge a stall of {survives}, not of {duration(stall)}")
    service_rate = workload.get("service_rate") or 0
    if not service_rate:
        notes.append("the delay of a full buffer is not checked: udp_tuning_service_rate is not known")
    elif service_rate < rate:
        warnings.append(
            f"the readers drain {count(service_rate)}/s of {count(rate)}/s (udp_tuning_service_rate, udp_tuning_rate):"
            " no buffer helps against that, more readers do"
        )
    return Sizing(chosen, -(-chosen * sockets // page), notes, warnings)


def _delay_ceiling(workload: Mapping[str, Any], charged: int) -> tuple[int | None, str]:
    """The reader drains rcvbuf / (mu x truesize) seconds at a full buffer; a client must still be waiting then."""
    service_rate, delay = workload.get("service_rate") or 0, workload["max_queue_delay"]
    if not service_rate or not delay:
        return None, ""
    return int(service_rate * charged * delay), (
        f"at {count(service_rate)}/s a reader drains no more within {duration(delay)} (udp_tuning_max_queue_delay)"
    )


def _memory_ceiling(
    workload: Mapping[str, Any], memory: int | None, udp_pages: int | None, page: int
) -> tuple[int | None, str]:
    """All sockets together stay within the share of RAM, and within udp_mem[0] where that may not be raised."""
    sockets, share = int(workload["sockets"]), float(workload["memory_share"])
    bounds = []
    if memory:
        bounds.append((int(memory * share), f"{share * 100:g} % of {size(memory)} of RAM (udp_tuning_memory_share)"))
    if udp_pages is not None and not (memory and workload.get("may_raise")):
        bounds.append((udp_pages * page, f"udp_mem[0] = {count(udp_pages)} pages"))
    if not bounds:
        return None, ""
    total, why = min(bounds)
    return total // sockets, f"{count(sockets)} sockets share {size(total)}, which is {why}"


def udp_mem_for(pages: int, running: str | None) -> str | None:
    """Return the value of udp_mem that lets ``pages`` be queued, None where the running one does.

    The kernel's own proportions: pressure 4/3 and maximum twice the first number, which is the limit that counts.
    No number is lowered.
    """
    if running is None:
        return None
    now = [int(word) for word in running.split()]
    if len(now) != 3 or now[0] >= pages:
        return None
    return udp_mem_triple(pages, now)
