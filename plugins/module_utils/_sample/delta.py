# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a counter gained between two reads: wrap told from reset, missing told from zero. Pure functions.

A 32-bit counter that went down has wrapped where the gain stays plausible, otherwise it was reset (its device,
namespace or CPU came new). A 64-bit counter that went down was reset. A reset has no delta: None, never a number.
"""

from __future__ import annotations

import re
from typing import Mapping, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.softnet import SoftnetRow

# No CPU counts more than this in a second, whatever it counts; a "wrap" that gained more was a reset.
MAX_RATE = 100_000_000
# Values of these files that are settings or levels, not counters.
_GAUGES = frozenset(("Ip.Forwarding", "Ip.DefaultTTL", "conntrack.entries"))
_WIDE_MACHINE = re.compile(r"64|s390x|alpha")


class Deltas(NamedTuple):
    """Gains by key; None (and the key among ``resets``) where the counter was reset."""

    values: dict[str, Optional[int]]
    resets: list[str]


def counter_bits(machine: str) -> int:
    """Return the width of the kernel's ``unsigned long`` for a uname machine: 64 or 32."""
    return 64 if _WIDE_MACHINE.search(machine) else 32


def gain(before: int, after: int, bits: int, seconds: float) -> Optional[int]:
    """Return how far a counter of 32 or 64 bits went in ``seconds``; None where it was reset."""
    if after >= before:
        return after - before
    if bits != 32:
        return None
    wrapped = (after - before) & 0xFFFFFFFF
    # Less than half of its range, or the direction cannot be told.
    return wrapped if wrapped <= min(MAX_RATE * max(seconds, 0.1), 1 << 31) else None


def counter_gains(before: Mapping[str, int], after: Mapping[str, int], bits: int, seconds: float) -> Deltas:
    """Return the gains of the keys that both reads have; a key of one alone has no delta and is left out."""
    values: dict[str, Optional[int]] = {}
    resets = []
    for key, end in after.items():
        if key not in before or key in _GAUGES:
            continue
        value = gain(before[key], end, bits, seconds)
        values[key] = value
        if value is None:
            resets.append(key)
    return Deltas(values, resets)


def from_zero(after: Mapping[str, int]) -> dict[str, Optional[int]]:
    """Return the gains of counters that began within the window."""
    return {key: value for key, value in after.items() if key not in _GAUGES}


class SoftnetGains(NamedTuple):
    """Rows of the sample document by CPU, and the CPUs that have no row in one of the reads."""

    rows: list[dict[str, Optional[int]]]
    vanished: list[int]
    appeared: list[int]


def softnet_gains(before: list[SoftnetRow], after: list[SoftnetRow], seconds: float) -> SoftnetGains:
    """Match the rows of two reads by CPU number; only CPUs online at both have a delta (all columns are u32)."""
    old = {row.cpu: row for row in before}
    new = {row.cpu: row for row in after}
    rows = []
    for cpu in sorted(old.keys() & new.keys()):
        first, last = old[cpu], new[cpu]
        row: dict[str, Optional[int]] = {"cpu": cpu}
        for column in ("processed", "dropped", "time_squeeze", "received_rps", "flow_limit"):
            start, end = getattr(first, column), getattr(last, column)
            if start is not None and end is not None:
                row[column] = gain(start, end, 32, seconds)
        row["backlog_end"] = last.backlog
        rows.append(row)
    return SoftnetGains(rows, sorted(old.keys() - new.keys()), sorted(new.keys() - old.keys()))
