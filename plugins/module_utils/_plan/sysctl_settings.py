# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plan of sysctls: the running values and one drop-in file, never below what an administrator set.

At boot another file may rule: its value is compared with the one asked for in the place of the running one, and where
no file sets a key, what runs stands for the kernel's own default.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._facts.sysctl_files import Assignment
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.sysctl_file import with_settings
from ansible_collections.rxpath.linux.plugins.module_utils._plan.sysctl_rules import as_kept, at_least, same, words


class KeyState(NamedTuple):
    """One key as it stands.

    ``running``: None where the kernel has no such key, and where the running state is not asked for. ``first``: the
    value before our first change, where we made one. ``ours``: what our file sets. ``others``: what other files
    assign, in the order in which boot does it, the one that rules last. ``leftover``: the line of /etc/sysctl.conf
    where boot does not read that file.
    """

    running: str | None
    first: str | None = None
    ours: str | None = None
    others: tuple[Assignment, ...] = ()
    leftover: Assignment | None = None
    problem: str = ""


class SysctlState(NamedTuple):
    """All keys that are asked for, our file's text (None: no file), and sentences on who else sets which key."""

    keys: Mapping[str, KeyState]
    file: str | None = None
    rivals: Mapping[str, str] = {}


def plan_sysctls(request: Mapping[str, Any], state: SysctlState) -> Plan:
    """Return the changes for {"settings": {key: value}, "file", "lower": bool, "scope"}."""
    file, lower, scope = request["file"], bool(request.get("lower")), request.get("scope", "both")
    changes: list[Change] = []
    unsupported, warnings, notes = [], [], []
    lines: dict[str, str] = {}
    for key, setting in request["settings"].items():
        now = state.keys[key]
        if now.problem:
            unsupported.append(now.problem)
            continue
        asked = words(setting)
        if now.running is not None:
            wanted = asked if lower else at_least(asked, _floor(key, now))
            if not same(key, wanted, asked):
                notes.append(f"{key} is kept at {wanted}: {asked} was asked for, and lower: true would lower it")
            if not same(key, wanted, now.running):
                changes.append(Change("sysctl", Target("", key), now.running, as_kept(key, wanted)))
        if scope == "running":
            continue
        at_boot = _at_boot(key, asked, now, lower)
        if at_boot is not None:
            lines[key] = at_boot
        warnings.extend(_overridden(key, at_boot or asked, now, file))
        if key in state.rivals:
            warnings.append(state.rivals[key])
    text = with_settings(state.file, lines)
    if lines and text != state.file:
        changes.append(Change("file", Target("", file), state.file, text))
    return Plan(tuple(changes), tuple(unsupported), (), tuple(warnings), tuple(notes))


def _floor(key: str, now: KeyState) -> str | None:
    """Return the value below which the running one must not go: that of an administrator, not one that we set."""
    if now.first is not None and now.running is not None and now.ours is not None and same(key, now.running, now.ours):
        return now.first
    return now.running


def _at_boot(key: str, asked: str, now: KeyState, lower: bool) -> str | None:
    """Return what our file has to set, None where boot sets it so without us."""
    floor = (now.others[-1].value or None) if now.others else _floor(key, now)
    wanted = asked if lower else at_least(asked, floor)
    if now.ours is not None:
        return now.ours if same(key, now.ours, wanted) else wanted
    if now.others and same(key, wanted, now.others[-1].value or ""):
        return None
    return wanted


def _overridden(key: str, wanted: str, now: KeyState, file: str) -> list[str]:
    """Return warnings of lines that are read after our file and say something else."""
    found = []
    later = [item for item in now.others if os.path.basename(item.file) > os.path.basename(file) and not _pattern(item)]
    if later and not same(key, later[-1].value or "", wanted):
        last = later[-1]
        found.append(
            f"{key}: {last.file} line {last.line} sets {last.value} and is read after {file}, so boot ends with that: "
            "remove the line, or give a file whose name sorts after it"
        )
    if now.leftover is not None and not same(key, now.leftover.value or "", wanted):
        found.append(
            f"{key}: {now.leftover.file} line {now.leftover.line} sets {now.leftover.value}; boot does not read that "
            "file, and sysctl --system reads it last: remove the line"
        )
    return found


def _pattern(item: Assignment) -> bool:
    return any(mark in item.key for mark in "*?[")
