# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Receive-buffer arithmetic: what a datagram costs, what a buffer holds, how large it may be.

Facts: net/core/sock.c (``sk_setsockopt``: SO_RCVBUF is clamped to ``rmem_max`` and then doubled),
net/ipv4/udp.c (``__udp_enqueue_schedule_skb`` charges an skb's truesize; ``udp_rmem_release`` gives memory
back in lumps of a quarter of the buffer, so a busy reader can use about three quarters of it).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

# Usable part of a buffer whose reader is busy: memory is returned in lumps of rcvbuf/4.
BUSY_READER_SHARE = 0.75
# A datagram of up to 1500 bytes on most NICs: half a page of buffer and the sk_buff.
DEFAULT_TRUESIZE = 2304
STOCK_RMEM_DEFAULT = 212992
_STEP = 65536
_HEADERS_V4 = 28
_HEADERS_V6 = 48


class Ceiling(NamedTuple):
    """The largest receive buffer an advice may name, in bytes, and what sets it."""

    size: int
    why: str


def truesize_of(payload: float, table: Sequence[Sequence[int]]) -> int:
    """Return the bytes that a datagram of ``payload`` bytes is charged, from the host's own measurement.

    ``table`` holds pairs (payload, truesize) in rising order; the allocation classes are steps, so the first
    measured payload that is not smaller decides.
    """
    for measured, truesize in table:
        if payload <= measured:
            return int(truesize)
    if table:
        last_payload, last_truesize = table[-1]
        return int(last_truesize + max(0.0, payload - last_payload))
    return max(DEFAULT_TRUESIZE, int(payload) + 832)


def mean_payload(counters: Mapping[str, Any]) -> float | None:
    """Return the mean payload of the IP packets received in a namespace, or None when nothing tells.

    It is a mean over all protocols; IpExt InOctets counts from the IP header on.
    """
    packets_v4, packets_v6 = counters.get("Ip.InReceives") or 0, counters.get("Ip6.InReceives") or 0
    octets_v4, octets_v6 = counters.get("IpExt.InOctets") or 0, counters.get("Ip6.InOctets") or 0
    if not octets_v4:
        packets_v4 = 0
    if not octets_v6:
        packets_v6 = 0
    packets = packets_v4 + packets_v6
    if packets <= 0:
        return None
    payload = octets_v4 + octets_v6 - packets_v4 * _HEADERS_V4 - packets_v6 * _HEADERS_V6
    return max(1.0, payload / packets)


def ceiling(sample: Mapping[str, Any], settings: Mapping[str, Any], capacity: float | None, truesize: int) -> Ceiling:
    """Return the largest buffer that the memory and the delay ceiling allow.

    ``capacity`` is the reader's datagrams per second; the buffer must drain within ``max_queue_delay`` seconds,
    because a client does not wait longer for an answer.
    """
    thresholds = settings["thresholds"]
    bounds = []
    if settings["max_buffer_bytes"]:
        bounds.append((int(settings["max_buffer_bytes"]), "udp_audit_max_buffer_bytes"))
    memory = sample["host"].get("memory_bytes")
    if memory:
        part = thresholds["buffer_memory_share"]
        bounds.append((int(memory * part), "%g %% of the memory of the host" % (part * 100)))
    udp_mem = sample["limits"].get("udp_mem")
    if udp_mem:
        part = thresholds["buffer_udp_mem_share"]
        pages = int(udp_mem[0] * part)
        bounds.append((pages * int(sample["host"].get("page_size") or 4096), "%g %% of udp_mem[0]" % (part * 100)))
    if capacity:
        delay = settings["max_queue_delay"]
        bounds.append((drained_within(delay, capacity, truesize), f"what the reader drains in {delay:g} s"))
    if not bounds:
        return Ceiling(64 << 20, "64 MiB, because neither memory nor udp_mem could be read")
    return Ceiling(*min(bounds))


def buffer_for(datagrams: float, truesize: int) -> int:
    """Return the receive buffer (``sk_rcvbuf``, bytes) that holds ``datagrams``, rounded up to 64 KiB."""
    needed = datagrams * truesize / BUSY_READER_SHARE
    return int(-(-needed // _STEP) * _STEP)


def drained_within(delay: float, pace: float, truesize: int) -> int:
    """Return the bytes that readers of ``pace`` datagrams per second take out of a full buffer in ``delay`` seconds."""
    return int(pace * delay * truesize)


def udp_mem_triple(pages: int, running: Sequence[int]) -> str:
    """Return the value of ``udp_mem`` whose limit is ``pages``: the kernel's own proportions, no number lowered.

    Pressure is 4/3 and maximum twice the first number, which is the limit that counts.
    """
    wanted = (pages, -(-pages * 4 // 3), pages * 2)
    return " ".join(str(max(new, old)) for new, old in zip(wanted, running))
