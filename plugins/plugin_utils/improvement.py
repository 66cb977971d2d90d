# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Change on a host what its findings say can help: planned here, refused or predicted there, made in the running state.

Nothing is kept for boot until a second window has shown that it helped (proof.py). What is made is the open session of
the host's record, so that whatever becomes of this run, the next one can take it back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.rxpath.linux.plugins.module_utils._plan.targeted import knobs_of, targeted
from ansible_collections.rxpath.linux.plugins.plugin_utils.restarting import Run, name_of, restart, why_not

# By this a run recognises what another one of its kind has left.
HOLDER = "the audit"
_PERSISTENT = ("file", "boot")
_GUARDED = ("nic_ring", "nic_channels")
_OF_OURS = "rxpath.linux."

Row = dict[str, Any]


class Limits(NamedTuple):
    """What a site allows: rounds, restarts, and how long a host may be held or stay away."""

    max_rounds: int
    restart_services: tuple[str, ...]
    confirm_timeout: int
    lease_seconds: int


def recover(run: Run, *, check: bool) -> dict[str, Any]:
    """Take back what an audit left that was killed. Returns {"busy": why the host must be left alone or "", "rows"}."""
    told = run(f"{_OF_OURS}tuning_session", {"state": "reported"})
    if told.get("failed"):
        return {"busy": str(told.get("msg")), "rows": []}
    held, interrupted = told.get("held"), told.get("interrupted")
    if held:
        until = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(float(held["until"])))
        return {"busy": f"{held['holder']} is changing this host, until {until} at the latest", "rows": []}
    if not interrupted:
        return {"busy": "", "rows": []}
    if not str(interrupted["holder"]).startswith(HOLDER):
        return {"busy": str(interrupted["message"]), "rows": []}
    if check:
        return {"busy": f"{interrupted['holder']} was not finished: it would be taken back first", "rows": []}
    undone = run(f"{_OF_OURS}tuning_rollback", {"unfinished": True})
    if undone.get("failed"):
        return {"busy": str(undone.get("msg")), "rows": []}
    why = f"{interrupted['holder']} was not finished: what it had changed was taken back before the first window"
    # The record knows the way back; people want to read the way there.
    rows = [
        _row(0, change["knob"], change["target"], change["to"], change["from"], why, [])
        for change in undone.get("changes") or ()
        if change["knob"] not in _PERSISTENT
    ]
    return {"busy": "", "rows": rows}


def make(
    run: Run, entry: Mapping[str, Any], tried: Sequence[Mapping[str, Any]], number: int, limits: Limits, holder: str
) -> dict[str, Any]:
    """Change what can help. Returns {"outcome", "reason", "left", "lease", "steps"}.

    ``outcome``: "nothing" to do, "made", "refused" (the host is another's), "lost" (it was not reached any more, in the
    midst). A step is one of ``targeted``, with "rows" (what changed), "restarted" (rows) and "failed" (a reason or "").
    """
    plan = _planned(run, entry, tried, limits)
    if plan["reason"] or not plan["steps"]:
        return {**plan, "outcome": "refused" if plan["reason"] else "nothing", "lease": None}
    begun = run(
        f"{_OF_OURS}tuning_session",
        {"state": "begun", "holder": f"{HOLDER} {holder}", "lease_seconds": limits.lease_seconds},
    )
    if begun.get("failed"):
        return {**plan, "outcome": "refused", "reason": str(begun.get("msg")), "lease": None, "steps": []}
    made: list[dict[str, Any]] = []
    done: dict[str, str] = {}
    result = {**plan, "outcome": "made", "lease": begun["lease"], "steps": made}
    try:
        for step in plan["steps"]:
            made.append({**step, "rows": [], "restarted": [], "failed": ""})
            _carry_out(run, made[-1], number, begun["lease"], limits)
        for step in made:
            if not step["failed"]:
                step["restarted"] = restart(run, step["restarts"], limits.restart_services, done)
    except (AnsibleConnectionFailure, KeyError, TypeError) as error:
        # What was being made when the host was lost may be in force: it is told as if it were.
        if made and not made[-1]["rows"]:
            made[-1]["rows"] = _expected(made[-1], number)
        return {**result, "outcome": "lost", "reason": " ".join(str(error).split())}
    return result


def predicted(
    run: Run, entry: Mapping[str, Any], tried: Sequence[Mapping[str, Any]], number: int, limits: Limits
) -> dict[str, Any]:
    """Return what ``make`` would do: {"outcome", "reason", "left", "rows"}; "planned", or "refused" with a reason."""
    plan = _planned(run, entry, tried, limits)
    rows = [{**row, "planned": True} for step in plan["steps"] for row in _expected(step, number)]
    outcome = "refused" if plan["reason"] else "planned"
    return {"outcome": outcome, "reason": plan["reason"], "left": plan["left"], "rows": rows, "steps": []}


