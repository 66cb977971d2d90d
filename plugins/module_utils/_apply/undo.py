# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the open run changed, taken back: every value and file as it was when that run began, not before the first one.

An audit that changes something keeps only what helped; a run that was killed left what nobody has judged. Both are the
open session of the record: the changes in it know what was there before them.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection
from typing import Any, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._apply import lease as leases
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import Call
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.families import family as find_family
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs import knob
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State
from ansible_collections.rxpath.linux.plugins.module_utils._apply.take_back import settle
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import (
    Change,
    Plan,
    Target,
    as_diff,
    as_results,
)

# A change with the family of the call that made it.
_Row = tuple[str, Change]


def undo(
    host: Host,
    *,
    check: bool,
    lease: Optional[str] = None,
    force: bool = False,
    only: Optional[Collection[tuple[str, str]]] = None,
) -> dict[str, Any]:
    """Take back what the open session changed and close it, or in check mode tell what that would change.

    ``only`` are some of its changes, as knob and target: the session stays open for the others then.
    ``force`` takes the lease of another run away. Returns {"changed", "changes", "gone", "notes", "diff"} as a rollback
    does. Raises LeaseHeldError, and KnobError where something could not be put back: the session stays open then.
    """
    host.require_root()
    if not check:
        settle(host)
    rows, gone = _differing(host, only)
    if check or State.load(host).session is None:
        return _result(rows, gone)
    if force:
        leases.break_lease(host)
    with leases.held(host, lease, "undo"):
        rows, gone = _differing(host, only)
        failed = []
        for (name, device), group in itertools.groupby(rows, key=lambda row: (row[0], row[1].target.device)):
            # What moves by itself meanwhile is not ours to take back.
            family = find_family(name)._replace(contested=False)
            request = {"family": name, **({"interface": device} if device else {})}
            plan = Plan(changes=tuple(change for _family, change in group))
            try:
                Call(host, family, request, plan, strict=True).make("both")
            except KnobError as error:
                failed.append(str(error))
        if failed:
            raise KnobError("not everything could be taken back, make it again: " + "; ".join(failed))
        if only is None:
            State.load(host).close_session()
    return _result(rows, gone)


def _differing(host: Host, only: Optional[Collection[tuple[str, str]]]) -> tuple[list[_Row], list[str]]:
    """Return what is not as the open session found it, the last change first, and what cannot be read any more."""
    session = State.load(host).session
    firsts: dict[tuple[str, str, str], dict[str, Any]] = {}
    for row in (session or {}).get("changes", []):
        firsts.setdefault((row["knob"], row["device"], row["item"]), row)
    rows, gone = [], []
    for row in reversed(list(firsts.values())):
        target = Target(row["device"], row["item"])
        if only is not None and (row["knob"], str(target)) not in only:
            continue
        try:
            now = knob(row["knob"]).read(host, target)
        except (KnobError, KeyError) as error:
            gone.append(f"{row['knob']} {target}: {error}")
            continue
        if now != row["from"]:
            rows.append((row["family"], Change(row["knob"], target, now, row["from"])))
    return rows, gone


def _result(rows: list[_Row], gone: list[str]) -> dict[str, Any]:
    changes = [change for _family, change in rows]
    return {
        "changed": bool(changes),
        "changes": as_results(changes),
        "gone": gone,
        "notes": []
        if changes
        else ["there is nothing to take back: no run is unfinished, or what it found is as it was"],
        "diff": as_diff(changes),
    }
