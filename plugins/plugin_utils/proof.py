# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a second window shows of the changes before it: what helped is made to last, the rest is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.rxpath.linux.plugins.plugin_utils.improvement import Limits, module_call
from ansible_collections.rxpath.linux.plugins.plugin_utils.restarting import Run

IMPROVED, WORSE = "improved", "worse"
_SESSION = "rxpath.linux.tuning_session"
_ROLLBACK = "rxpath.linux.tuning_rollback"

Step = Mapping[str, Any]
Row = dict[str, Any]


def judge(steps: Sequence[Step], compared: Sequence[Mapping[str, Any]], blind: str = "") -> list[list[Row]]:
    """Return the rows of each step with "kept", "why" and the comparison that decided it.

    ``blind`` says why there is no second window; then nothing is proved, and nothing stays.
    """
    by_key = {row["key"]: row for row in compared}
    told = []
    for step in steps:
        found = [by_key[key] for key in step["keys"] if key in by_key]
        kept, why, shown = _decide(step, found, blind)
        told.append(
            [{**row, "kept": kept, "why": why, "comparison": shown, "restart": _restarts(step)} for row in step["rows"]]
        )
    return told


def _decide(step: Step, found: Sequence[Mapping[str, Any]], blind: str) -> tuple[bool, str, Mapping[str, Any] | None]:
    """Return whether a step stays, why, and the comparison to show."""
    best = next((row for row in found if row["verdict"] == IMPROVED), found[0] if found else None)
    worst = next((row for row in found if row["verdict"] == WORSE), None)
    if step["failed"]:
        return False, f"it could not be made: {step['failed']}", None
    if blind:
        return False, f"not proved, so it was taken back: {blind}", None
    waiting = [row for row in step["restarted"] if not row["restarted"]]
    if worst is not None:
        return False, str(worst["why"]), worst
    if best is not None and best["verdict"] == IMPROVED:
        return True, str(best["why"]), best
    if waiting:
        names = ", ".join(dict.fromkeys(_name(row) for row in waiting))
        return True, f"it takes effect when {names} is restarted, and is not proved before ({waiting[0]['why']})", best
    if best is None:
        return False, "no finding shows what it did, so it was taken back", None
    return False, str(best["why"]), best


def settle(
    run: Run, steps: Sequence[Step], told: Sequence[list[Row]], lease: str, limits: Limits
) -> tuple[list[Row], str]:
    """Make last what stays, take back the rest, and close the run on the host. Returns the rows and what went wrong.

    A host that is lost in the midst keeps the open session of its record: the next run takes it back.
    """
    rows = [dict(row) for group in told for row in group]
    wrong = ""
    try:
        _make_last(run, steps, told, lease, limits, rows)
        back = [row for row in rows if not row["kept"] and row["from"] != row["to"]]
        if back:
            only = [{"knob": row["knob"], "target": row["target"]} for row in back]
            undone = run(_ROLLBACK, {"unfinished": True, "changes": only, "lease": lease})
            if undone.get("failed"):
                wrong = f"not everything could be taken back: {undone.get('msg')}"
        done = run(_SESSION, {"state": "finished", "lease": lease, "completed": not wrong})
        if done.get("failed"):
            wrong = wrong or str(done.get("msg"))
    except AnsibleConnectionFailure as error:
        wrong = f"the host was lost before its changes were settled: {' '.join(str(error).split())}"
    return rows, wrong


def _make_last(
    run: Run, steps: Sequence[Step], told: Sequence[list[Row]], lease: str, limits: Limits, rows: list[Row]
) -> None:
    """Write the steps that stay for the next boot; what cannot be written does not stay."""
    for step, group in zip(steps, told):
        if step["request"] is None or not any(row["kept"] for row in group):
            continue
        result = run(*module_call(step["request"], {"scope": "both", "lease": lease}, limits))
        if result.get("failed"):
            places = {(row["knob"], row["target"]) for row in group}
            for row in rows:
                if (row["knob"], row["target"]) in places:
                    row["kept"] = False
                    row["why"] = f"it could not be kept over a reboot, so it was taken back: {result.get('msg')}"


def _restarts(step: Step) -> list[dict[str, Any]]:
    return [dict(row) for row in step["restarted"] or step["restarts"]]


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("unit") or row.get("process") or "the process")
