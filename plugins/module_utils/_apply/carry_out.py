# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One request carried out: read, plan, record, write, read back, remember.

The record (first values, what is to be put back, the changes intended) is on the disk before the first write. So a
process that is killed anywhere leaves a host from which the same request reaches its end when it is made again, and
from which a rollback reaches the beginning.

The running value is written before any file: the kernel judges a value when it is written, and what it refused is then
in no file; who is killed in between leaves a value that the next boot takes back.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, Callable, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._apply import boot
from ansible_collections.rxpath.linux.plugins.module_utils._apply import lease as leases
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError, NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.families import family as find_family
from ansible_collections.rxpath.linux.plugins.module_utils._apply.family import Family, Request
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs import knob
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State, holder_of
from ansible_collections.rxpath.linux.plugins.module_utils._apply.take_back import settle
from ansible_collections.rxpath.linux.plugins.module_utils._facts.rivals import rivals
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import (
    Change,
    Plan,
    Target,
    as_diff,
    as_results,
    show,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.shared import in_order

# A knob that may be disturbed, and its value before.
_Value = tuple[str, Target, Any]


def tune(
    host: Host,
    request: Request,
    *,
    check: bool,
    scope: str = "both",
    lease: Optional[str] = None,
    strict: bool = False,
    still_wanted: Optional[Callable[[], bool]] = None,
) -> dict[str, Any]:
    """Carry out a request, or in check mode tell what that would change.

    ``scope``: "both", "running" (nothing is kept for boot) or "boot" (nothing that runs is touched). ``lease`` is the
    token of a run; without it the call takes a lease of its own. ``strict`` makes an error of what is not supported
    or refused. ``still_wanted`` is asked when the lease is there, which may have been waited for: False, and nothing is
    done.
    Returns {"changed", "changes", "applied", "unsupported", "refused", "warnings", "notes", "diff", "boot"}.
    Raises KnobError, after it has put back what this call had written, and LeaseHeldError.
    """
    host.require_root()
    if not check:
        # By now the changes that come before this one are made, or they are not.
        request = {name: value for name, value in request.items() if name != "earlier"}
    settled = [] if check else settle(host)
    plan = predict(host, request, scope=scope)
    plan = plan._replace(notes=(*settled, *plan.notes))
    insist(plan, strict)
    family = find_family(request["family"])
    device = str(request.get("interface", ""))
    if check or not (plan.changes or State.load(host).unfinished(family.name, device)):
        return result_of(host, request, scope, plan, [])
    with leases.held(host, lease, holder_of(family.name)):
        if still_wanted is not None and not still_wanted():
            return result_of(host, request, scope, Plan(), [])
        # Anew, now that nobody else can change anything.
        plan = predict(host, request, scope=scope)
        plan = plan._replace(notes=(*settled, *plan.notes))
        insist(plan, strict)
        if not plan.changes:
            # A call that was killed when all was done but the closing of its record.
            State.load(host).settle(family.name, device, [])
            return result_of(host, request, scope, plan, [])
        return Call(host, family, request, plan, strict).make(scope)


def predict(host: Host, request: Request, *, scope: str = "both") -> Plan:
    """Return everything that ``tune`` would do for a request now, files and boot entry included. Raises KnobError.

    ``earlier`` in the request are changes of the host's own knobs that are to be thought of as made.
    """
    family = find_family(request["family"])
    device = str(request.get("interface", ""))
    if family.check is not None:
        family.check(request)
    plan = Plan()
    if scope != "boot" or not family.remembers:
        full = request if family.remembers else {**request, "scope": scope}
        plan = family.plan(full, family.read(host, full))
        plan = plan._replace(changes=_after(request.get("earlier") or (), plan.changes))
    state = State.load(host)
    changes: list[Change] = []
    notes, unsupported = list(plan.notes), list(plan.unsupported)
    for change in [*plan.changes, *_left_over(host, state, family, device, plan)]:
        if change.current == change.wanted or not _in_scope(change, scope):
            continue
        made = state.made_of(change.knob, change.target, change.wanted)
        if made is None or made["got"] != change.current:
            changes.append(change)
        elif made["moved"]:
            notes.append(_rounded(change))
        else:
            unsupported.append(_ignored(change))
    changes.extend(_boot_change(host, family, request, scope, plan))
    others = rivals(host.reader(), device).get(family.name, []) if device else []
    return plan._replace(
        changes=tuple(changes),
        notes=tuple(notes),
        unsupported=tuple(unsupported),
        warnings=(*plan.warnings, *(f"{device}: {other}; what is set last holds" for other in others)),
    )


def _after(earlier: Sequence[Mapping[str, Any]], changes: tuple[Change, ...]) -> tuple[Change, ...]:
    """Return the changes as they are after the earlier ones."""
    if not earlier:
        return changes
    targets = {str(change.target): change.target for change in changes}
    rows = in_order(earlier, as_results(changes))
    return tuple(Change(row["knob"], targets[row["target"]], row["from"], row["to"]) for row in rows)


def _in_scope(change: Change, scope: str) -> bool:
    return scope == "both" or scope in knob(change.knob).scopes


def _left_over(host: Host, state: State, family: Family, device: str, plan: Plan) -> list[Change]:
    """Return what a call of this family that was killed has yet to put back."""
    planned = {(change.knob, change.target) for change in plan.changes}
    found = []
    for name, target, value in state.pending(family.name, device) if device else []:
        current = _read(host, name, target)
        if (name, target) not in planned and current is not None and current != value:
            found.append(Change(name, target, current, value))
    return found


def _boot_change(host: Host, family: Family, request: Request, scope: str, plan: Plan) -> list[Change]:
    """Return the change of the boot entry. What a request leaves open stays as an earlier one had it."""
    if not family.remembers or scope == "running" or boot.available(host):
        return []
    asked = {name: value for name, value in request.items() if value != "keep" and name not in family.transient}
    if not set(asked) - {"family", "interface"}:
        return []
    target = Target(str(request.get("interface", "")), family.name)
    current = knob("boot").read(host, target)
    if current is None and _is_in_vain(family, asked, plan):
        return []
    # Who asks last says whether by force.
    replaced = ("force", *(family.one_of if set(asked) & set(family.one_of) else ()))
    wanted = {**{name: value for name, value in (current or {}).items() if name not in replaced}, **asked}
    if wanted != current:
        return [Change("boot", target, current, wanted)]
    # What would make it at boot may be another release's.
    code = Target("", boot.CODE)
    return [Change("boot", code, "outdated", "current")] if knob("boot").read(host, code) == "outdated" else []


def _is_in_vain(family: Family, asked: Request, plan: Plan) -> bool:
    """Tell whether the device lacks all that a request would set: a boot would find that out again and again."""
    return bool(plan.lacking) and not set(asked) - {"family", "interface", "force", *family.conditions, *plan.lacking}


def insist(plan: Plan, strict: bool) -> None:
    """Raise KnobError where strict is asked for and the plan leaves something out."""
    if strict and (plan.unsupported or plan.refused):
        raise KnobError("; ".join([*plan.refused, *plan.unsupported]))


def _rounded(change: Change) -> str:
    return f"{change.knob} {change.target}: {show(change.current)} came of {show(change.wanted)}"


def _ignored(change: Change) -> str:
    return (
        f"{change.knob} {change.target} stays at {show(change.current)}; {show(change.wanted)} was accepted, not made"
    )


def _read(host: Host, name: str, target: Target) -> Any:
    """Return a value; None where it cannot be read, as that of a queue that is no more."""
    try:
        return knob(name).read(host, target)
    except KnobError:
        return None


def result_of(host: Host, request: Request, scope: str, plan: Plan, applied: list[Change]) -> dict[str, Any]:
    """Return what ``tune`` returns for a plan, of which ``applied`` is done."""
    remembers = find_family(request["family"]).remembers
    why_not = boot.available(host) if remembers and scope != "running" else ""
    written = any(change.knob in ("boot", "file") for change in plan.changes)
    return {
        "changed": bool(plan.changes),
        "changes": as_results(plan.changes),
        "applied": [{"knob": change.knob, "target": str(change.target), "value": change.wanted} for change in applied],
        "unsupported": list(plan.unsupported),
        "refused": list(plan.refused),
        "warnings": list(plan.warnings),
        "notes": list(plan.notes),
        "diff": as_diff(plan.changes),
        "boot": f"not available: {why_not}" if why_not else "written" if written else "unchanged",
    }


class Call:
    """The writing half of one call: the lease is held, and there is something to change."""

    def __init__(self, host: Host, family: Family, request: Request, plan: Plan, strict: bool) -> None:
        self.host = host
        self.family = family
        self.request = request
        self.device = str(request.get("interface", ""))
        self.plan = plan
        self.strict = strict
        self.state = State.load(host)
        self.written: list[Change] = []
        self.skipped: list[Change] = []
        self.unsupported: list[str] = []
        self.warnings: list[str] = []
        self.notes: list[str] = []

    def make(self, scope: str) -> dict[str, Any]:
        if self.state.session is None:
            self.state.open_session(holder_of(self.family.name), time.time())
        disturbs = any("running" in knob(change.knob).scopes for change in self.plan.changes)
        before = self._dependents() if disturbs else []
        firsts = [
            (change.knob, change.target, change.current)
            for change in self.plan.changes
            if not knob(change.knob).by_file
        ]
        pending = (self.family.name, before) if before else None
        self.state.prepare([*firsts, *before], self._rows(self.plan.changes), pending)
        # An earlier call's, where that was killed, go before what this one found.
        before = self.state.pending(self.family.name, self.device) if before else []
        try:
            self._write_all(disturbs)
            self._write_moved(scope)
            self._put_back(before)
            applied, made = self._read_back()
        except (KnobError, OSError) as error:
            raise KnobError(f"{error}; {self._undo(before)}") from error
        self.state.settle(self.family.name, self.device, made)
        plan = self.plan._replace(
            changes=tuple(change for change in self.plan.changes if change not in self.skipped),
            unsupported=(*self.plan.unsupported, *self.unsupported),
            warnings=(*self.plan.warnings, *self.warnings),
            notes=(*self.plan.notes, *self.notes),
        )
        return result_of(self.host, self.request, scope, plan, applied)

    def _rows(self, changes: Sequence[Change]) -> list[dict[str, Any]]:
        """Return the changes as the open session keeps them: by them alone it can be taken back (undo.py)."""
        return [
            {**row, "family": self.family.name, "device": change.target.device, "item": change.target.item}
            for row, change in zip(as_results(changes), changes)
        ]

    def _dependents(self) -> list[_Value]:
        if self.family.dependents is None or not self.device:
            return []
        planned = {(change.knob, change.target) for change in self.plan.changes}
        found = []
        for name, target in self.family.dependents(self.host, self.device):
            value = _read(self.host, name, target)
            if (name, target) not in planned and value is not None:
                found.append((name, target, value))
        return found

    def _write_all(self, disturbs: bool) -> None:
        link_is_back: Callable[[], None] | None = None
        if disturbs and self.family.cuts_link and self.family.watch_link is not None:
            link_is_back = self.family.watch_link(self.host, self.device)
        later = [change for change in self.plan.changes if "running" not in knob(change.knob).scopes]
        for change in self.plan.changes:
            if change not in later:
                self._write(change)
        if link_is_back is not None:
            link_is_back()
        for change in later:
            self._write(change)

    def _write_moved(self, scope: str) -> None:
        """Write what somebody moved between plan and write; only once that one has been told not to, it stays."""
        if not self.family.contested:
            return
        planned = {(change.knob, change.target) for change in self.plan.changes}
        now = predict(self.host, self.request, scope=scope).changes
        moved = [change for change in now if (change.knob, change.target) not in planned]
        if moved:
            firsts = [(row.knob, row.target, row.current) for row in moved if not knob(row.knob).by_file]
            self.state.prepare(firsts, self._rows(moved))
            for change in moved:
                self._write(change)

    def _write(self, change: Change) -> None:
        try:
            # Before the attempt: one that fails half way is undone as well.
            self.written.append(change)
            knob(change.knob).write(self.host, change.target, change.wanted)
        except NotSupportedError as error:
            self.written.pop()
            if self.strict:
                raise
            self.skipped.append(change)
            self.unsupported.append(str(error))

    def _undo(self, before: list[_Value]) -> str:
        """Put back what was written, the last first; return how that went as the end of a sentence."""
        failed = []
        for change in reversed(self.written):
            try:
                knob(change.knob).write(self.host, change.target, change.current)
            except (KnobError, OSError) as error:
                failed.append(str(error))
        self._put_back(before)
        if failed:
            # The session stays open: the next run tells of it, and a rollback knows the first values.
            return "what this call had written could not all be put back: " + "; ".join(failed)
        self.state.settle(self.family.name, self.device, [])
        return "what this call had written was put back"

    def _put_back(self, before: list[_Value]) -> None:
        """Write the dependents that moved; a queue that is no more has none."""
        for name, target, value in before:
            now = _read(self.host, name, target)
            if now is None or now == value:
                continue
            try:
                knob(name).write(self.host, target, value)
            except KnobError as error:
                self.warnings.append(f"{name} {target} moved to {show(now)} and could not be put back: {error}")

    def _read_back(self) -> tuple[list[Change], list[tuple[str, Target, Any, Any, bool]]]:
        applied, made = [], []
        for change in self.written:
            got = knob(change.knob).read(self.host, change.target)
            applied.append(change._replace(wanted=got))
            made.append((change.knob, change.target, change.wanted, got, got != change.current))
            if got == change.wanted:
                continue
            if got == change.current:
                if self.strict:
                    raise KnobError(_ignored(change))
                self.skipped.append(change)
                self.unsupported.append(_ignored(change))
            else:
                self.notes.append(_rounded(change._replace(current=got)))
        return applied, made
