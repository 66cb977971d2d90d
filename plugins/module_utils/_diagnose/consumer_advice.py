# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Evidence and advice for a consumer: what its threads did, what would make it take more datagrams."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import buffer_advice, numbers, queueing
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.analysis import Analysis
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import advise
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.readers import Reader

Advice = dict[str, Any]

# A reader that waits for something else than datagrams for this share of the window is not short of CPU.
_BLOCKED = 0.15


def evidence(analysis: Analysis) -> list[str]:
    """Say arrivals, capacity and what the readers did, as far as they are known."""
    said = []
    if analysis.arrival_rate is not None:
        said.append(_rates_sentence(analysis))
    elif analysis.rates_unknown_because:
        said.append(f"no arrival and service rate is given: {analysis.rates_unknown_because}")
    said.append(
        f"new drops in {numbers.share(analysis.losing_share)} of the looks, an empty queue in"
        f" {numbers.share(analysis.empty_share)} of them"
    )
    reader = analysis.reader
    if reader is None:
        said.append("nothing is known of the threads that read it")
    else:
        said.append(
            "the reading thread{} ran {} of the window, waited for datagrams {} of it".format(
                "s" if reader.threads > 1 else "", numbers.share(reader.run_share), numbers.share(reader.receive_share)
            )
        )
        if reader.mechanism:
            said.append(f"the reader was {reader.mechanism}")
    if analysis.longest_stall >= 0.1:
        said.append(
            f"the longest time without a read while datagrams waited: {numbers.duration(analysis.longest_stall)}"
        )
    return said


def _rates_sentence(analysis: Analysis) -> str:
    arrival = numbers.rate(analysis.arrival_rate or 0.0)
    if analysis.service_rate:
        return (
            f"λ = {arrival} arrive, μ = {numbers.rate(analysis.service_rate)} are read,"
            f" {numbers.duration(1.0 / analysis.service_rate)} each (1/μ), and the queue never ran empty: ρ = λ/μ"
            f" = {(analysis.arrival_rate or 0.0) / analysis.service_rate:.2f}"
        )
    if analysis.capacity and analysis.utilisation is not None:
        return (
            f"λ = {arrival} arrive; the queue ran empty in between, the reader could take about"
            f" {numbers.rate(analysis.capacity)}"
        )
    return f"λ = {arrival} arrive; nothing was read"


def slow_consumer(socket: Mapping[str, Any], analysis: Analysis) -> list[Advice]:
    """Advise on a consumer that is slower than its arrivals; name the buffer as what does not help."""
    who = socket.get("process") or "the application"
    advice = [_no_buffer(socket, analysis)]
    reader = analysis.reader
    if reader is not None and reader.throttled_share >= 0.05:
        wanted = None
        if reader.quota_cpus and analysis.utilisation:
            wanted = round(reader.quota_cpus * analysis.utilisation / 0.8, 2)
        advice.append(
            advise(
                f"raise the CPU quota of {who}",
                reader.quota_cpus,
                wanted,
                True,
                f"the quota stopped it for {numbers.share(reader.throttled_share)} of the window",
            )
        )
    if reader is not None and reader.blocked_share >= _BLOCKED and reader.mechanism:
        advice.append(_unblock(who, reader.mechanism))
    return advice + _more_consumers(who, analysis) + _faster(who, reader) + _vain_steering(socket)


