# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Values of knobs: a word, a number, CPUs, lists. Each function returns the value or raises SettingError."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import format_cpulist, parse_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import (
    SettingError,
    nearest,
    to_bool,
    to_list,
    to_mapping,
    to_whole,
)

_MAX_INT = 2147483647
_USECS = ("rx_usecs", "rx_frames", "tx_usecs", "tx_frames")
_ADAPTIVE = ("adaptive_rx", "adaptive_tx")


def plain(value: Any) -> Any:
    """Return ``off`` for False, which is what YAML makes of the bare word; a string without blanks around it."""
    if value is False:
        return "off"
    return value.strip() if isinstance(value, str) else value


def word(words: Sequence[str]) -> Callable[[str, Any], str]:
    """Make the conversion that takes only these words."""

    def convert(variable: str, value: Any) -> str:
        if plain(value) in words:
            return str(plain(value))
        raise SettingError(variable, f"must be one of {', '.join(words)}, not {value!r}{nearest(str(value), words)}")

    return convert


def number_or_word(words: Sequence[str], low: int, high: int) -> Callable[[str, Any], Any]:
    """Make the conversion that takes these words and whole numbers of that range."""

    def convert(variable: str, value: Any) -> Any:
        known = plain(value)
        if known in words:
            return known
        try:
            return to_whole(variable, known, low, high)
        except SettingError as error:
            meant = nearest(str(value), words)
            what = f"must be {', '.join(words)} or a whole number from {low} to {high}, not {value!r}{meant}"
            raise SettingError(variable, what) from error

    return convert


def three_pages(variable: str, value: Any) -> str:
    """udp_mem: auto, keep, or three numbers of pages in rising order, as text."""
    known = plain(value)
    if known in ("auto", "keep"):
        return str(known)
    parts = known.split() if isinstance(known, str) and "," not in known else to_list(variable, known)
    numbers = [to_whole(variable, part, 1, _MAX_INT) for part in parts]
    if len(numbers) != 3 or numbers != sorted(numbers):
        raise SettingError(variable, f"must be auto, keep or three rising numbers of pages, not {value!r}")
    return " ".join(str(number) for number in numbers)


def cpus(words: Sequence[str]) -> Callable[[str, Any], str]:
    """Make the conversion that takes these words and a CPU list: "0-3,8", 2, [0, 1]."""

    def convert(variable: str, value: Any) -> str:
        known = plain(value)
        if known in words:
            return str(known)
        return cpu_list(variable, known, words)

    return convert


def cpu_list(variable: str, value: Any, words: Sequence[str] = ()) -> str:
    """Return CPUs as the kernel writes a list of them."""
    text = ",".join(str(item) for item in value) if isinstance(value, (list, tuple)) else str(value)
    try:
        if isinstance(value, bool):
            raise ParseError("CPU list", text)
        found = parse_cpulist(text)
    except ParseError:
        found = []
    if not found:
        said = "".join(f"{item}, " for item in words if item)
        raise SettingError(variable, f"must be {said}or a list of CPUs such as 0-3,8, not {value!r}")
    return format_cpulist(found)


def cpus_or_lists(words: Sequence[str]) -> Callable[[str, Any], Any]:
    """Make the conversion that takes these words, a CPU list for all queues, or a list with one for each queue."""

    def convert(variable: str, value: Any) -> Any:
        known = plain(value)
        if isinstance(known, (list, tuple)):
            return [cpu_list(variable, item) for item in known]
        return cpus(words)(variable, known)

    return convert


def weights_or_word(words: Sequence[str]) -> Callable[[str, Any], Any]:
    """Make the conversion that takes these words, or the weight of each queue."""

    def convert(variable: str, value: Any) -> Any:
        known = plain(value)
        if known in words:
            return known
        try:
            weights = [to_whole(variable, item, 0, 65535) for item in to_list(variable, known)]
        except SettingError:
            weights = []
        if not any(weights):
            what = f"must be {', '.join(words)} or a weight for each queue such as 2,1,1, one of them not 0"
            raise SettingError(variable, f"{what}, not {value!r}")
        return weights

    return convert


def irq_affinity(variable: str, value: Any) -> Any:
    """keep, auto, {queue: CPUs}, [CPUs of queue 0, …], or {interface: one of the latter two}."""
    known = plain(value)
    if known in ("keep", "auto"):
        return known
    if isinstance(known, str) and not known.startswith(("{", "[")):
        raise SettingError(variable, f"must be keep, auto or queues with their CPUs ({{0: 2, 1: 3}}), not {value!r}")
    if isinstance(known, (list, tuple)) or (isinstance(known, str) and known.startswith("[")):
        return _queues(variable, to_list(variable, known))
    mapping = to_mapping(variable, known)
    if mapping and all(key.isdecimal() for key in mapping):
        return _queues(variable, mapping)
    return {name: _queues(f"{variable}.{name}", plain(item)) for name, item in mapping.items()}


def _queues(variable: str, value: Any) -> dict[str, str]:
    items = dict(enumerate(value)) if isinstance(value, (list, tuple)) else to_mapping(variable, value)
    if not items:
        raise SettingError(variable, "must name at least one queue")
    return {
        str(to_whole(variable, queue, 0, 65535)): cpu_list(f"{variable}[{queue}]", item)
        for queue, item in items.items()
    }


def coalesce(variable: str, value: Any) -> dict[str, Any]:
    """Interrupt moderation; only what is named is set."""
    given = to_mapping(variable, value)
    for name in given:
        if name not in _USECS + _ADAPTIVE:
            raise SettingError(variable, f"unknown key '{name}'; there are: {', '.join(_USECS + _ADAPTIVE)}")
    return {
        name: to_bool(f"{variable}.{name}", item)
        if name in _ADAPTIVE
        else to_whole(f"{variable}.{name}", item, 0, _MAX_INT)
        for name, item in given.items()
    }


def sysctls(variable: str, value: Any) -> dict[str, str]:
    """Further sysctls: keys in dots, values as text with one blank between words."""
    found = {}
    for key, item in to_mapping(variable, value).items():
        if isinstance(item, (Mapping, bool)) or item is None:
            raise SettingError(f"{variable}.{key}", f"must be a number or text, not {item!r}")
        words = item if isinstance(item, (list, tuple)) else str(item).split()
        found[key] = " ".join(str(part) for part in words)
    return found


def sysctl_file(variable: str, value: Any) -> str:
    """An absolute path of a file that systemd-sysctl reads: below /etc/sysctl.d, ending in .conf."""
    path = str(value).strip()
    if posixpath.dirname(path) != "/etc/sysctl.d" or not path.endswith(".conf") or posixpath.normpath(path) != path:
        raise SettingError(variable, f"must be a file /etc/sysctl.d/NAME.conf, not {value!r}")
    return path
