# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The way straight to a host beside the one through a forwarder: whom to ask. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.plugin_utils._wording import percent


def compared(rounds: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return one sentence for each way through a forwarder that has a straight one with the same ends beside it.

    What the probe's own socket lost is in neither share.
    """
    probes = [one for one in rounds if one["kind"] == "probe" and one.get("numbered")]
    straight = {(one["sender"], one["receiver"]): one["ratio"] for one in probes if not one["via"]}
    found = []
    for one in probes:
        ends = (one["sender"], one["receiver"])
        if not one["via"] or ends not in straight:
            continue
        there, through = straight[ends], one["ratio"]
        said = (
            f"straight from {ends[0]} to {ends[1]} {_lost(there)}, by way of {one['via']} {_lost(through)}: "
            f"{_meaning(there, through, str(one['via']))}"
        )
        found.append(said)
    return found


def _lost(ratio: float) -> str:
    return f"{percent(ratio)} are lost" if ratio else "nothing is lost"


def _meaning(there: float, through: float, via: str) -> str:
    if not there and not through:
        return "neither way loses"
    if not there:
        return f"only the way by {via} loses"
    if not through:
        return f"only the way that leaves {via} out loses"
    return "both ways lose"
