# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Everything as it was before the first change: files, running values, and nothing of ours left.

Files come first, so that no unit or rule of ours sets again what is just being put back. The record is removed last:
a rollback that was killed is made again from the beginning, and finds half of its work done.

The slaves of a bond have their turn as in the tuning: the active one last, each with its link back before the next.
Where one does not get its link back, what cuts the link of the others is left for the next rollback.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._apply import lease as leases
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carrier import watch_link
from ansible_collections.rxpath.linux.plugins.module_utils._apply.device import device_keys
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import (
    KnobError,
    LinkLostError,
    NotSupportedError,
)
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs import knob
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rollback_files import file_changes, restore_files
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import DIRECTORY, STATE, State
from ansible_collections.rxpath.linux.plugins.module_utils._apply.take_back import clear, settle
from ansible_collections.rxpath.linux.plugins.module_utils._facts.stacking import kind_of, stack_facts
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import (
    Change,
    Target,
    as_diff,
    as_results,
    show,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.interfaces import in_turn, master_of
from ansible_collections.rxpath.linux.plugins.module_utils._plan.order import knob_rank

# What takes the link down for a moment on many drivers.
CUTS_LINK = ("channels", "ring")

# Records of one device, "" for the host itself.
_Rows = list[dict[str, Any]]


def rollback(host: Host, *, check: bool, lease: Optional[str] = None, force: bool = False) -> dict[str, Any]:
    """Put everything back, or in check mode tell what that would change. ``force`` takes the lease of another run away.

    Returns {"changed", "changes", "gone", "notes", "diff"}; ``gone`` are sentences on devices that are no more: their
    values went with them. Raises LeaseHeldError, and KnobError where something could not be put back; all that could be
    is, then, and the record stays, so that it can be made again.
    """
    host.require_root()
    if not check:
        settle(host)
    state = State.load(host)
    if not state.exists:
        if not check:
            _tidy(host, state, lease)
        return _result([], [], ["there is nothing to put back: nothing of this host is recorded as changed"])
    changes, gone = _predict(host, state)
    if check:
        return _result(changes, gone, [])
    if force:
        leases.break_lease(host)
    with leases.held(host, lease, "rollback"):
        state = State.load(host)
        changes, gone = _predict(host, state)
        failed, notes = restore_files(host, state)
        failed.extend(_restore_devices(host, _present(host, state)))
        if failed:
            raise KnobError(
                f"not everything could be put back; the record of it stays in {STATE}, make the rollback again: "
                + "; ".join(failed)
            )
        state.forget()
        clear(host)
    leases.clear(host)
    return _result(changes, gone, notes)


def _tidy(host: Host, state: State, lease: Optional[str]) -> None:
    """Remove the empty directory that a run left which was killed before it recorded anything."""
    if os.path.isdir(host.path(DIRECTORY)):
        with leases.held(host, lease, "rollback"):
            state.forget()
        leases.clear(host)


def _restore_devices(host: Host, devices: list[tuple[str, _Rows]]) -> list[str]:
    """Put the values of all devices back, whatever fails on the way; return what failed."""
    stacks = _stacks(host, [name for name, _rows in devices])
    failed: list[str] = []
    # Bond → its slave that waits for its link in vain.
    waiting: dict[str, str] = {}
    for name, rows in devices:
        bond = master_of(stacks, name)
        device = _Device(host, name, rows, waiting.get(bond or ""))
        failed.extend(device.restore())
        if device.link_lost and bond is not None:
            waiting.setdefault(bond, name)
    return failed


def cuts_link(changes: list[dict[str, Any]]) -> bool:
    """Tell whether a rollback with these changes (of its result) may take a link down."""
    return any(change["knob"] in CUTS_LINK for change in changes)


def _result(changes: list[Change], gone: list[str], notes: list[str]) -> dict[str, Any]:
    return {
        "changed": bool(changes),
        "changes": as_results(changes),
        "gone": gone,
        "notes": notes,
        "diff": as_diff(changes),
    }


def _predict(host: Host, state: State) -> tuple[list[Change], list[str]]:
    """Return what differs from the record, and the devices that are gone."""
    changes = file_changes(host, state)
    for name, rows in _present(host, state):
        found = []
        missing = []
        for row in rows:
            target = Target(name, row["item"])
            try:
                now = knob(row["knob"]).read(host, target)
            except (KnobError, KeyError):
                missing.append(row)
                continue
            if now != row["value"]:
                found.append(Change(row["knob"], target, now, row["value"]))
        if missing and any(change.knob == "channels" for change in found):
            # Queues that come back with the channels; what they will have then is the driver's to say.
            found.extend(Change(row["knob"], Target(name, row["item"]), None, row["value"]) for row in missing)
        changes.extend(sorted(found, key=lambda change: knob_rank(change.knob)))
    changes.append(Change("record", Target("", STATE), "present", None))
    return changes, _gone(host, state)


def _present(host: Host, state: State) -> list[tuple[str, _Rows]]:
    """Return the devices that are there under their present names, with their records in the order to restore them."""
    found: dict[str, _Rows] = {}
    known = set()
    names = _names(host)
    for row in state.values:
        name = _name_now(names, row)
        # The same device under two keys, as after a change of its address: the first record is the older one.
        if name is not None and (name, row["knob"], row["item"]) not in known:
            known.add((name, row["knob"], row["item"]))
            found.setdefault(name, []).append(row)
    turns = in_turn(list(found), _stacks(host, found))
    return [(name, sorted(found[name], key=lambda row: knob_rank(row["knob"]))) for name in turns]


def _stacks(host: Host, names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return bonds with their slaves, and which bond each of the devices belongs to, as _facts.interfaces does."""
    reader = host.reader()
    stacks: dict[str, dict[str, Any]] = {}
    for name in names:
        master = reader.link_name(f"/sys/class/net/{name}/master") if name else None
        if master is not None and kind_of(reader, master) == "bond":
            stacks[master] = stack_facts(reader, master, "bond")
            stacks.setdefault(name, {})["master"] = master
    return stacks


def _names(host: Host) -> dict[str, str]:
    """Return key → present name of every device."""
    return {key: name for name, key in device_keys(host).items()}


def _name_now(names: dict[str, str], row: dict[str, Any]) -> str | None:
    if not row["key"]:
        return ""
    name = names.get(row["key"])
    if name is None and row["key"].startswith(("mac:", "name:")):
        # An address made up at random is another one after a reboot; the name is what is left to go by.
        name = row["device"] if row["device"] in names.values() else None
    return name


def _gone(host: Host, state: State) -> list[str]:
    gone: dict[str, list[str]] = {}
    names = _names(host)
    for row in state.values:
        if _name_now(names, row) is None:
            gone.setdefault(f"{row['device']} ({row['key']})", []).append(row["knob"])
    return [
        f"{device} is gone, and its {', '.join(sorted(set(knobs), key=knob_rank))} with it"
        for device, knobs in gone.items()
    ]


class _Device:
    """The restoring of one device's knobs, or of the sysctls (name "").

    ``waiting`` is another slave of its bond whose link has not come back: the bond may live by this device alone.
    """

    def __init__(self, host: Host, name: str, rows: _Rows, waiting: Optional[str] = None) -> None:
        self.host = host
        self.name = name
        self.rows = rows
        self.waiting = waiting
        self.link_lost = False

    def restore(self) -> list[str]:
        """Put the values back, in order, whatever fails on the way; return what failed."""
        failed = []
        for row in self.rows:
            try:
                self._restore(row["knob"], Target(self.name, row["item"]), row["value"])
            except NotSupportedError:
                # A queue that is no more, a module that is not loaded: there is nothing that could differ.
                continue
            except (KnobError, OSError) as error:
                self.link_lost = self.link_lost or isinstance(error, LinkLostError)
                failed.append(str(error))
            except KeyError:
                failed.append(f"{row['knob']}: this release knows no such knob")
        return failed

    def _restore(self, name: str, target: Target, value: Any) -> None:
        now = knob(name).read(self.host, target)
        if now == value:
            return
        if name in CUTS_LINK and self.waiting is not None:
            raise KnobError(f"{name} {target} stays at {show(now)}: {self.waiting} has not got its link back")
        if name == "channels":
            self._free_channels()
        link_is_back = watch_link(self.host, self.name) if name in CUTS_LINK else None
        knob(name).write(self.host, target, value)
        if link_is_back is not None:
            link_is_back()
        now = knob(name).read(self.host, target)
        if now != value:
            raise KnobError(f"{name} {target} is {show(now)} after it was set back to {show(value)}")

    def _free_channels(self) -> None:
        """Give the indirection table back to the driver: one that points at a queue forbids to remove that queue."""
        for row in self.rows:
            if row["knob"] == "indirection":
                target = Target(self.name, row["item"])
                if knob("indirection").read(self.host, target) != "default":
                    knob("indirection").write(self.host, target, "default")
