# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the audit, normalised once: what to measure, how to judge, where to report."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import FINDING_IDS
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.settings import DEFAULT_THRESHOLDS
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import MAX_WINDOW, MIN_INTERVAL
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import (
    SettingError,
    nearest,
    to_bool,
    to_mapping,
    to_number,
    to_whole,
    to_words,
)
from ansible_collections.rxpath.linux.plugins.plugin_utils.improvement import Limits
from ansible_collections.rxpath.linux.plugins.plugin_utils.report import FORMATS
from ansible_collections.rxpath.linux.plugins.plugin_utils.rules import read_rules

PREFIX = "udp_audit_"
VARIABLES = (
    "udp_audit_window",
    "udp_audit_interval",
    "udp_audit_namespaces",
    "udp_audit_max_extension",
    "udp_audit_drop_reasons",
    "udp_audit_min_drops",
    "udp_audit_max_loss_ratio",
    "udp_audit_fail_on",
    "udp_audit_fail_on_unknown",
    "udp_audit_ignore",
    "udp_audit_max_queue_delay",
    "udp_audit_max_buffer_bytes",
    "udp_audit_thresholds",
    "udp_audit_rules",
    "udp_audit_report_dir",
    "udp_audit_report_formats",
    "udp_audit_apply",
    "udp_audit_max_rounds",
    "udp_audit_restart_services",
    "udp_audit_confirm_timeout",
    "udp_audit_lease_seconds",
)
# Of the playbook: a play's "serial" sees no defaults of a role.
OF_THE_PLAYBOOK = ("udp_audit_wave",)
_DAY = 86400
_IGNORABLE = ("ports", "processes", "namespaces")


class Settings(NamedTuple):
    """What the modules measure (``measure``), what the diagnosis judges by, what may be changed, and the reports."""

    measure: dict[str, Any]
    diagnose: dict[str, Any]
    apply: bool
    limits: Limits
    report_dir: str
    report_formats: list[str]


def normalise(variables: Mapping[str, Any]) -> Settings:
    """Return the settings that a host's variables ask for.

    ``variables`` holds every name of ``VARIABLES``, typed or as the strings that ``-e`` makes of them.

    Raises:
        SettingError: a variable that is missing or cannot be used; its name comes first in the message.
    """
    for name in VARIABLES:
        if name not in variables:
            raise SettingError(name, "is not defined")
    return Settings(
        measure=_measure(variables),
        diagnose=_diagnose(variables),
        apply=to_bool("udp_audit_apply", variables["udp_audit_apply"]),
        limits=_limits(variables),
        report_dir=_report_dir(variables["udp_audit_report_dir"]),
        report_formats=_known("udp_audit_report_formats", variables["udp_audit_report_formats"], FORMATS),
    )


def check_wave(value: Any) -> None:
    """Raise SettingError for what a play's "serial" cannot take: Ansible itself would end with a traceback."""
    for item in value if isinstance(value, (list, tuple)) else [value]:
        if not re.fullmatch(r"\d+%?", str(item).strip()):
            raise SettingError(
                "udp_audit_wave",
                f"must be a number of hosts, a percentage such as 10%, or a list of these, not {item!r}",
            )


def misspelt(names: Iterable[str]) -> list[str]:
    """Return the names that look like variables of the audit and are none, each with what was probably meant."""
    known = VARIABLES + OF_THE_PLAYBOOK
    return [name + nearest(name, known) for name in sorted(names) if name.startswith(PREFIX) and name not in known]


def _measure(variables: Mapping[str, Any]) -> dict[str, Any]:
    window = to_number("udp_audit_window", variables["udp_audit_window"], 0, MAX_WINDOW, above=True)
    namespaces = to_words("udp_audit_namespaces", variables["udp_audit_namespaces"])
    if not namespaces:
        raise SettingError("udp_audit_namespaces", "must be `all`, `host` or a list of names, not empty")
    return {
        "window": window,
        "interval": to_number("udp_audit_interval", variables["udp_audit_interval"], MIN_INTERVAL, MAX_WINDOW),
        "namespaces": namespaces,
        "max_extension": to_number("udp_audit_max_extension", variables["udp_audit_max_extension"], 0, MAX_WINDOW),
        "drop_reasons": to_bool("udp_audit_drop_reasons", variables["udp_audit_drop_reasons"]),
    }


