# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Knobs that belong to no device, and that requests for several devices change one after another.

Each of these requests is planned before the first of them is made. What it changes when its turn comes starts from
what the earlier ones leave.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

SHARED = ("sysctl", "irqbalance")


def in_order(earlier: Iterable[Mapping[str, Any]], changes: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the changes of a request (rows of a module's result) as they are after ``earlier`` ones of other requests.

    One that these have made already is left out.
    """
    left = {(row["knob"], row["target"]): row["to"] for row in earlier if row["knob"] in SHARED}
    found = []
    for row in changes:
        place = row["knob"], row["target"]
        after = _after(row, left[place]) if place in left else dict(row)
        if after["from"] != after["to"]:
            found.append(after)
    return found


def _after(row: Mapping[str, Any], before: Any) -> dict[str, Any]:
    """Return a change that starts from what an earlier one left."""
    to = row["to"]
    if row["knob"] == "irqbalance" and before:
        # What irqbalance is to leave alone adds up.
        banned = {**before.get("banned", {}), **to.get("banned", {})}
        to = {**to, "banned": dict(sorted(banned.items()))}
    elif row["knob"] == "sysctl" and str(before).isdecimal() and str(to).isdecimal() and int(before) > int(to):
        # The families of devices only raise one.
        to = before
    return {**row, "from": before, "to": to}
