# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is to be changed: the one value from which check mode, diff mode, the change and its record are made.

A *knob* is a thing that can be set, a *target* the place where it is, a *value* what JSON can hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, NamedTuple


class Target(NamedTuple):
    """Where a knob is: ("eth0", "rx-3"), ("eth0", "") for the device itself, ("", "net.core.rmem_max") without one."""

    device: str
    item: str

    def __str__(self) -> str:
        return " ".join(part for part in self if part)


class Change(NamedTuple):
    """One knob of one target: the value that it has, and the one that it is to have. None: it does not exist."""

    knob: str
    target: Target
    current: Any
    wanted: Any


class Plan(NamedTuple):
    """All that a request comes to. Changes are in the order in which they are to be made; the rest are sentences.

    ``unsupported``: the driver or the kernel has no such knob. ``refused``: it could be set, and would do harm.
    ``notes``: rounded, clamped, kept because. ``lacking`` are the parameters of the request for which the device has
    nothing that could be set.
    """

    changes: tuple[Change, ...] = ()
    unsupported: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()


def as_diff(changes: Iterable[Change]) -> dict[str, str]:
    """Return what Ansible shows in diff mode: {"before": text, "after": text}, a line "knob target: value" each."""
    rows = list(changes)
    return {
        "before": "".join(_line(change, change.current) for change in rows),
        "after": "".join(_line(change, change.wanted) for change in rows),
    }


def as_results(changes: Iterable[Change]) -> list[dict[str, Any]]:
    """Return what a module's result holds: [{"knob", "target": "eth0 rx-3", "from", "to"}]."""
    return [
        {"knob": change.knob, "target": str(change.target), "from": change.current, "to": change.wanted}
        for change in changes
    ]


def _line(change: Change, value: Any) -> str:
    return f"{change.knob} {change.target}: {show(value)}\n"


def show(value: Any) -> str:
    """Return a value as people read it: text as it is (lines indented below), None as "absent", the rest as JSON."""
    if value is None:
        return "absent"
    if not isinstance(value, str):
        return json.dumps(value, sort_keys=True)
    if "\n" not in value:
        return value or '""'
    return "\n" + "\n".join("  " + line for line in value.rstrip("\n").split("\n"))
