# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How many queues a NIC has, and when it is better not to change that.

A change of channels makes the queues anew. What was set for each of them (RPS masks, interrupt affinity, coalescing)
is gone or moved, an XDP program may not find the queues that it needs, and an AF_XDP socket is bound to one of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import parse_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.spread import Spread, highest

SIDES = ("combined", "rx", "tx")
# These show their queues and have no operation to change them: the number is the hypervisor's.
_FIXED_DRIVERS = ("vmxnet3",)


class ChannelState(NamedTuple):
    """What driver and kernel tell. ``channels`` is None where the driver has none, ``table`` where it has no table.

    ``cores``: physical cores near the NIC that may take interrupts. ``xdp``: how a program is attached ("native",
    "generic"), ``af_xdp``: queues that such sockets are bound to.
    """

    device: str
    driver: str
    channels: Optional[dict[str, int]]
    cores: int
    xdp: Optional[str] = None
    af_xdp: tuple[int, ...] = ()
    table: Optional[Spread] = None


def local_cores(cpus: Mapping[str, Any], local: str | None) -> int:
    """Return how many physical cores near a NIC are online and not isolated; at least 1.

    ``cpus`` are the facts of _facts.cpus, ``local`` the NIC's own list of CPUs. Where all of those are isolated, the
    rest of the machine counts.
    """
    usable = set(parse_cpulist(cpus["online"])) - set(parse_cpulist(cpus["isolated"]))
    near = usable & set(parse_cpulist(local or "")) or usable
    siblings = {cpu: group for group in map(parse_cpulist, cpus["siblings"]) for cpu in group}
    return max(1, len({min(siblings.get(cpu, [cpu])) for cpu in near}))


def plan_channels(request: dict[str, Any], state: ChannelState) -> Plan:
    """Plan ``combined``, ``rx`` and ``tx`` of a request: "auto", a number, or "keep"."""
    asked = {side: str(request.get(side, "keep")) for side in SIDES}
    asked = {side: value for side, value in asked.items() if value != "keep"}
    if not asked:
        return Plan()
    who = f"{state.device} ({state.driver})"
    if state.channels is None or state.driver in _FIXED_DRIVERS:
        return Plan(unsupported=(f"{who}: the driver cannot change the number of its queues",), lacking=tuple(asked))
    current = {side: state.channels[side] for side in SIDES}
    wanted = dict(current)
    unsupported, notes, lacking = [], [], []
    for side, value in asked.items():
        most = state.channels[side + "_max"]
        if not most:
            unsupported.append(f"{who}: the driver has no {side} channels, it has {_kinds(state.channels)}")
            lacking.append(side)
            continue
        number = state.cores if value == "auto" else int(value)
        if number > most and value != "auto":
            unsupported.append(f"{who}: {number} {side} channels asked, clamped to the driver's maximum of {most}")
        elif number > most:
            notes.append(f"{who}: {most} {side} channels for {state.cores} cores near it, the driver has no more")
        wanted[side] = min(number, most)
    if wanted == current:
        return Plan((), tuple(unsupported), (), (), tuple(notes), tuple(lacking))
    obstacles = _obstacles(state, wanted["combined"] + wanted["rx"], who)
    if obstacles and not request.get("force"):
        return Plan((), tuple(unsupported), tuple(obstacles), (), tuple(notes))
    target = Target(state.device, "")
    changes = [Change("channels", target, current, wanted)]
    if state.table is not None and highest(state.table) >= wanted["combined"] + wanted["rx"]:
        changes.insert(0, Change("indirection", target, state.table, "default"))
    return Plan(tuple(changes), tuple(unsupported), (), tuple(obstacles), tuple(notes))


def _kinds(channels: Mapping[str, int]) -> str:
    return " and ".join(side for side in SIDES if channels[side + "_max"]) or "none that can be set"


def _obstacles(state: ChannelState, queues: int, who: str) -> list[str]:
    """Return why the number of receive queues should not become ``queues``."""
    found = []
    if state.xdp is not None:
        found.append(f"{who}: an XDP program is attached ({state.xdp}), which counts on the queues that there are")
    if state.af_xdp:
        bound = ", ".join(str(queue) for queue in sorted(set(state.af_xdp)))
        found.append(f"{who}: an AF_XDP socket is bound to queue {bound}")
    if state.table is not None and highest(state.table) >= queues:
        found.append(
            f"{who}: an indirection table that somebody set leads to queue {highest(state.table)},"
            f" with {queues} queues the last would be {queues - 1}"
        )
    return found
