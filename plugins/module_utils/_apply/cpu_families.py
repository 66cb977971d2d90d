# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The families that decide which CPU does the work of receiving: interrupts, and software steering."""

from __future__ import annotations

from typing import Any, Callable

from ansible_collections.rxpath.linux.plugins.module_utils._apply.device import require_interface
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.family import Family, Request
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.interrupts import queue_interrupts
from ansible_collections.rxpath.linux.plugins.module_utils._apply.irqbalance import read_ban_state
from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import parse_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._facts.cpus import cpu_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.hardware import link_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.queues import queue_values
from ansible_collections.rxpath.linux.plugins.module_utils._facts.services import tuned_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.stacking import below, kind_of
from ansible_collections.rxpath.linux.plugins.module_utils._plan.cpu_request import CpuRequestError
from ansible_collections.rxpath.linux.plugins.module_utils._plan.irq_affinity import (
    Interrupt,
    IrqState,
    check_irq_affinity,
    plan_irq_affinity,
    queue_of,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.packet_steering import (
    FLOW_ENTRIES,
    SteeringState,
    check_packet_steering,
    plan_packet_steering,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.topology import Cpus, topology_of

# Profiles of tuned that take interrupts off the CPUs that they isolate, each time they are applied.
_TUNED_PROFILES = ("cpu-partitioning", "realtime")


def read_irqs(host: Host, request: Request) -> IrqState:
    """Return what a plan of irq_affinity has to know. Raises KnobError."""
    device = _device(host, request)
    reader = host.reader()
    kind = kind_of(reader, device)
    if kind != "nic":
        others = ", ".join(below(reader, device)) or "none"
        raise KnobError(f"{device} ({kind}) has no interrupts; the devices below it: {others}")
    link = link_facts(reader, device)
    topology = topology_of(cpu_facts(reader))
    profile = (tuned_facts(reader)["profile"] or "").split("-virtual")[0]
    warnings: tuple[str, ...] = ()
    if profile.startswith(_TUNED_PROFILES):
        warnings = (f"tuned's profile {profile} places interrupts too; what was set last holds",)
    return IrqState(
        interface=device,
        driver=link.get("driver"),
        node=_node(link),
        queues=len(queue_values(reader, device).rps),
        interrupts=tuple(queue_interrupts(host, device)),
        topology=topology,
        ban=read_ban_state(host, device),
        warnings=warnings,
    )


def read_steering(host: Host, request: Request) -> SteeringState:
    """Return what a plan of packet_steering has to know. Raises KnobError."""
    device = _device(host, request)
    reader = host.reader()
    kind = kind_of(reader, device)
    values = queue_values(reader, device)
    return SteeringState(
        interface=device,
        kind=kind,
        node=_node(link_facts(reader, device)),
        topology=topology_of(cpu_facts(reader)),
        rps={queue: value for queue, value in values.rps.items() if value is not None},
        rfs={queue: value for queue, value in values.rfs.items() if value is not None},
        xps={queue: value for queue, value in values.xps.items() if value is not None},
        tx_queues=len(values.xps),
        interrupts=pinned(queue_interrupts(host, device)) if kind == "nic" else {},
        entries=reader.number("/proc/sys/" + FLOW_ENTRIES.replace(".", "/")),
    )


def pinned(interrupts: list[Interrupt]) -> dict[int, Cpus]:
    """Return the CPU of each queue whose interrupt was given just one; others wander, and nothing is built on them."""
    found: dict[int, Cpus] = {}
    for interrupt in interrupts:
        cpus = frozenset(parse_cpulist(interrupt.asked or ""))
        if len(cpus) == 1:
            found.setdefault(queue_of(interrupt.serves), cpus)
    return found


def _device(host: Host, request: Request) -> str:
    device = str(request["interface"])
    require_interface(host, device)
    return device


def _node(link: dict[str, Any]) -> int:
    node = link.get("numa_node")
    return -1 if node is None else int(node)


def _check(check: Callable[[Request], None]) -> Callable[[Request], None]:
    """Return the check of a request, with KnobError for what is no list of CPUs."""

    def checked(request: Request) -> None:
        try:
            check(request)
        except CpuRequestError as error:
            raise KnobError(str(error)) from error

    return checked


IRQ_AFFINITY = Family(
    "irq_affinity",
    read_irqs,
    plan_irq_affinity,
    transient=("channels", "earlier"),
    contested=True,
    check=_check(check_irq_affinity),
)
PACKET_STEERING = Family(
    "packet_steering",
    read_steering,
    plan_packet_steering,
    transient=("channels", "interrupts", "earlier"),
    check=_check(check_packet_steering),
)
CPU_FAMILIES = (IRQ_AFFINITY, PACKET_STEERING)
