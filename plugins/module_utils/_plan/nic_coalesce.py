# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Interrupt moderation: how long, and for how many frames, a NIC waits before it interrupts.

A longer wait costs latency and saves interrupts; it also asks more of the ring, which has to hold what arrives while
nobody looks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target

NUMBERS = ("rx_usecs", "rx_frames", "tx_usecs", "tx_frames")
SWITCHES = ("adaptive_rx", "adaptive_tx")
_TIMES = ("rx_usecs", "tx_usecs")
ON = {"on": True, "true": True, "yes": True, "off": False, "false": False, "no": False}


class Times(NamedTuple):
    """Microseconds that a driver takes: those from ``least`` to ``most``, and ``words``, by which it means modes."""

    least: int
    most: int
    words: tuple[int, ...]


# Other times these refuse (EINVAL). Source: the set_coalesce operation of each, below drivers/net/ethernet/intel; 0 is
# off, 1 and 3 are dynamic, 4 is simple. What other drivers take is found out by asking.
_DRIVER_TIMES = {
    "e1000": Times(10, 10000, (0, 1, 3, 4)),
    "e1000e": Times(10, 10000, (0, 1, 3, 4)),
    "igb": Times(10, 10000, (0, 1, 3)),
    "igc": Times(10, 10000, (0, 1, 3)),
}


class CoalesceState(NamedTuple):
    """What the driver tells; ``values`` is None where it has none, ``settable`` where the kernel names none."""

    device: str
    driver: str
    values: Optional[dict[str, Any]]
    settable: Optional[frozenset[str]]


def plan_coalesce(request: Mapping[str, Any], state: CoalesceState) -> Plan:
    """Plan the parameters of a request; each is "keep" (or left out), a number, or on and off."""
    asked = {name: request[name] for name in NUMBERS + SWITCHES if str(request.get(name, "keep")) != "keep"}
    if not asked:
        return Plan()
    who = f"{state.device} ({state.driver})"
    if state.values is None:
        unsupported = [f"{who}: the driver has no interrupt coalescing that can be set"]
        return Plan(unsupported=tuple(unsupported), lacking=tuple(asked))
    wanted = dict(state.values)
    unsupported, lacking = [], []
    for name, value in asked.items():
        setting = ON[str(value).lower()] if name in SWITCHES else int(value)
        if setting == state.values[name]:
            continue
        if state.settable is not None and name not in state.settable:
            unsupported.append(f"{who}: the driver cannot set {name} to {_text(setting)}")
            lacking.append(name)
        elif name in _TIMES and not _takes(state.driver, setting):
            unsupported.append(f"{who}: the driver cannot set {name} to {setting}, it takes {_known(state.driver)}")
            lacking.append(name)
        else:
            wanted[name] = setting
    changes = () if wanted == state.values else (Change("coalesce", Target(state.device, ""), state.values, wanted),)
    warnings = tuple(_warnings(wanted, asked, who)) if changes else ()
    return Plan(changes, tuple(unsupported), (), warnings, (), tuple(lacking))


def _takes(driver: str, time: int) -> bool:
    """Tell whether a driver takes a time, as far as that is known."""
    times = _DRIVER_TIMES.get(driver)
    return times is None or time in times.words or times.least <= time <= times.most


def _known(driver: str) -> str:
    times = _DRIVER_TIMES[driver]
    return f"{', '.join(map(str, times.words))} and {times.least} to {times.most}"


def _text(setting: bool | int) -> str:
    return {True: "on", False: "off"}[setting] if isinstance(setting, bool) else str(setting)


def _warnings(wanted: Mapping[str, Any], asked: Mapping[str, Any], who: str) -> list[str]:
    if wanted["adaptive_rx"] and ("rx_usecs" in asked or "rx_frames" in asked):
        return [f"{who}: adaptive_rx is on, so that the driver moves rx_usecs and rx_frames by itself"]
    return []
