# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings of the UDP layer itself: no listener, bad checksums, the memory limit, socket filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import buffers, numbers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import (
    BOUND,
    EXACT,
    Where,
    advise,
    finding,
    sysctl,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import Ledger
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.restarts import unit_of

Finding = dict[str, Any]

# Each CPU keeps up to this many pages in reserve before the machine-wide count moves (net.core.mem_pcpu_rsv).
_RESERVE_PAGES_PER_CPU = 256
# Below this share, a difference between the sockets' drops and the SNMP counters is their not being read at once.
_NOISE_SHARE = 0.02
# ... and so is what can arrive between the two readings, at the most.
_APART_SECONDS = 0.01


def no_listener(where: Where, ledger: Ledger, seconds: float) -> list[Finding]:
    """Datagrams to a port that nobody has bound: refused, answered with ICMP."""
    if ledger.no_listener <= 0:
        return []
    return [
        finding(
            "udp.no_listener",
            where,
            ledger.no_listener,
            seconds=seconds,
            arrived=ledger.arrived + ledger.no_listener,
            evidence=[f"NoPorts rose by {numbers.count(ledger.no_listener)}: no socket was bound where they went"],
            advice=[
                advise(
                    "start the service or correct the port that clients use, if they should have been served",
                    None,
                    None,
                    True,
                    "otherwise it is scanning or a stopped service; no buffer and no sysctl changes it",
                )
            ],
        )
    ]


def checksum_errors(where: Where, ledger: Ledger, seconds: float) -> list[Finding]:
    """Datagrams whose checksum was wrong when they were looked at."""
    if ledger.checksum <= 0:
        return []
    return [
        finding(
            "udp.checksum_errors",
            where,
            ledger.checksum,
            seconds=seconds,
            arrived=ledger.arrived,
            evidence=[
                (
                    f"InCsumErrors rose by {numbers.count(ledger.checksum)}; a bad checksum counts when the"
                    " datagram is read, and over IPv6 it can be"
                    " charged to the IPv4 line"
                )
            ],
            advice=[
                advise(
                    "look for damage on the path, or for a sender or tunnel with broken checksum offload",
                    None,
                    None,
                    True,
                    "the datagrams arrived damaged",
                ),
                advise("a larger receive_buffer", None, None, False, "they were not lost for want of room"),
            ],
        )
    ]


def memory_limit(
    namespace: Mapping[str, Any],
    where: Where,
    ledger: Ledger,
    sample: Mapping[str, Any],
    thresholds: Mapping[str, float],
) -> list[Finding]:
    """Datagrams for which the socket memory of all of UDP, or of a cgroup, was used up."""
    seconds = float(sample["window"]["seconds"])
    silent = ledger.silent
    at_limit = near_limit(sample)
    # Sockets and protocol counters are read one after the other while traffic goes on.
    noise = max(_NOISE_SHARE * ledger.socket_drops, _APART_SECONDS * ledger.arrived / max(seconds, _APART_SECONDS))
    if not at_limit and silent <= noise:
        silent = 0
    lost = ledger.memory + silent
    if lost <= 0:
        return []
    memory: Mapping[str, Any] = sample.get("udp_memory") or {}
    limit = (sample["limits"].get("udp_mem") or [None])[0]
    evidence = []
    if ledger.memory:
        evidence.append(f"MemErrors rose by {numbers.count(ledger.memory)}")
    if silent:
        evidence.append(
            f"the sockets dropped {numbers.count(ledger.socket_drops)}, of which no counter of Udp: shows"
            f" {numbers.count(silent)}; kernels of the 6.18 line count a drop for"
            " want of socket memory at the socket alone"
        )
    if memory.get("pages_max") is not None and limit is not None:
        evidence.append(
            "all UDP sockets together held up to {} pages; the limit is udp_mem[0] = {} pages".format(
                numbers.count(memory["pages_max"]), numbers.count(limit)
            )
        )
    losers = [socket for socket in namespace.get("sockets") or [] if (socket.get("drops") or 0) > 0]
    advice = [_raise_limit(namespace, sample, lost, thresholds) if at_limit else _raise_cgroup()]
    advice.append(
        advise(
            "a larger receive_buffer (SO_RCVBUF, net.core.rmem_max, net.core.rmem_default)",
            None,
            None,
            False,
            "the limit is on the memory of %s, not on one buffer" % ("all UDP sockets" if at_limit else "the cgroup"),
        )
    )
    return [
        finding(
            "udp.memory_limit",
            where,
            lost,
            certainty=EXACT if at_limit or not ledger.errors - ledger.memory else BOUND,
            seconds=seconds,
            arrived=ledger.arrived,
            sockets=[_socket(socket) for socket in sorted(losers, key=lambda s: -(s.get("drops") or 0))[:20]],
            evidence=evidence,
            advice=advice,
        )
    ]