def _more_consumers(who: str, analysis: Analysis) -> list[Advice]:
    """Advise on how many consumers suffice, and how a flow stays with one of them."""
    threads = analysis.reader.threads if analysis.reader else None
    if analysis.consumers_needed and analysis.consumers_needed > 1:
        pace = numbers.rate(analysis.service_rate or analysis.capacity or 0.0)
        many = advise(
            f"run {analysis.consumers_needed} consumers (threads or processes) of {who} on one port with SO_REUSEPORT",
            threads or 1,
            analysis.consumers_needed,
            True,
            f"λ = {numbers.rate(analysis.arrival_rate or 0.0)} over μ = {pace} of one: that many of this kind carry it"
            " at 80 % load each",
        )
    else:
        many = advise(
            f"add consumers of {who} on the port (SO_REUSEPORT), or find out why {who} does not read",
            threads,
            None,
            True,
            "the queue stood full while datagrams arrived",
        )
    steer = advise(
        f"steer by connection id (SO_ATTACH_REUSEPORT_EBPF), where a flow of {who} must stay with one of its sockets",
        None,
        None,
        True,
        "SO_REUSEPORT chooses by addresses and ports: a QUIC client that changes its address would reach another"
        " consumer, and so would all flows when their number changes",
    )
    return [many, steer]


def _faster(who: str, reader: Reader | None) -> list[Advice]:
    """Advise on what one consumer can gain; a bypass of the stack only where the CPU is what it lacks."""
    batch = advise(
        f"let {who} read in batches (recvmmsg) or with UDP_GRO",
        None,
        None,
        True,
        "fewer system calls for a datagram raise μ, as far as the time goes there",
    )
    works = reader is None or reader.blocked_share < _BLOCKED
    bypass = advise(
        f"take the datagrams of {who} in XDP or from AF_XDP",
        None,
        None,
        works,
        "last of all: it saves the cost of the stack and of the socket, and the application must do their work"
        if works
        else f"it is blocked for {numbers.share(reader.blocked_share if reader else None)} of the window, and not by"
        " the stack",
    )
    return [batch, bypass]


def _vain_steering(socket: Mapping[str, Any]) -> list[Advice]:
    if socket.get("remote"):
        return []
    return [
        advise(
            "RFS (rps_flow_cnt, rps_sock_flow_entries)",
            None,
            None,
            False,
            "the kernel records flows for connected UDP sockets only; this one is not connected",
        )
    ]


def stall(socket: Mapping[str, Any], analysis: Analysis) -> list[Advice]:
    """Advise on what stops the reader, beside the buffer that bridges it."""
    reader = analysis.reader
    who = socket.get("process") or "the application"
    if reader is None or not reader.mechanism:
        return []
    if reader.throttled_share >= 0.05 and reader.throttled_share >= reader.blocked_share:
        return [
            advise(
                f"raise the CPU quota of {who}",
                reader.quota_cpus,
                None,
                True,
                "the quota stops the reader; what arrives meanwhile must wait in the buffer",
            )
        ]
    if reader.queue_share > reader.blocked_share:
        return [
            advise(
                f"give {who} a CPU of its own, or a higher priority",
                None,
                None,
                True,
                f"it waited for a CPU for {numbers.share(reader.queue_share)} of the window",
            )
        ]
    return [_unblock(who, reader.mechanism)]


def _unblock(who: str, mechanism: str) -> Advice:
    return advise(
        f"take what blocks off the reading thread of {who}",
        None,
        None,
        True,
        f"the reader was {mechanism}; hand datagrams over to another thread, or make the downstream step asynchronous",
    )


def _no_buffer(socket: Mapping[str, Any], analysis: Analysis) -> Advice:
    size = int(socket.get("receive_buffer") or 0)
    if analysis.arrival_rate is None or not analysis.capacity:
        why = "the queue stands full: a larger one is full a moment later, and every datagram waits longer"
        return buffer_advice.refuse(socket, why)
    if analysis.arrival_rate <= analysis.capacity:
        why = (
            f"what the reader leaves behind needs more than {numbers.size(analysis.ceiling.size)}"
            f" ({analysis.ceiling.why})"
        )
        return buffer_advice.refuse(socket, why)
    top = analysis.ceiling
    why = queueing.buys_nothing(analysis.arrival_rate, analysis.capacity, analysis.truesize, size, top.size, top.why)
    return buffer_advice.refuse(socket, why)
