# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a second window shows of the changes before it: what helped is made to last, the rest is taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.rxpath.linux.plugins.plugin_utils.improvement import Limits, module_call
from ansible_collections.rxpath.linux.plugins.plugin_utils.restarting import Run

IMPROVED, WORSE = "improved", "worse"
_SESSION = "rxpath.linux.tuning_session"
_ROLLBACK = "rxpath.linux.tuning_rollback"
# How a module says that this host makes nothing at boot.
_NOT_AT_BOOT = "not available"

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


def without_reopened(
    steps: Sequence[Step], before: Mapping[str, Any], after: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return the steps without the restarts of processes whose losing sockets are new ones by now.

    A socket that was opened after the change has what the change gave it: its loss is judged, nothing is waited for.
    """
    then, now = _sockets(before), _sockets(after)
    found = []
    for step in steps:
        rows = []
        for row in step["restarted"]:
            here = [socket for socket in now if socket.get("pid") == row.get("pid")]
            seen = {socket.get("inode") for socket in then if socket.get("pid") == row.get("pid")}
            old = [socket for socket in here if socket.get("inode") in seen and not socket.get("closed")]
            if row["restarted"] or not here or old:
                rows.append(row)
        found.append({**step, "restarted": rows, "restarts": rows})
    return found


def _sockets(entry: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [socket for finding in entry.get("findings") or () for socket in finding["sockets"]]


def waiting(steps: Sequence[Step], told: Sequence[Sequence[Mapping[str, Any]]]) -> str:
    """Return the sentence on the first process that must yet be restarted for what stays, or an empty string."""
    for step, group in zip(steps, told):
        pending = [row for row in step["restarted"] if not row["restarted"]]
        if pending and (step["request"] is None or any(row["kept"] for row in group)):
            return str(group[0]["why"]) if group else str(pending[0]["why"])
    return ""


def _decide(step: Step, found: Sequence[Mapping[str, Any]], blind: str) -> tuple[bool, str, Mapping[str, Any] | None]:
    """Return whether a step stays, why, and the comparison to show."""
    best = next((row for row in found if row["verdict"] == IMPROVED), found[0] if found else None)
    worst = next((row for row in found if row["verdict"] == WORSE), None)
    pending = [row for row in step["restarted"] if not row["restarted"]]
    names = ", ".join(dict.fromkeys(_name(row) for row in pending))
    if step["failed"]:
        return False, f"it could not be made: {step['failed']}", None
    if step["request"] is None:
        # What was restarted cannot be taken back.
        if pending:
            return False, f"{names} was not restarted ({pending[0]['why']})", best
        return True, str(best["why"]) if best else f"not proved: {blind or 'no finding shows what it did'}", best
    if blind:
        return False, f"not proved, so it was taken back: {blind}", None
    if worst is not None:
        return False, str(worst["why"]), worst
    if best is not None and best["verdict"] == IMPROVED:
        return True, str(best["why"]), best
    if pending:
        return True, f"it takes effect when {names} is restarted, and is not proved before ({pending[0]['why']})", best
    if best is None:
        return False, "no finding shows what it did, so it was taken back", None
    return False, str(best["why"]), best


class Settled(NamedTuple):
    """The rows as they ended, what went wrong (a sentence, or empty), and whether the host was lost on the way."""

    rows: list[Row]
    wrong: str
    lost: bool


def settle(run: Run, steps: Sequence[Step], told: Sequence[Sequence[Row]], lease: str, limits: Limits) -> Settled:
    """Make last what stays, take back the rest, and close the run on the host.

    A host that is lost in the midst keeps the open session of its record: the next run takes it back. Until then what
    may be in force is told as kept.
    """
    rows = [dict(row) for group in told for row in group]
    wrong, lost = "", False
    taken_back = False
    try:
        _make_last(run, steps, told, lease, limits, rows)
        back = _to_be_taken_back(rows)
        if back:
            only = [{"knob": row["knob"], "target": row["target"]} for row in back]
            undone = run(_ROLLBACK, {"unfinished": True, "changes": only, "lease": lease})
            if undone.get("failed"):
                wrong = f"not everything could be taken back: {undone.get('msg')}"
        taken_back = not wrong
        done = run(_SESSION, {"state": "finished", "lease": lease, "completed": not wrong})
        if done.get("failed"):
            wrong = wrong or f"the run could not be closed on the host: {done.get('msg')}"
    except AnsibleConnectionFailure as error:
        lost = True
        wrong = f"the host was lost before its changes were settled: {' '.join(str(error).split())}"
    if wrong:
        _doubt(steps, rows, [] if taken_back else _to_be_taken_back(rows))
    return Settled(rows, wrong, lost)


def _to_be_taken_back(rows: Sequence[Row]) -> list[Row]:
    return [row for row in rows if not row["kept"] and row["from"] != row["to"]]


def _doubt(steps: Sequence[Step], rows: Sequence[Row], back: Sequence[Row]) -> None:
    """Say in the rows what may be in force on a host whose run is not closed."""
    unmade = {_place(row) for step in steps if step["failed"] for row in step["rows"]}
    for row in rows:
        if any(row is one for one in back) and _place(row) not in unmade:
            row.update(kept=True, why=f"it was to be taken back, and may be in force until the next run: {row['why']}")
        elif row["kept"] and row["from"] != row["to"]:
            row["why"] = f"the run is not closed on the host, so that the next one takes it back: {row['why']}"


def _make_last(
    run: Run,
    steps: Sequence[Step],
    told: Sequence[Sequence[Row]],
    lease: str,
    limits: Limits,
    rows: Sequence[Row],
) -> None:
    """Write the steps that stay for the next boot; what cannot be written does not stay."""
    for step, group in zip(steps, told):
        if step["request"] is None or not any(row["kept"] for row in group):
            continue
        result = run(*module_call(step["request"], {"scope": "both", "lease": lease}, limits))
        places = {_place(row) for row in group}
        boot = str(result.get("boot") or "")
        for row in rows:
            if _place(row) not in places:
                continue
            if result.get("failed"):
                row["kept"] = False
                row["why"] = f"it could not be kept over a reboot, so it was taken back: {result.get('msg')}"
            elif boot.startswith(_NOT_AT_BOOT):
                row["why"] += f"; it does not outlast a reboot ({boot})"


def _place(row: Mapping[str, Any]) -> tuple[str, str]:
    return row["knob"], row["target"]


def _restarts(step: Step) -> list[dict[str, Any]]:
    return [dict(row) for row in step["restarted"] or step["restarts"]]


def _name(row: Mapping[str, Any]) -> str:
    return str(row.get("unit") or row.get("process") or "the process")