def near_limit(sample: Mapping[str, Any]) -> bool:
    """Return True when UDP's memory stood at the machine's limit, give or take the reserve of each CPU."""
    limit = (sample["limits"].get("udp_mem") or [None])[0]
    pages = (sample.get("udp_memory") or {}).get("pages_max")
    if limit is None or pages is None:
        return False
    reserve = min(_RESERVE_PAGES_PER_CPU * len(sample["host"].get("cpus_online") or [0]), int(limit) // 2)
    return int(pages) >= int(limit) - reserve


def _raise_limit(
    namespace: Mapping[str, Any], sample: Mapping[str, Any], lost: int, thresholds: Mapping[str, float]
) -> dict[str, Any]:
    """Advise on udp_mem: what was held, and beside it all that was lost, within the share of RAM."""
    action = "raise the first number of net.ipv4.udp_mem (it is the limit), or find the sockets that nobody reads"
    why = "UDP's memory of the whole machine is used up; a queue that nobody reads holds it"
    running = [int(number) for number in sample["limits"]["udp_mem"]]
    memory, page = sample["host"].get("memory_bytes"), int(sample["host"].get("page_size") or 4096)
    if len(running) != 3 or not memory:
        return advise(action, running[0], None, True, why)
    payload = buffers.mean_payload(namespace.get("counters") or {})
    truesize = buffers.DEFAULT_TRUESIZE
    if payload is not None:
        truesize = buffers.truesize_of(payload, sample.get("truesize") or [])
    held = max(running[0], int((sample.get("udp_memory") or {}).get("pages_max") or 0))
    missing = -(-lost * truesize // page)
    ceiling = int(memory * thresholds["udp_memory_share"]) // page
    wanted = min(held + missing, ceiling)
    share = numbers.share(thresholds["udp_memory_share"])
    if wanted <= running[0]:
        why += f"; it has {share} of the memory of the host already, which is the most that is advised"
        return advise(action, running[0], None, True, why)
    why += (
        f": {numbers.count(held)} pages and {numbers.count(lost)} lost datagrams x {numbers.count(truesize)} bytes ="
        f" {numbers.count(held + missing)} pages"
    )
    if wanted < held + missing:
        why += f", cut to {numbers.count(wanted)}, {share} of the memory of the host"
    value = buffers.udp_mem_triple(wanted, running)
    pace = lost * truesize / page / float(sample["window"]["seconds"])
    fill = (wanted - running[0]) / pace
    return advise(action, running[0], wanted, True, why, knob=sysctl("net.ipv4.udp_mem", value), fill_seconds=fill)


def _raise_cgroup() -> dict[str, Any]:
    return advise(
        "raise the memory limit of the cgroup (container) that owns the socket",
        None,
        None,
        True,
        "the machine's own limit was not reached, so the memory of the socket's cgroup was",
    )


def _socket(socket: Mapping[str, Any]) -> dict[str, Any]:
    size = float(socket.get("receive_buffer") or 0)
    keys = ("local", "inode", "process", "pid", "container", "receive_buffer", "drops")
    entry: dict[str, Any] = {key: socket.get(key) for key in keys}
    entry["unit"] = unit_of(socket)
    entry["protocol"] = socket.get("protocol") or "udp"
    entry["queue_share"] = round((socket.get("queue_max") or 0) / size, 4) if size else None
    return entry


def socket_filter(namespace: Mapping[str, Any], where: Where, ledger: Ledger, seconds: float) -> list[Finding]:
    """Datagrams that a filter on the socket, or a check of its own, refused: by design."""
    if ledger.other <= 0:
        return []
    losers = [socket for socket in namespace.get("sockets") or [] if (socket.get("drops") or 0) > 0]
    low = [s for s in losers if (s.get("queue_max") or 0) < 0.9 * float(s.get("receive_buffer") or 1)]
    at_socket = ledger.socket_drops >= ledger.other
    return [
        finding(
            "udp.socket_filter",
            where,
            ledger.other,
            certainty=EXACT if at_socket else BOUND,
            seconds=seconds,
            arrived=ledger.arrived,
            sockets=[_socket(socket) for socket in (low or losers)[:20]] if at_socket else [],
            evidence=[
                (
                    f"InErrors holds {numbers.count(ledger.other)} more than overflow, memory and checksum"
                    " errors: what a filter attached to the"
                    " socket (SO_ATTACH_FILTER, BPF) drops is counted so, and so is a bad length"
                )
            ],
            advice=[advise("a larger receive_buffer", None, None, False, "the application's own filter refused them")],
        )
    ]