def _diagnose(variables: Mapping[str, Any]) -> dict[str, Any]:
    thresholds = to_mapping("udp_audit_thresholds", variables["udp_audit_thresholds"])
    for name in thresholds:
        if name not in DEFAULT_THRESHOLDS:
            known = ", ".join(sorted(DEFAULT_THRESHOLDS))
            meant = nearest(name, DEFAULT_THRESHOLDS)
            raise SettingError("udp_audit_thresholds", f"unknown threshold '{name}'{meant}; there are: {known}")
    ratio = to_number("udp_audit_max_loss_ratio", variables["udp_audit_max_loss_ratio"], 0, 1)
    delay = to_number("udp_audit_max_queue_delay", variables["udp_audit_max_queue_delay"], 0, above=True)
    return {
        "min_drops": to_whole("udp_audit_min_drops", variables["udp_audit_min_drops"], 1),
        "max_loss_ratio": ratio,
        "fail_on": _known("udp_audit_fail_on", variables["udp_audit_fail_on"], FINDING_IDS),
        "ignore": _ignore(variables["udp_audit_ignore"]),
        "fail_on_unknown": to_bool("udp_audit_fail_on_unknown", variables["udp_audit_fail_on_unknown"]),
        "max_extension": to_number("udp_audit_max_extension", variables["udp_audit_max_extension"], 0, MAX_WINDOW),
        "max_queue_delay": delay,
        "max_buffer_bytes": to_whole("udp_audit_max_buffer_bytes", variables["udp_audit_max_buffer_bytes"], 0),
        "thresholds": {
            **DEFAULT_THRESHOLDS,
            **{name: to_number(f"udp_audit_thresholds.{name}", value, 0) for name, value in thresholds.items()},
        },
        "rules": read_rules("udp_audit_rules", variables["udp_audit_rules"]),
    }


def _limits(variables: Mapping[str, Any]) -> Limits:
    timeout = to_whole("udp_audit_confirm_timeout", variables["udp_audit_confirm_timeout"], 10, _DAY)
    return Limits(
        max_rounds=to_whole("udp_audit_max_rounds", variables["udp_audit_max_rounds"], 1, 10),
        restart_services=tuple(to_words("udp_audit_restart_services", variables["udp_audit_restart_services"])),
        confirm_timeout=timeout,
        lease_seconds=to_whole("udp_audit_lease_seconds", variables["udp_audit_lease_seconds"], 60, _DAY),
    )


def _ignore(value: Any) -> dict[str, Any]:
    given = to_mapping("udp_audit_ignore", value)
    for name in given:
        if name not in _IGNORABLE:
            raise SettingError("udp_audit_ignore", f"unknown key '{name}'; there are: {', '.join(_IGNORABLE)}")
    ports = to_words("udp_audit_ignore.ports", given.get("ports"))
    return {
        "ports": [to_whole("udp_audit_ignore.ports", port, 1, 65535) for port in ports],
        "processes": to_words("udp_audit_ignore.processes", given.get("processes")),
        "namespaces": to_words("udp_audit_ignore.namespaces", given.get("namespaces")),
    }


def _known(variable: str, value: Any, known: Iterable[str]) -> list[str]:
    words = to_words(variable, value)
    for word in words:
        if word not in known:
            meant = nearest(word, known)
            raise SettingError(variable, f"unknown value '{word}'{meant}; there are: {', '.join(known)}")
    return words


def _report_dir(value: Any) -> str:
    if not isinstance(value, str) or not value.strip():
        raise SettingError("udp_audit_report_dir", f"must be a path, not {value!r}")
    return str(value)
