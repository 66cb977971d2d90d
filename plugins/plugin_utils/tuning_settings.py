# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the tuning, normalised once on the controller, before any host is touched."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._plan.profile import FROM_PROFILE, PROFILES
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import (
    SettingError,
    nearest,
    to_bool,
    to_mapping,
    to_number,
    to_whole,
    to_words,
)
from ansible_collections.rxpath.linux.plugins.plugin_utils.tuning_values import (
    coalesce,
    cpus,
    cpus_or_lists,
    irq_affinity,
    number_or_word,
    sysctl_file,
    sysctls,
    three_pages,
    weights_or_word,
    word,
)

PREFIX = "udp_tuning_"
# Linux keeps them in an int.
_MAX_INT = 2147483647
_DAY = 86400

Convert = Callable[[str, Any], Any]


def _number(low: float, high: float, above: bool = False) -> Convert:
    return lambda name, value: to_number(name, value, low, high, above=above)


def _whole(low: int, high: int) -> Convert:
    return lambda name, value: to_whole(name, value, low, high)


def _unless_from_profile(convert: Convert) -> Convert:
    """Let "profile" through: the host's plan puts the profile's own value there."""
    return lambda name, value: FROM_PROFILE if value in (None, FROM_PROFILE) else convert(name, value)


# What the profile answers where nobody names it.
_PROFILED: dict[str, Convert] = {
    "rate": _number(0, 1e9, above=True),
    "datagram_size": _whole(1, 65507),
    "stall": _number(0, 60, above=True),
    "sockets": _whole(1, 1_000_000),
    "max_queue_delay": _number(0, 3600, above=True),
    "rmem_max": number_or_word(("auto", "keep"), 2304, _MAX_INT),
    "rmem_default": number_or_word(("auto", "keep"), 2304, _MAX_INT),
    "udp_mem": three_pages,
    "netdev_max_backlog": number_or_word(("auto", "keep"), 1, _MAX_INT),
    "netdev_budget": number_or_word(("auto", "keep"), 1, _MAX_INT),
    "netdev_budget_usecs": number_or_word(("auto", "keep"), 1, _MAX_INT),
    "channels": number_or_word(("auto", "keep"), 1, 65536),
    "ring_rx": number_or_word(("max", "keep"), 1, _MAX_INT),
    "ring_tx": number_or_word(("max", "keep"), 1, _MAX_INT),
    "hash_fields": word(("keep", "sdfn", "sd")),
    "indirection": weights_or_word(("keep", "equal", "default")),
    "irq_affinity": irq_affinity,
    "rps": cpus(("keep", "auto", "off")),
    "rfs": number_or_word(("keep", "auto", "off"), 1, 1 << 29),
    "xps": cpus_or_lists(("keep", "auto", "off")),
}


def _interfaces(variable: str, value: Any) -> list[str]:
    names = to_words(variable, value)
    if not names:
        raise SettingError(variable, "must be `auto` or names of network interfaces, not empty")
    if "auto" in names and len(names) > 1:
        raise SettingError(variable, "must be `auto` alone or names of network interfaces, not both")
    for name in names:
        if len(name.encode()) > 15 or "/" in name or name in (".", "..") or any(mark.isspace() for mark in name):
            raise SettingError(variable, f"'{name}' is no name of a network interface")
    return names


_OWN: dict[str, Convert] = {
    "profile": word(tuple(PROFILES)),
    "interfaces": _interfaces,
    "force": to_bool,
    "strict": to_bool,
    "service_rate": _number(0, 1e9),
    "memory_share": _number(0, 1, above=True),
    "sysctls": sysctls,
    "sysctl_file": sysctl_file,
    "lower": to_bool,
    "ring_memory_limit": _whole(1, 1 << 50),
    "coalesce": coalesce,
    "housekeeping_cpus": cpus(("",)),
    "confirm_timeout": _whole(0, _DAY),
    "persist_only": to_bool,
    "lease_seconds": _whole(60, _DAY),
}

CONVERTERS: dict[str, Convert] = {
    **_OWN,
    **{name: _unless_from_profile(convert) for name, convert in _PROFILED.items()},
}
VARIABLES = tuple(PREFIX + name for name in CONVERTERS)


def normalise_tuning(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings (names without the prefix) that a host's variables ask for.

    ``variables`` holds every name of ``VARIABLES``, typed or as the strings that ``-e`` makes of them.
    Raises SettingError for one that is missing or cannot be used; its name comes first in the message.
    """
    settings = {}
    for name, convert in CONVERTERS.items():
        variable = PREFIX + name
        if variable not in variables:
            raise SettingError(variable, "is not defined")
        settings[name] = convert(variable, variables[variable])
    if settings["confirm_timeout"] and settings["confirm_timeout"] < 10:
        raise SettingError(
            PREFIX + "confirm_timeout",
            f"must be 0 (no confirmation) or at least 10 seconds, not {settings['confirm_timeout']}: a new connection"
            " needs some",
        )
    return settings


def misspelt_tuning(names: Iterable[str]) -> list[str]:
    """Return the names that look like variables of the tuning and are none, each with what was probably meant."""
    return _misspelt(names, PREFIX, VARIABLES)


def misspelt_rollback(names: Iterable[str]) -> list[str]:
    """Return the same for the rollback."""
    return _misspelt(names, "udp_rollback_", ("udp_rollback_force",))


def _misspelt(names: Iterable[str], prefix: str, known: tuple[str, ...]) -> list[str]:
    return [name + nearest(name, known) for name in sorted(names) if name.startswith(prefix) and name not in known]


def as_requests(variable: str, value: Any) -> list[dict[str, Any]] | None:
    """Return a list of requests that replaces the profile; None where there is none. Raises SettingError."""
    if value is None or value == "":
        return None
    if not isinstance(value, (list, tuple)):
        raise SettingError(variable, "must be a list of dictionaries, each with a `family`")
    requests = [to_mapping(variable, item) for item in value]
    for request in requests:
        if not isinstance(request.get("family"), str):
            raise SettingError(variable, f"an entry without `family`: {request}")
    return requests
