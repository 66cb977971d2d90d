# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a workload would need, without any host: buffers, backlog, ring and readers, each with its arithmetic.

These are the functions of the role's plan and of the audit's advice, fed with what somebody expects instead of what
was set or measured. Every answer is an entry: value, unit, arithmetic, ceiling (what cut it, None where nothing did),
helps, why. Sizes are bytes, times seconds, rates datagrams per second and socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import buffers, queueing
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.backlog_advice import memory_ceiling
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.numbers import (
    count,
    duration,
    given,
    given_time,
    rate,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.settings import DEFAULT_THRESHOLDS
from ansible_collections.rxpath.linux.plugins.module_utils._plan.backlog import backlog_for
from ansible_collections.rxpath.linux.plugins.module_utils._plan.buffers import (
    LARGEST_STOCK_RMEM_MAX,
    Sizing,
    rmem_max_for,
    size_buffer,
    truesize,
    udp_mem_for,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.what_if_ring import ring

Entry = dict[str, Any]
# Value, unit, arithmetic, why.
Said = tuple[Any, str, str, str]
_USELESS = "no buffer helps readers that are no faster than what arrives: see receive_buffer"


def entry(
    value: Any, unit: str, arithmetic: str, why: str, ceiling: str | None = None, helps: bool | None = True
) -> Entry:
    """Return an answer as every one of them is made; ``helps`` is None where it depends on what is not known here."""
    return {
        "value": value,
        "unit": unit,
        "arithmetic": arithmetic,
        "ceiling": ceiling,
        "helps": helps,
        "why": why,
    }


def what_if(workload: Mapping[str, Any]) -> dict[str, Entry]:
    """Return the answers for a workload, in path order from the NIC up, readers last.

    ``workload`` has rate, datagram_size, stall, sockets, max_queue_delay, service_rate, burst, memory_share, page_size,
    queues, mtu and ring_memory_limit; None or 0 where not known: truesize, memory, udp_mem, cpus, link_speed, ring_max,
    current_buffer.
    """
    asked = {**workload, "service_rate": pace_of(workload), "may_raise": True}
    running = workload["udp_mem"]
    pages = int(running.split()[0]) if running else None
    sizing = size_buffer(asked, workload["memory"], pages, workload["page_size"], prefix="")
    cut = "; ".join(sizing.cuts) or None
    useless = _useless(workload, sizing)
    helps = not useless if pace_of(workload) else None
    of_buffers = {
        "udp_mem": _udp_mem(workload, sizing),
        "receive_buffer": _receive_buffer(workload, sizing),
        "rmem_max": _rmem_max(sizing),
        "rmem_default": _rmem_default(workload, sizing),
    }
    if useless:
        of_buffers = {name: (*said[:3], _USELESS) for name, said in of_buffers.items()}
        of_buffers["receive_buffer"] = (*of_buffers["receive_buffer"][:3], useless)
    return {
        "ring": entry(*ring(workload)),
        "netdev_max_backlog": _backlog(workload),
        **{name: entry(*said, cut, helps) for name, said in of_buffers.items()},
        "workers": _workers(workload),
    }


def pace_of(workload: Mapping[str, Any]) -> float:
    """Return what the reader of one socket takes per second, 0 where not known: readers share CPUs that are too few."""
    cpus, sockets = workload["cpus"], workload["sockets"]
    return float(workload["service_rate"] * min(1.0, cpus / sockets if cpus else 1.0))


def charged(workload: Mapping[str, Any]) -> int:
    """Return the bytes that one datagram of the workload is charged."""
    return int(workload["truesize"] or truesize(workload["datagram_size"]))


def _shared(workload: Mapping[str, Any]) -> str:
    """Say that readers share CPUs, where they do."""
    pace = pace_of(workload)
    if pace == workload["service_rate"]:
        return ""
    return f"; CPUs for {count(workload['sockets'])} sockets: {count(workload['cpus'])}, {rate(pace)} each"


def _useless(workload: Mapping[str, Any], sizing: Sizing) -> str | None:
    """Return why no buffer helps readers of that pace, None where one does or their pace is not known."""
    arriving, pace = workload["rate"], pace_of(workload)
    if not pace or not queueing.overloaded(arriving, pace):
        return None
    why = f"{rate(arriving)} arrive, all that is read: what once stood in the queue is never read off"
    if arriving > pace:
        largest, because = sizing.largest or (sizing.receive_buffer, "what the stall asks for")
        standing = int(workload["current_buffer"] or 0)
        why = queueing.buys_nothing(arriving, pace, charged(workload), standing, largest, because)
    return why + _shared(workload)


def _receive_buffer(workload: Mapping[str, Any], sizing: Sizing) -> Said:
    pace, chosen = pace_of(workload), sizing.receive_buffer
    why = f"what arrives while the reader pauses for {given_time(workload['stall'])} waits in it; "
    if pace:
        why += f"full, it is read off in {duration(chosen / (pace * charged(workload)))}{_shared(workload)}"
    else:
        why += "without service_rate it is not known whether the readers keep up, and how long a full buffer delays"
    return chosen, "bytes a socket", sizing.arithmetic, why


def _rmem_max(sizing: Sizing) -> Said:
    half = rmem_max_for(sizing.receive_buffer)
    arithmetic = f"{count(sizing.receive_buffer)} / 2 = {count(-(-sizing.receive_buffer // 2))}"
    if 2 * half > sizing.receive_buffer + 1:
        arithmetic += f", at least {count(half)}: the kernel takes no less"
    why = "for a server that asks: the kernel doubles what SO_RCVBUF asks for, after it has clamped it to rmem_max"
    if half < LARGEST_STOCK_RMEM_MAX:
        why += f"; leave it where it is higher (kernel 6.18 begins with {count(LARGEST_STOCK_RMEM_MAX)})"
    return half, "bytes", arithmetic, why


def _rmem_default(workload: Mapping[str, Any], sizing: Sizing) -> Said:
    stock, held = buffers.STOCK_RMEM_DEFAULT, buffers.STOCK_RMEM_DEFAULT * buffers.BUSY_READER_SHARE
    bridged = duration(held / (charged(workload) * workload["rate"]))
    why = (
        f"only for a server that never asks with SO_RCVBUF; the stock {count(stock)} bridge {bridged} of this rate."
        " It enlarges every raw, packet, netlink and unix socket that does not ask, too: let the server ask instead,"
        " where it can"
    )
    arithmetic = f"the whole receive buffer, {count(sizing.receive_buffer)}: a default is not doubled"
    return sizing.receive_buffer, "bytes", arithmetic, why


def _udp_mem(workload: Mapping[str, Any], sizing: Sizing) -> Said:
    running, sockets = workload["udp_mem"], workload["sockets"]
    raised = udp_mem_for(sizing.pages, running or "0 0 0")
    arithmetic = (
        f"{count(sockets)} sockets x {count(sizing.receive_buffer)} / {count(workload['page_size'])} bytes a page"
        f" = {count(sizing.pages)} pages; pressure 4/3, maximum twice that"
    )
    why = "its first number is the limit of all UDP sockets together, so it has to hold what they may have queued"
    if not running:
        why += "; leave it where it is higher already (udp_mem)"
    elif raised is None:
        why = f"kept: its first number, {count(int(running.split()[0]))} pages, holds what they may have queued"
    return raised or running, "pages", arithmetic, why


def _backlog(workload: Mapping[str, Any]) -> Entry:
    wanted, arithmetic = backlog_for(workload["rate"], workload["sockets"])
    cut = None
    if workload["memory"] and workload["cpus"]:
        most, why = memory_ceiling(workload["memory"], workload["cpus"], DEFAULT_THRESHOLDS["udp_memory_share"])
        if most < wanted:
            wanted, cut = max(1, most), f"cut to {count(max(1, most))}: {why}"
    why = (
        "only where packets wait in a CPU's queue: RPS, veth, ipvlan, a tunnel. A NIC that polls does not use it, and"
        " for a CPU that is busy all the time a longer one is full a moment later"
    )
    return entry(wanted, "packets a CPU", arithmetic, why, cut, None)


def _workers(workload: Mapping[str, Any]) -> Entry:
    pace, cpus, sockets = workload["service_rate"], workload["cpus"], workload["sockets"]
    unit = "readers of all sockets together"
    arriving = workload["rate"] * sockets
    if not pace:
        why = "not known without service_rate (or service_time): the audit's report has it as μ, a load test finds it"
        return entry(None, unit, f"λ = {rate(arriving)}, μ is not known", why, None, None)
    wanted, load = queueing.consumers_for(arriving, pace), queueing.PLANNED_LOAD
    arithmetic = (
        f"λ = {given(workload['rate'])}/s x {count(sockets)} = {given(arriving)}/s, μ = {given(pace)}/s"
        f" ({duration(1 / pace)} each): {given(arriving)} / ({given(pace)} x {load:g})"
        f" = {arriving / (pace * load):,.2f}, so {count(wanted)}; ρ = {arriving / (pace * wanted):.2f} then"
    )
    why = "threads or processes on one port with SO_REUSEPORT, each at 80 % load at most"
    if wanted > sockets:
        why += f"; a socket for each of them: {count(wanted)}, not {count(sockets)}"
    if cpus and wanted > cpus:
        carried = min(arriving, cpus * pace)
        cut = f"cut to {count(cpus)}: that many CPUs run no more of them at once"
        why += f". They carry {rate(carried)} of {rate(arriving)} at best: raise μ (recvmmsg, UDP_GRO) or add hosts"
        return entry(cpus, unit, arithmetic, why, cut)
    return entry(wanted, unit, arithmetic, why)
