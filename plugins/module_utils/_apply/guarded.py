# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A request that may cut the link, carried out under a guard, and confirmed: what lies between modules and guard.

What is kept for boot is written after the confirmation: a host that is started anew before it comes up as it was.
"""

from __future__ import annotations

from typing import Any, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._apply import guard
from ansible_collections.rxpath.linux.plugins.module_utils._apply.armed import Record
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import insist, predict, result_of, tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.device import device_key
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.families import family as find_family
from ansible_collections.rxpath.linux.plugins.module_utils._apply.family import Request
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs import knob
from ansible_collections.rxpath.linux.plugins.module_utils._apply.take_back import (
    as_old_values,
    clock,
    sentence,
    settle,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Plan, Target


def begin(
    host: Host,
    request: Request,
    *,
    scope: str,
    lease: Optional[str],
    strict: bool,
    seconds: int,
    token: str,
) -> dict[str, Any]:
    """Carry out a request; what of it may cut the link is left to a guard, which is armed with ``token``.

    Returns what ``tune`` does, with {"guard": {"token", "deadline", "seconds"}} where a guard was armed: then as a
    prediction. Raises KnobError.
    """
    if seconds < guard.MIN_SECONDS:
        raise KnobError(
            "confirm_timeout: %d s leave no time to come back; give %d or more, or 0 to change without a guard"
            % (seconds, guard.MIN_SECONDS)
        )
    host.require_root()
    settle(host)
    plan = predict(host, request, scope=scope)
    if not any("running" in knob(change.knob).scopes for change in plan.changes):
        return tune(host, request, check=False, scope=scope, lease=lease, strict=strict)
    insist(plan, strict)
    # A program cannot be started through a module that has ended, and none is needed for a running value.
    away = Host(host.root)
    device = str(request["interface"])
    record = guard.arm(
        host,
        lambda: tune(away, request, check=False, scope="running", lease=lease, strict=strict),
        as_old_values(_old_values(host, request, plan)),
        seconds,
        about={
            "family": request["family"],
            "device": device,
            "key": device_key(host, device),
            "request": request,
            "scope": scope,
            "strict": strict,
        },
        token=token,
    )
    result = result_of(host, request, scope, plan, [])
    return {**result, "guard": {"token": token, "deadline": clock(record["deadline"]), "seconds": seconds}}


def _old_values(host: Host, request: Request, plan: Plan) -> list[tuple[str, Target, Any]]:
    """Return everything that the change may move, as it is now."""
    old = {
        (change.knob, change.target): change.current
        for change in reversed(plan.changes)
        if "running" in knob(change.knob).scopes
    }
    family = find_family(request["family"])
    for name, target in family.dependents(host, request["interface"]) if family.dependents else []:
        if (name, target) not in old:
            try:
                old[name, target] = knob(name).read(host, target)
            except KnobError:
                continue
    return [(name, target, value) for (name, target), value in old.items()]


def keep(host: Host, record: Record, lease: Optional[str]) -> dict[str, Any]:
    """Keep for boot what was confirmed; return what ``tune`` returns for both halves. Raises KnobError."""
    result: dict[str, Any] = record["result"]
    if record["scope"] == "running":
        return result
    try:
        kept = tune(host, record["request"], check=False, scope="boot", lease=lease)
    except KnobError as error:
        raise KnobError("%s, but is not kept for the next boot: %s" % (sentence(record), error)) from error
    return {
        **result,
        "changed": result["changed"] or kept["changed"],
        "changes": [*result["changes"], *kept["changes"]],
        "applied": [*result["applied"], *kept["applied"]],
        "warnings": [*result["warnings"], *kept["warnings"]],
        "diff": {side: result["diff"][side] + kept["diff"][side] for side in ("before", "after")},
        "boot": kept["boot"],
    }
