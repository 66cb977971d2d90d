# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""RPS, RFS and XPS of a device's queues: the CPUs to which software hands packets, and those that send through each.

Source: Documentation/networking/scaling.rst. Masks are compared after masking: the kernel drops offline CPUs from an
RPS or XPS mask, and isolated ones from an RPS mask (net/core/net-sysfs.c, rps_cpumask_housekeeping).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import format_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.cpu_request import (
    CpuRequestError,
    allowed_of,
    cpus_of,
    housekeeping_of,
    per_queue,
    unknown_cpus,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.placement import cpu_order
from ansible_collections.rxpath.linux.plugins.module_utils._plan.sending import senders
from ansible_collections.rxpath.linux.plugins.module_utils._plan.topology import Cpus, Topology

FLOW_ENTRIES = "net.core.rps_sock_flow_entries"
_WORDS = ("keep", "auto", "off")
# What scaling.rst gives for a moderately loaded server.
_AUTO_ENTRIES = 32768
# net/core/sysctl_net_core.c, rps_sock_flow_sysctl.
_MOST_ENTRIES = 1 << 29
_UNCONNECTED = (
    "{who}: RFS steers only flows of connected sockets. A UDP server that does not connect its socket, which is nearly "
    "every one, gains nothing by it (include/net/rps.h, sock_rps_record_flow)"
)


class SteeringState(NamedTuple):
    """How a device steers. ``rps`` and ``xps`` hold CPU lists, ``rfs`` entries, by queue; empty where there is none.

    ``interrupts`` are the CPUs that a queue's interrupt was pinned to, where it was. ``entries`` is
    net.core.rps_sock_flow_entries, None where this network namespace does not have it.
    """

    interface: str
    kind: str
    node: int
    topology: Topology
    rps: Mapping[int, str]
    rfs: Mapping[int, int]
    xps: Mapping[int, str]
    tx_queues: int
    interrupts: Mapping[int, Cpus]
    entries: int | None


class _Part(NamedTuple):
    """The wanted values of one knob by queue, and what there is to say of them."""

    wanted: Mapping[int, Any] = {}
    plan: Plan = Plan()


def check_packet_steering(request: Mapping[str, Any]) -> None:
    """Raise CpuRequestError for a request that can be made to no device."""
    asked = {name: _asked(request, name) for name in ("rps", "rfs", "xps")}
    named = {name: value for name, value in asked.items() if value not in _WORDS}
    if "rps" in named:
        cpus_of("rps", named["rps"])
    if "rfs" in named:
        _number(named["rfs"])
    if "xps" in named:
        per_queue("xps", [named["xps"]] if isinstance(named["xps"], str) else named["xps"])
    per_queue("interrupts", request.get("interrupts") or {})
    housekeeping_of(request)
    allowed_of(request)


def plan_packet_steering(request: Mapping[str, Any], state: SteeringState) -> Plan:
    """Return the plan of a request. Raises CpuRequestError for what is no list of CPUs."""
    queues = int(request.get("channels") or len(state.rps) or len(state.rfs))
    if request.get("interrupts"):
        state = state._replace(interrupts=per_queue("interrupts", request["interrupts"]))
    # An interrupt that was pinned to a CPU that has gone is served by another one.
    here = {queue: cpus & state.topology.online for queue, cpus in state.interrupts.items()}
    state = state._replace(interrupts={queue: cpus for queue, cpus in here.items() if cpus})
    rps = _rps(request, state, queues)
    on = any(rps.wanted.values()) if rps.wanted else any(state.rps.values())
    rfs = _rfs(request, state, queues, on)
    xps = _xps(request, state)
    changes = [
        *rfs.plan.changes,
        *_changes("rps", "rx", rps.wanted, state.rps, state, ""),
        *_changes("rfs", "rx", rfs.wanted, state.rfs, state, 0),
        *_changes("xps", "tx", xps.wanted, state.xps, state, None),
    ]
    warnings = list(rps.plan.warnings)
    if any(change.knob == "rfs" and change.wanted for change in changes):
        warnings.append(_UNCONNECTED.format(who=state.interface))
    parts = (rps.plan, rfs.plan, xps.plan)
    return Plan(
        changes=tuple(changes),
        unsupported=tuple(text for part in parts for text in part.unsupported),
        refused=tuple(text for part in parts for text in part.refused),
        warnings=tuple(warnings),
        notes=tuple(text for part in parts for text in part.notes),
    )


def power_of_two(number: int) -> int:
    """Return the next power of two, which is what the kernel makes of a number of flow entries."""
    return 1 << max(0, number - 1).bit_length() if number > 0 else 0


def _changes(
    knob: str, kind: str, wanted: Mapping[int, Any], now: Mapping[int, Any], state: SteeringState, new: Any
) -> list[Change]:
    """Return the changes of a knob. ``new`` is what a queue has that a channel change before this makes."""
    return [
        Change(knob, Target(state.interface, f"{kind}-{queue}"), now.get(queue, new), value)
        for queue, value in sorted(wanted.items())
        if now.get(queue, new) != value
    ]


def _asked(request: Mapping[str, Any], name: str) -> Any:
    """Return what is asked of a knob. YAML makes a boolean of an unquoted off, and a parameter's type text of that."""
    value = request.get(name, "keep")
    return "off" if value is False or value in ("False", "false") else value


def _rps(request: Mapping[str, Any], state: SteeringState, queues: int) -> _Part:
    asked = _asked(request, "rps")
    who = state.interface
    if asked == "keep":
        return _Part()
    if not state.rps:
        return _Part(plan=Plan(unsupported=(f"{who}: RPS: the kernel was built without it",)))
    if asked == "off":
        return _Part(dict.fromkeys(range(queues), ""))
    order = cpu_order(state.topology, state.node, housekeeping=housekeeping_of(request), allowed=allowed_of(request))
    cores = frozenset(order.cpus[: order.cores])
    if asked == "auto":
        if len(cores) <= queues:
            note = f"{who}: RPS off: {queues} receive queues for {len(cores)} cores are enough; it would only add a hop"
            return _Part(dict.fromkeys(range(queues), ""), Plan(notes=(note,)))
        return _Part({queue: format_cpulist(_rest(state, cores, queues, queue)) for queue in range(queues)})
    return _named_rps(state, queues, cpus_of("rps", asked), len(cores))


def _rest(state: SteeringState, cores: Cpus, queues: int, queue: int) -> Cpus:
    """Return the CPUs that a queue's packets are handed to: the local cores that do not work for an interrupt already.

    scaling.rst: at a high interrupt rate it may be wise to leave the interrupting CPU out, since it does much of the
    work. That holds for the interrupting CPUs of the other queues as well, as long as there is a core left for each
    queue; where there is not, only the queue's own is left out.
    """

    def busy(numbers: Any) -> Cpus:
        return frozenset(
            thread
            for number in numbers
            for cpu in state.interrupts.get(number, ())
            for thread in state.topology.core_of(cpu)
        )

    rest = cores - busy(range(queues))
    if len(rest) >= queues:
        return rest
    return cores - busy([queue]) or cores


def _named_rps(state: SteeringState, queues: int, named: Cpus, cores: int) -> _Part:
    """Return an administrator's own CPUs, less those that the kernel would drop."""
    who = state.interface
    notes = []
    missing = unknown_cpus(state.topology, named)
    isolated = named & state.topology.isolated
    if missing:
        notes.append(f"{who}: RPS: CPUs {missing} are not online and are left out")
    if isolated:
        notes.append(f"{who}: RPS: CPUs {format_cpulist(isolated)} are isolated, and the kernel leaves them out")
    taken = named & state.topology.online - state.topology.isolated
    if not taken:
        return _Part(plan=Plan(refused=(f"{who}: RPS: no CPU of {format_cpulist(named) or 'none'} may be used",)))
    warnings: tuple[str, ...] = ()
    if state.kind == "nic" and queues >= cores > 1:
        warnings = (f"{who}: RPS on a NIC of {queues} queues for {cores} cores adds a hop and its losses, no core",)
    return _Part(dict.fromkeys(range(queues), format_cpulist(taken)), Plan(warnings=warnings, notes=tuple(notes)))


def _rfs(request: Mapping[str, Any], state: SteeringState, queues: int, rps: bool) -> _Part:
    asked = _asked(request, "rfs")
    who = state.interface
    if asked == "keep":
        return _Part()
    if not state.rfs:
        return _Part(plan=Plan(unsupported=(f"{who}: RFS: the kernel was built without it",)))
    notes = []
    if asked == "auto" and not rps:
        notes.append(f"{who}: RFS off: it would move packets between CPUs on a device that needs no RPS")
    if asked == "off" or notes:
        return _Part(dict.fromkeys(range(queues), 0), Plan(notes=tuple(notes)))
    entries = _AUTO_ENTRIES if asked == "auto" else _number(asked)
    total = power_of_two(entries)
    # scaling.rst: a queue's share of all entries.
    each = power_of_two(entries // queues) or 1
    if total != entries:
        notes.append(f"{who}: RFS: the kernel makes {total} of {entries} entries, and {each} for each queue")
    plan = Plan(notes=tuple(notes))
    if state.entries is None:
        missing = f"{FLOW_ENTRIES} is not in this network namespace; RFS works only where the host sets it"
        plan = plan._replace(unsupported=(f"{who}: {missing}",))
    elif state.entries < total:
        change = Change("sysctl", Target("", FLOW_ENTRIES), str(state.entries), str(total))
        plan = plan._replace(changes=(change,))
    return _Part(dict.fromkeys(range(queues), each), plan)


def _number(asked: Any) -> int:
    if isinstance(asked, bool) or not str(asked).isdecimal() or not 0 < int(asked) <= _MOST_ENTRIES:
        raise CpuRequestError(f"rfs: {asked!r} is not auto, off, keep or a number from 1 to {_MOST_ENTRIES}")
    return int(asked)


def _xps(request: Mapping[str, Any], state: SteeringState) -> _Part:
    asked = _asked(request, "xps")
    who = state.interface
    if asked == "keep":
        return _Part()
    queues = int(request.get("channels") or state.tx_queues)
    if queues < 2 or not state.xps:
        why = "it has one transmit queue" if queues < 2 else "the kernel was built without it"
        return _Part(plan=Plan(unsupported=(f"{who}: XPS: {why}",)))
    if asked == "off":
        return _Part(dict.fromkeys(range(queues), ""))
    if asked == "auto":
        order = cpu_order(state.topology, state.node)
        sets = senders(state.topology, order.cpus, [state.interrupts.get(queue) for queue in range(queues)])
        return _Part({queue: format_cpulist(cpus) for queue, cpus in enumerate(sets)})
    if isinstance(asked, str):
        asked = [asked] * queues
    wanted, unsupported, refused, notes = {}, [], [], []
    for queue, cpus in sorted(per_queue("xps", asked).items()):
        missing = unknown_cpus(state.topology, cpus)
        if queue >= queues:
            unsupported.append(f"{who}: XPS: there is no transmit queue {queue}")
        elif cpus and not cpus & state.topology.online:
            refused.append(f"{who}: XPS: no CPU for queue {queue} is online (asked: {missing})")
        else:
            wanted[queue] = format_cpulist(cpus & state.topology.online)
            if missing:
                notes.append(f"{who}: XPS: CPUs {missing} for queue {queue} are not online and are left out")
    plan = Plan(unsupported=tuple(unsupported), refused=tuple(refused), notes=tuple(notes))
    return _Part(wanted, plan)
