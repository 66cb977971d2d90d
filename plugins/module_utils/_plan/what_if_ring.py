# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a NIC's receive ring would have to be for a workload.

A ring bridges the time until its queue is polled. What comes while a CPU is kept from its softirq has room in it then:
the same 20 ms as for the backlog, all of it in one queue, since RSS may send it there. A link cannot bring more than
its speed allows: a frame takes its payload, UDP 8, IPv4 20, Ethernet with its checksum 18, preamble and gap 20 bytes,
at least 84 (IEEE 802.3).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.numbers import count, given, rate, size
from ansible_collections.rxpath.linux.plugins.module_utils._plan.backlog import BUSY_SECONDS
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_ring import buffer_bytes
from ansible_collections.rxpath.linux.plugins.module_utils._plan.ring_rounding import power_above, power_below

_UDP, _IPV4, _ETHERNET, _LEAST_ON_WIRE = 8, 20, 38, 84
# Less than any driver's default.
_LEAST = 64
_MEGABIT = 1_000_000 / 8
_WHY = (
    "only where the CPU of the queue has time between the bursts: for one that is busy all the time a longer ring is"
    " full a moment later; the host's own maximum (ethtool -g, receive_path_facts) is the last word"
)


def frames_of(datagram_size: int, mtu: int) -> int:
    """Return the IPv4 packets that carry one datagram of that payload."""
    return -(-(datagram_size + _UDP) // (mtu - _IPV4))


def line_rate(megabits: float, datagram_size: int, mtu: int) -> float:
    """Return the frames per second of a link that is full of such datagrams."""
    packet = min(mtu, datagram_size + _UDP + _IPV4)
    return megabits * _MEGABIT / max(_LEAST_ON_WIRE, packet + _ETHERNET)


def ring(workload: Mapping[str, Any]) -> tuple[int, str, str, str, str | None, bool | None]:
    """Return descriptors a queue, unit, arithmetic, why, what cut it, and whether it helps (not known here)."""
    sockets, burst, mtu = workload["sockets"], workload["burst"], workload["mtu"]
    frames = frames_of(workload["datagram_size"], mtu)
    coming = (workload["rate"] * BUSY_SECONDS + burst) * sockets * frames
    one = f"{given(workload['rate'])}/s x {count(BUSY_SECONDS * 1000)} ms"
    one = f"({one} + {count(burst)})" if burst else one
    arithmetic = f"{one} x {count(sockets)} sockets" + (f" x {frames} fragments" if frames > 1 else "")
    arithmetic += f" = {count(coming)} frames in one queue"
    wanted = _holding(coming)
    arithmetic += f", a power of two that holds them: {count(wanted)}"
    cuts = []
    if workload["link_speed"]:
        full = line_rate(workload["link_speed"], workload["datagram_size"], mtu)
        within = _holding(full * BUSY_SECONDS)
        if within < wanted:
            wanted = within
            brought = f"{rate(full)}, {count(full * BUSY_SECONDS)} in {count(BUSY_SECONDS * 1000)} ms"
            cuts.append(f"cut to {count(wanted)}: {count(workload['link_speed'])} Mbit/s bring {brought}")
    for most, why in _ceilings(workload):
        if most < wanted:
            wanted = most
            cuts.append(f"cut to {count(wanted)}: {why}")
    return wanted, "descriptors a queue", arithmetic, _WHY, "; ".join(cuts) or None, None


def _holding(frames: float) -> int:
    return max(_LEAST, power_above(math.ceil(frames)))


def _ceilings(workload: Mapping[str, Any]) -> list[tuple[int, str]]:
    """Return what bounds the ring: the driver's maximum where it was said, and the memory that is pinned for it."""
    each, queues, limit = buffer_bytes(workload["mtu"]), workload["queues"], workload["ring_memory_limit"]
    within = power_below(limit // (queues * each))
    named = "1 queue" if queues == 1 else f"{count(queues)} queues"
    bounds = [(within, f"{named} x {count(each)} bytes a descriptor, {size(limit)} (ring_memory_limit)")]
    if workload["ring_max"]:
        bounds.append((workload["ring_max"], "the driver's maximum (ring_max)"))
    return bounds
