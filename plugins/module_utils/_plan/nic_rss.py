# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How a NIC spreads what it receives over its queues: the indirection table and the hash fields of UDP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.spread import (
    DEFAULT,
    Spread,
    is_even,
    named,
    repeated,
    weighted,
)

FLOWS = ("udp4", "udp6")
FIELDS = ("sd", "sdfn")
TABLES = ("indirection", "weights", "table")
# What "indirection" asks for.
RULES = ("equal", "default")
# These show their fields and have no operation to change them.
_FIXED_FIELDS = ("e1000e",)
_FRAGMENTS = (
    "fragments of a UDP datagram carry no ports, so that with {fields} they may reach another queue than whole"
    " datagrams of the same flow and be reordered"
)


class RssState(NamedTuple):
    """What the driver tells: its table (None: it has none), the queues that it leads to, the hash fields by flow."""

    device: str
    driver: str
    table: Optional[Spread]
    size: int
    queues: int
    fields: Mapping[str, Optional[str]]


def plan_rss(request: Mapping[str, Any], state: RssState) -> Plan:
    """Plan ``indirection`` ("keep", "equal", "default"), ``weights`` or ``table``, and ``udp4`` and ``udp6``."""
    plans = [*(_plan_fields(request, state, flow) for flow in FLOWS), _plan_table(request, state)]
    return Plan(
        tuple(change for plan in plans for change in plan.changes),
        tuple(text for plan in plans for text in plan.unsupported),
        tuple(text for plan in plans for text in plan.refused),
        tuple(text for plan in plans for text in plan.warnings),
        lacking=tuple(name for plan in plans for name in plan.lacking),
    )


def _plan_fields(request: Mapping[str, Any], state: RssState, flow: str) -> Plan:
    asked = str(request.get(flow, "keep"))
    current = state.fields.get(flow)
    if asked in ("keep", current):
        return Plan()
    who = f"{state.device} ({state.driver})"
    if current is None or state.driver in _FIXED_FIELDS:
        shown = "has none" if current is None else f"keeps {current!r}"
        unsupported = f"{who}: hash fields {asked} of {flow} cannot be set, the driver {shown}"
        return Plan(unsupported=(unsupported,), lacking=(flow,))
    warnings = (f"{who}: {flow}: " + _FRAGMENTS.format(fields=asked),) if "f" in asked else ()
    return Plan((Change("hash_fields", Target(state.device, flow), current, asked),), warnings=warnings)


def _plan_table(request: Mapping[str, Any], state: RssState) -> Plan:
    asked = str(request.get("indirection", "keep"))
    weights = [int(weight) for weight in request.get("weights") or ()]
    table = [int(queue) for queue in request.get("table") or ()]
    if asked == "keep" and not weights and not table:
        return Plan()
    who = f"{state.device} ({state.driver})"
    if state.table is None:
        return Plan(unsupported=(f"{who}: the driver has no indirection table",), lacking=TABLES)
    queues = int(request.get("channels") or state.queues)
    wanted: Spread = DEFAULT
    if weights or table:
        last = len(weights) - 1 if weights else max(table)
        if last >= queues:
            return Plan(
                refused=(f"{who}: queue {last} asked for, the last of {queues} receive queues is {queues - 1}",)
            )
        if sum(weights) > state.size:
            return Plan(refused=(f"{who}: weights add up to {sum(weights)}, the table has {state.size} slots",))
        slots = weighted(state.size, weights) if weights else repeated(state.size, table)
        wanted = named(slots, queues, state.driver)
    elif isinstance(state.table, str) or (asked == "equal" and is_even(state.table, queues)):
        return Plan()
    if wanted == state.table:
        return Plan()
    return Plan((Change("indirection", Target(state.device, ""), state.table, wanted),))
