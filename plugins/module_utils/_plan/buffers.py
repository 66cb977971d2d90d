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
    drained_within,
    udp_mem_triple,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.numbers import (
    count,
    duration,
    given,
    given_time,
    size,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.queueing import overloaded

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
    """A receive buffer (``sk_rcvbuf``) for one socket, the pages that all of them take, and how it was found.

    ``cuts`` say which ceilings lowered it and what is left; ``largest`` is the lowest of the ceilings, with its reason,
    None where nothing is known that would set one.
    """

    receive_buffer: int
    pages: int
    notes: list[str]
    warnings: list[str]
    arithmetic: str
    cuts: list[str]
    largest: tuple[int, str] | None


def truesize(datagram_size: int) -> int:
    """Return what one datagram is charged: in one buffer of a jumbo MTU or in fragments, whichever is more."""
    fragments = -(-datagram_size // _MTU) * DEFAULT_TRUESIZE
    for largest, charged in _CLASSES:
        if datagram_size <= largest:
            return max(charged, fragments)
    return fragments


def size_buffer(
    workload: Mapping[str, Any], memory: int | None, udp_pages: int | None, page: int, prefix: str = "udp_tuning_"
) -> Sizing:
    """Return the buffer that survives the workload's stall, cut to the ceilings of memory and of delay.

    ``workload`` has rate, datagram_size, stall, sockets, max_queue_delay, service_rate (0: not known), memory_share
    (0 to 1) and may_raise (whether udp_mem may be raised within the share); it may have burst (datagrams that come
    within the stall beside the rate) and truesize (what one is charged, where that was measured). ``memory`` is the
    host's RAM, ``udp_pages`` its udp_mem[0]; None where unknown. ``prefix`` stands before the names in sentences.
    """
    charged = workload.get("truesize") or truesize(int(workload["datagram_size"]))
    rate, stall, sockets = workload["rate"], workload["stall"], int(workload["sockets"])
    burst = workload.get("burst") or 0
    wanted = buffer_for(rate * stall + burst, charged)
    datagrams = f"{given(rate)}/s x {given_time(stall)}"
    datagrams = f"({datagrams} + {count(burst)})" if burst else datagrams
    exact = (rate * stall + burst) * charged / BUSY_READER_SHARE
    arithmetic = f"{datagrams} x {count(charged)} bytes a datagram / {BUSY_READER_SHARE:g} = {count(exact)} bytes"
    arithmetic += " a socket" + (f", in steps of 64 KiB: {count(wanted)}" if count(exact) != count(wanted) else "")
    notes, cuts, warnings = [f"receive buffer: {arithmetic}"], [], []
    chosen = wanted
    ceilings = [
        (ceiling, why)
        for ceiling, why in (
            _delay_ceiling(workload, charged, prefix),
            _memory_ceiling(workload, memory, udp_pages, page, prefix),
        )
        if ceiling is not None
    ]
    for ceiling, why in ceilings:
        if ceiling < chosen:
            chosen = max(_LEAST, ceiling // _STEP * _STEP or ceiling)
            held = chosen * BUSY_READER_SHARE / charged
            bridged = f"{size(chosen)} bridge a stall of {duration((held - burst) / rate)}, not of {duration(stall)}"
            if held < burst:
                bridged = f"{size(chosen)} hold {count(held)} datagrams, not even the burst of {count(burst)}"
            cuts += [f"cut to {size(chosen)}: {why}", bridged]
    notes += cuts
    service_rate = workload.get("service_rate") or 0
    if not service_rate:
        notes.append(f"the delay of a full buffer is not checked: {prefix}service_rate is not known")
    elif overloaded(rate, service_rate):
        warnings.append(
            f"the readers drain {given(service_rate)}/s of {given(rate)}/s ({prefix}service_rate, {prefix}rate):"
            " no buffer helps against that, more readers do"
        )
    pages = -(-chosen * sockets // page)
    return Sizing(chosen, pages, notes, warnings, arithmetic, cuts, min(ceilings, default=None))


def _delay_ceiling(workload: Mapping[str, Any], charged: int, prefix: str) -> tuple[int | None, str]:
    """The reader drains rcvbuf / (mu x truesize) seconds at a full buffer; a client must still be waiting then."""
    service_rate, delay = workload.get("service_rate") or 0, workload["max_queue_delay"]
    if not service_rate or not delay:
        return None, ""
    return drained_within(delay, service_rate, charged), (
        f"at {given(service_rate)}/s a reader drains no more within {duration(delay)} ({prefix}max_queue_delay)"
    )


def _memory_ceiling(
    workload: Mapping[str, Any], memory: int | None, udp_pages: int | None, page: int, prefix: str
) -> tuple[int | None, str]:
    """All sockets together stay within the share of RAM, and within udp_mem[0] where that may not be raised."""
    sockets, share = int(workload["sockets"]), float(workload["memory_share"])
    bounds = []
    if memory:
        bounds.append((int(memory * share), f"{share * 100:g} % of {size(memory)} of RAM ({prefix}memory_share)"))
    if udp_pages is not None and not (memory and workload.get("may_raise")):
        bounds.append((udp_pages * page, f"udp_mem[0] = {count(udp_pages)} pages"))
    if not bounds:
        return None, ""
    total, why = min(bounds)
    return total // sockets, f"{count(sockets)} sockets share {size(total)}, which is {why}"


def rmem_max_for(receive_buffer: int) -> int:
    """Return the rmem_max that grants this buffer: half, since the kernel doubles what SO_RCVBUF asks for."""
    return max(_LEAST, -(-receive_buffer // 2))


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
