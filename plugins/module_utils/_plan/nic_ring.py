# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The size of a NIC's rings, within the driver's maximum and a limit on the memory behind the receive rings.

A receive ring is full of buffers from the start: descriptors × queues × bytes of a buffer are pinned, whether traffic
comes or not. Transmit descriptors hold no buffer until something is sent, so that they do not count here.
"""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.ring_rounding import taken

MEMORY_LIMIT = 256 << 20
# Room that the stack wants around a frame: skb_shared_info behind it, and VLAN and Ethernet headers before it.
_OVERHEAD = 320 + 22
_SKBUFF = 256
_SMALLEST_BUFFER = 2048


class RingState(NamedTuple):
    """What the driver tells. ``ring`` is None where it has none; ``buffer`` are bytes for one receive descriptor."""

    device: str
    driver: str
    ring: Optional[dict[str, int]]
    queues: int
    buffer: int


def buffer_bytes(mtu: int, told: int | None = None) -> int:
    """Return the bytes that one receive descriptor costs: at an MTU of 1500 a buffer of 2048 and 256 for the skb.

    For a larger MTU the whole frame is taken to lie in one buffer, which a driver rounds up to a power of two. Many
    drivers chain smaller ones, so that this is an upper bound. ``told`` is the size that the driver names.
    """
    needed = max(_SMALLEST_BUFFER, mtu + _OVERHEAD)
    return (told or 1 << (needed - 1).bit_length()) + _SKBUFF


def plan_ring(request: dict[str, Any], state: RingState) -> Plan:
    """Plan ``rx`` and ``tx`` of a request: "max", a number, or "keep".

    More than the driver's maximum is clamped. The limit on memory lowers "max", and refuses a larger number; a ring
    that is larger already was somebody's choice, and "max" leaves it so.
    """
    asked = {side: str(request.get(side, "keep")) for side in ("rx", "tx")}
    asked = {side: value for side, value in asked.items() if value != "keep"}
    if not asked:
        return Plan()
    who = f"{state.device} ({state.driver})"
    ring = state.ring or {}
    wanted = {side: ring.get(side, 0) for side in ("rx", "tx")}
    current = dict(wanted)
    unsupported, refused, notes, lacking = [], [], [], []
    for side, value in asked.items():
        most = ring.get(side + "_max", 0)
        if not most:
            unsupported.append(f"{who}: the driver has no {side} ring whose size can be set")
            lacking.append(side)
            continue
        number = most if value == "max" else int(value)
        if number > most:
            unsupported.append(f"{who}: {side} ring of {number} asked, clamped to the driver's maximum of {most}")
            number = most
        size = taken(state.driver, number, most)
        if side == "rx":
            limit = int(request.get("memory_limit", MEMORY_LIMIT))
            within = limit // (max(1, state.queues) * state.buffer)
            cost = f"{size} x {state.queues} queues x {state.buffer} bytes are over memory_limit, {limit} bytes"
            if size > within and value == "max":
                size = max(current["rx"], _largest(state, within, most))
                how = "stays at" if size == current["rx"] else "of"
                notes.append(f"{who}: rx ring {how} {size}, the maximum is {most}: {cost}")
            elif size > max(within, current["rx"]) and not request.get("force"):
                refused.append(f"{who}: rx ring of {number} refused: {cost}")
                continue
        if value != "max" and size != number:
            notes.append(f"{who}: the driver makes {size} of {side} {number}")
        wanted[side] = size
    target = Target(state.device, "")
    changes = () if wanted == current else (Change("ring", target, current, wanted),)
    return Plan(changes, tuple(unsupported), tuple(refused), (), tuple(notes), tuple(lacking))


def _largest(state: RingState, within: int, most: int) -> int:
    """Return the largest size that the driver takes and that lies within the limit, else the least that it takes."""
    for number in range(min(within, most), 0, -1):
        size = taken(state.driver, number, most)
        if size <= within:
            return size
    return taken(state.driver, 1, most)