def _planned(run: Run, entry: Mapping[str, Any], tried: Sequence[Mapping[str, Any]], limits: Limits) -> dict[str, Any]:
    """Return the steps that would change something on the host, and those that are but a restart that is allowed."""
    plan = targeted(entry, tried)
    steps, left, reason = list(plan["steps"]), list(plan["left"]), ""
    if steps:
        told = run(
            f"{_OF_OURS}tuning_plan",
            {
                "variables": {"force": False, "strict": False, "persist_only": False},
                "requests": [step["request"] for step in steps],
            },
        )
        if told.get("failed"):
            reason = str(told.get("msg") or "the host could not plan")
            steps = []
        else:
            left += [*told["refused"], *told["unsupported"]]
            changes = {knob: request["changes"] for request in told["requests"] for knob in knobs_of(request)}
            for step in steps:
                step["expected"] = [
                    {**_row(0, row["knob"], row["target"], row["from"], row["to"], step["why"], step["restarts"]),
                     "findings": _findings(step)}
                    for row in changes.get(knobs_of(step["request"])[0], ())
                    if row["knob"] not in _PERSISTENT
                ]  # fmt: skip
            steps = [step for step in steps if step["expected"]]
    # A process that already runs under a new setting's rule but was started before it.
    again: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in plan["restarts"]:
        why = why_not(row, limits.restart_services)
        if why:
            left.append(f"{row.get('process') or 'the process'} needs a restart ({row.get('why')}): {why}")
        else:
            again.setdefault((row["key"], name_of(row)), []).append(row)
    steps += [_restart_step(rows) for rows in again.values()]
    return {"steps": steps, "left": left, "reason": reason}


def _restart_step(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    row = rows[0]
    return {
        "keys": [row["key"]],
        "finding": str(row["key"]).partition("|")[0],
        "request": None,
        "what": f"restart {name_of(row)}",
        "why": str(row.get("why") or ""),
        "restarts": [{name: each.get(name) for name in ("process", "pid", "unit", "container")} for each in rows],
        "fill_seconds": float(row.get("fill_seconds") or 0.0),
        "expected": [],
    }


def _carry_out(run: Run, step: dict[str, Any], number: int, lease: str, limits: Limits) -> None:
    """Make one step in the running state and write down in it what changed."""
    if step["request"] is None:
        step["rows"] = _expected(step, number)
        return
    result = run(*module_call(step["request"], {"scope": "running", "lease": lease}, limits))
    if result.get("failed"):
        step["failed"] = str(result.get("msg") or "it failed without a message")
        step["rows"] = [{**row, "why": step["failed"]} for row in _expected(step, number)]
        return
    got = {(row["knob"], row["target"]): row["value"] for row in result.get("applied") or ()}
    for change in result.get("changes") or ():
        to = got.get((change["knob"], change["target"]), change["to"])
        row = _row(number, change["knob"], change["target"], change["from"], to, step["why"], step["restarts"])
        step["rows"].append({**row, "findings": _findings(step)})
    if not step["rows"]:
        said = [*(result.get("unsupported") or ()), *(result.get("refused") or ())]
        step["failed"] = "; ".join(said) or "nothing came of it"
        step["rows"] = [{**row, "why": step["failed"]} for row in _expected(step, number)]


def module_call(request: Mapping[str, Any], how: Mapping[str, Any], limits: Limits) -> tuple[str, dict[str, Any]]:
    """Return name and arguments of the module that carries out a request."""
    family = str(request["family"])
    arguments = {name: value for name, value in request.items() if name != "family"}
    if family in _GUARDED:
        arguments["confirm_timeout"] = limits.confirm_timeout
    return _OF_OURS + family, {**arguments, **how}


def _expected(step: Mapping[str, Any], number: int) -> list[Row]:
    """Return what a step is to change, as rows; a restart alone is one as well."""
    if step["request"] is not None:
        return [{**row, "round": number} for row in step["expected"]]
    row = _row(number, step["what"], "", None, None, step["why"], step["restarts"])
    return [{**row, "findings": _findings(step)}]


def _findings(step: Mapping[str, Any]) -> list[str]:
    return list(dict.fromkeys(str(key).partition("|")[0] for key in step["keys"]))


def _row(
    number: int, knob: str, target: str, now: Any, wanted: Any, why: str, restarts: Sequence[Mapping[str, Any]]
) -> Row:
    """Return a change as the report has it; "knob" and "target" are what it is taken back by."""
    return {
        "what": target if knob == "sysctl" else f"{knob} {target}".strip(),
        "knob": knob,
        "target": target,
        "from": now,
        "to": wanted,
        "kept": False,
        "why": why,
        "round": number,
        "findings": [],
        "comparison": None,
        "restart": [dict(row) for row in restarts],
    }
