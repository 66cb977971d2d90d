# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The counters of ``ethtool -S`` by what they mean, nothing counted twice; the meanings are in ``driver_table``."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.driver_table import (
    DRIVER_DROP,
    DROPS_CONTAIN_XDP,
    LINK_ERROR,
    OUTSIDE_HOST,
    RING_FULL,
    XDP_DROP,
    Rule,
    known,
    rules,
)

CLASSES = (RING_FULL, DRIVER_DROP, OUTSIDE_HOST, XDP_DROP, LINK_ERROR)

Counter = tuple[str, int]


class Total(NamedTuple):
    """What a class of counters adds up to: lost packets, and events that each may stand for many packets or none."""

    packets: int
    events: int


def distinct(counters: Iterable[Counter]) -> list[Counter]:
    """Return the counters under names that are unique, so that two readings can be joined by name.

    vmxnet3 repeats one block of names a queue, indented, below a row "Rx Queue#" that holds the queue's number:
    "  pkts rx OOB" becomes "Rx Queue 0: pkts rx OOB". Any other repeated name gets its ordinal: "name #2".
    """
    found = []
    seen: dict[str, int] = {}
    block = ""
    for raw, value in counters:
        name = raw.strip()
        if name.endswith("Queue#"):
            block = f"{name[:-1]} {value}: "
        elif raw[:1].isspace():
            name = block + name
        else:
            block = ""
        seen[name] = seen.get(name, 0) + 1
        found.append((name if seen[name] == 1 else f"{name} #{seen[name]}", value))
    return found


def classified_by(driver: str) -> str:
    """Return "driver" where the table knows the driver, else "generic": a guess by the names."""
    return "driver" if known(driver) else "generic"


def classify(driver: str, counters: Iterable[Counter]) -> dict[str, list[Counter]]:
    """Return the counters that tell of loss, by class, under the names given (raw, or from ``distinct``).

    Counters that overlap are all kept; ``totals`` knows which. A class without a counter is absent.
    """
    found: dict[str, list[Counter]] = {}
    for name, value in counters:
        rule = _match(driver, name)
        if rule is not None:
            found.setdefault(rule.kind, []).append((name, value))
    return found


def totals(driver: str, classified: dict[str, list[Counter]]) -> dict[str, Total]:
    """Add up each class: of counters for the same events only the largest level counts.

    Works on absolute values and on deltas. An unknown driver's names with a number are taken for queues of the
    device's names without one. For drivers whose drops contain those of XDP, these are taken off.
    """
    found = {}
    for kind, counters in classified.items():
        groups: dict[str, dict[tuple[str, bool], int]] = {}
        for name, value in counters:
            rule = _match(driver, name)
            if rule is not None and rule.kind == kind:
                levels = groups.setdefault(rule.group, {})
                queue = not known(driver) and any(map(str.isdigit, name))
                key = (rule.level + " queue" * queue, rule.events)
                levels[key] = levels.get(key, 0) + value
        packets = sum(max([v for (_level, events), v in g.items() if not events], default=0) for g in groups.values())
        # Events count only where no counter of packets says how many were lost.
        events = sum(max(g.values()) for g in groups.values() if all(events for _level, events in g))
        found[kind] = Total(packets, events)
    if driver in DROPS_CONTAIN_XDP and DRIVER_DROP in found and XDP_DROP in found:
        drops = found[DRIVER_DROP]
        found[DRIVER_DROP] = Total(max(0, drops.packets - found[XDP_DROP].packets), drops.events)
    return found


@lru_cache(maxsize=1 << 14)
def _match(driver: str, name: str) -> Rule | None:
    """Return the first rule that fits, for a raw name or one that ``distinct`` made."""
    bare = name.strip()
    if driver == "vmxnet3":
        bare = bare.rsplit(": ", 1)[-1].split(" #", 1)[0]
    for rule in rules(driver):
        if rule.pattern.fullmatch(bare):
            return rule
    return None
