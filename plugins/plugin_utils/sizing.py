# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The input of the filter udp_size, made into the workload that is sized."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_ring import MEMORY_LIMIT
from ansible_collections.rxpath.linux.plugins.module_utils._plan.profile import MEMORY_SHARE, WORKLOAD, resolve
from ansible_collections.rxpath.linux.plugins.module_utils._plan.what_if import pace_of
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import (
    SettingError,
    nearest,
    to_number,
    to_whole,
)
from ansible_collections.rxpath.linux.plugins.plugin_utils.tuning_settings import CONVERTERS
from ansible_collections.rxpath.linux.plugins.plugin_utils.tuning_values import three_pages

NAME = "rxpath.linux.udp_size"
Convert = Callable[[str, Any], Any]
# What the role has under the same name, with the same bounds.
_OF_THE_ROLE = ("profile", *WORKLOAD, "service_rate", "memory_share", "ring_memory_limit")
_MOST = 1 << 62


def _whole(low: int, high: int = _MOST) -> Convert:
    return lambda name, value: to_whole(name, value, low, high)


def _udp_mem(name: str, value: Any) -> str:
    try:
        words = three_pages(name, value)
    except SettingError:
        words = ""
    # Here auto and keep, which the role takes as well, mean nothing.
    if not words[:1].isdecimal():
        raise SettingError(name, f"must be the three rising numbers of /proc/sys/net/ipv4/udp_mem, not {value!r}")
    return words


_CONVERTERS: dict[str, Convert] = {
    **{name: CONVERTERS[name] for name in _OF_THE_ROLE},
    "service_time": lambda name, value: to_number(name, value, 1e-9, 3600),
    "burst": _whole(0, 10**9),
    "truesize": _whole(256, 1 << 20),
    "current_buffer": _whole(1),
    "memory": _whole(1),
    "page_size": _whole(4096, 1 << 20),
    "udp_mem": _udp_mem,
    "cpus": _whole(1, 65536),
    "link_speed": lambda name, value: to_number(name, value, 0, 10**8, above=True),
    # An IPv4 host takes packets of 68 bytes at least (RFC 791), and 65,535 at most.
    "mtu": _whole(68, 65535),
    "queues": _whole(1, 65536),
    "ring_max": _whole(1, 1 << 24),
}
_DEFAULTS: dict[str, Any] = {
    **dict.fromkeys(_CONVERTERS),
    "profile": "buffers",
    "service_rate": 0.0,
    "memory_share": MEMORY_SHARE,
    "ring_memory_limit": MEMORY_LIMIT,
    "burst": 0,
    "page_size": 4096,
    "mtu": 1500,
    "queues": 1,
}


def normalise(given: Any, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the workload that ``what_if`` takes; ``options`` win over the dictionary ``given``.

    Numbers may come as text; what is None is not given. Raises SettingError, the name of the key first.
    """
    asked = {**_dictionary(given), **options}
    for name in asked:
        if name not in _CONVERTERS:
            there_are = ", ".join(sorted(_CONVERTERS))
            raise SettingError(NAME, f"unknown key '{name}'{nearest(name, _CONVERTERS)}; there are: {there_are}")
    known = {name: _CONVERTERS[name](name, value) for name, value in asked.items() if value is not None}
    taken = known.get("service_time")
    if taken and known.get("service_rate"):
        raise SettingError("service_time", "is 1 / service_rate: give one of them")
    if taken:
        known["service_rate"] = float(f"{1 / taken:.12g}")
    profile = resolve({name: known.get(name) for name in WORKLOAD} | {"profile": known.get("profile", "buffers")})
    return {**_DEFAULTS, **known, **{name: profile[name] for name in WORKLOAD}}


def _dictionary(given: Any) -> dict[str, Any]:
    """Return the input; a template that makes text of a dictionary may make JSON of it."""
    if isinstance(given, str):
        with contextlib.suppress(ValueError):
            given = json.loads(given)
    if not isinstance(given, Mapping):
        raise SettingError(
            NAME, f"the input must be a dictionary such as {{'rate': 20000, 'stall': 0.05}}, not {given!r}"
        )
    return {str(key): value for key, value in given.items()}


def of_the_role(workload: Mapping[str, Any]) -> dict[str, Any]:
    """Return the role's variables that say the same. A burst becomes a longer stall: what counts is their product."""
    stall = workload["stall"] + workload["burst"] / workload["rate"]
    said = {name: workload[name] for name in _OF_THE_ROLE if name != "ring_memory_limit"}
    said.update(stall=stall, service_rate=pace_of(workload))
    return {f"udp_tuning_{name}": _plain(value) for name, value in said.items()}


def _plain(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value
