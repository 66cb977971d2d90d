# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which CPU takes which interrupt of a NIC.

A combined interrupt follows its receive queue; one that serves a transmit queue alone goes to the CPU of the receive
queue of that number, so that a flow's packets and the completions of its replies meet in one cache. Interrupts that
serve no queue (link changes, management) are left where they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import format_cpulist, parse_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.cpu_request import (
    CpuRequestError,
    allowed_of,
    housekeeping_of,
    per_queue,
    unknown_cpus,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.irqbalance_ban import BanState, plan_ban
from ansible_collections.rxpath.linux.plugins.module_utils._plan.placement import placement
from ansible_collections.rxpath.linux.plugins.module_utils._plan.topology import Cpus, Topology

# Drivers whose interrupts move with the next one that comes, not with the write.
_LAZY = ("virtio_net", "vmxnet3")
_POLICIES = ("auto", "explicit", "keep")


class Interrupt(NamedTuple):
    """``serves``: the queues, "rx-3 tx-3". ``asked`` and ``effective`` are CPU lists; ``settable``: may be written."""

    serves: str
    asked: str | None
    effective: str | None = None
    settable: bool = True


class IrqState(NamedTuple):
    """``queues`` receive queues are in use; ``interrupts`` serve queues, be they in use or not."""

    interface: str
    driver: str | None
    node: int
    queues: int
    interrupts: tuple[Interrupt, ...]
    topology: Topology
    ban: BanState = BanState()
    warnings: tuple[str, ...] = ()


def check_irq_affinity(request: Mapping[str, Any]) -> None:
    """Raise CpuRequestError for a request that can be made to no device."""
    policy = request.get("policy", "auto")
    if policy not in _POLICIES:
        raise CpuRequestError(f"policy: {policy!r} is none of {', '.join(_POLICIES)}")
    per_queue("queues", request.get("queues") or {})
    housekeeping_of(request)
    allowed_of(request)


def plan_irq_affinity(request: Mapping[str, Any], state: IrqState) -> Plan:
    """Return the plan of a request: ``policy`` auto, explicit (with ``queues``) or keep. Raises CpuRequestError."""
    policy = request.get("policy", "auto")
    who = f"{state.interface} ({state.driver or 'no driver'})"
    if policy == "keep":
        return Plan(notes=(f"{state.interface}: interrupts kept where they are",))
    if not state.interrupts:
        return Plan(unsupported=(f"{who}: {_why_none(state)}",))
    unsupported: list[str] = []
    refused: list[str] = []
    notes: list[str] = []
    if policy == "explicit":
        wanted = _explicit(request, state, unsupported, refused, notes)
    else:
        wanted = _automatic(request, state, refused, notes)
    changes: list[Change] = []
    for interrupt in _with_planned(state, wanted):
        cpus = wanted.get(queue_of(interrupt.serves))
        if cpus is None:
            continue
        if not interrupt.settable:
            unsupported.append(f"{who}: the kernel manages the interrupt of {interrupt.serves}; it cannot be moved")
        elif interrupt.asked is None or _online(state, interrupt.asked) != cpus:
            target = Target(state.interface, interrupt.serves)
            changes.append(Change("irq", target, interrupt.asked, format_cpulist(cpus)))
    if changes and state.driver in _LAZY:
        notes.append(f"{who}: an interrupt moves to its new CPU when it next comes")
    ban = plan_ban(state.interface, state.ban) if wanted else Plan()
    return Plan(
        changes=ban.changes + tuple(changes),
        unsupported=tuple(unsupported),
        refused=tuple(refused),
        warnings=state.warnings + ban.warnings,
        notes=tuple(notes) + ban.notes,
    )


def queue_of(serves: str) -> int:
    """Return the queue whose CPU an interrupt takes: its receive queue, else its transmit queue."""
    words = [word.partition("-") for word in serves.split()]
    return min((kind != "rx", int(number)) for kind, _dash, number in words)[1]


def _automatic(request: Mapping[str, Any], state: IrqState, refused: list[str], notes: list[str]) -> dict[int, Cpus]:
    queues = int(request.get("channels") or state.queues)
    placed = placement(
        state.topology,
        queues,
        state.node,
        housekeeping=housekeeping_of(request),
        allowed=allowed_of(request),
        skip=int(request.get("skip") or 0),
    )
    if not placed.cpus:
        refused.append(f"{state.interface}: no CPU may take its interrupts: {'; '.join(placed.notes)}")
        return {}
    notes += [f"{state.interface}: {note}" for note in placed.notes]
    return {queue: frozenset({cpu}) for queue, cpu in enumerate(placed.cpus)}


def _explicit(
    request: Mapping[str, Any], state: IrqState, unsupported: list[str], refused: list[str], notes: list[str]
) -> dict[int, Cpus]:
    """Return the CPUs as named, isolated ones too. The kernel refuses a list of which no CPU is online."""
    named = per_queue("queues", request.get("queues") or {})
    served = {queue_of(interrupt.serves) for interrupt in state.interrupts}
    served.update(range(int(request.get("channels") or 0)))
    wanted = {}
    for queue, cpus in sorted(named.items()):
        missing = unknown_cpus(state.topology, cpus)
        if queue not in served:
            unsupported.append(f"{state.interface}: no interrupt serves queue {queue}")
        elif not cpus & state.topology.online:
            refused.append(f"{state.interface}: no CPU for queue {queue} is online (asked: {missing or 'none'})")
        elif missing:
            notes.append(f"{state.interface}: CPUs {missing} for queue {queue} are not online and are left out")
            wanted[queue] = cpus & state.topology.online
        else:
            wanted[queue] = cpus
    return wanted


def _with_planned(state: IrqState, wanted: Mapping[int, Cpus]) -> Iterable[Interrupt]:
    """Return the interrupts, and those that a channel change before this is going to make, in order of queue.

    Which of them serve one queue and which two is taken from those that there are.
    """
    known = {queue_of(interrupt.serves) for interrupt in state.interrupts}
    forms = {" ".join(word.partition("-")[0] for word in interrupt.serves.split()) for interrupt in state.interrupts}
    planned = [
        Interrupt(" ".join(f"{kind}-{queue}" for kind in form.split()), None)
        for queue in wanted
        if queue not in known
        for form in forms
    ]
    return sorted([*state.interrupts, *planned], key=lambda item: (queue_of(item.serves), item.serves))


def _online(state: IrqState, asked: str) -> Cpus:
    """Return the CPUs of a list as far as they run: an offline one may stand in it and takes nothing."""
    return frozenset(parse_cpulist(asked)) & state.topology.online


def _why_none(state: IrqState) -> str:
    if state.driver == "hv_netvsc":
        return "a VMBus device has channels, not interrupts of its own; its hypervisor's driver places them"
    return "no interrupt of it is known to serve a queue"
