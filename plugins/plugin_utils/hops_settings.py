# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the hops, normalised once, and what is to be done on the path that they name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._probe.load import (
    MAX_BUFFER,
    MAX_DSCP,
    MAX_FLOWS,
    MAX_RATE,
    MAX_SECONDS,
    Load,
    check,
)
from ansible_collections.rxpath.linux.plugins.module_utils._probe.payload import MAX_SIZE, MIN_SIZE
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import MAX_WINDOW, OptionError
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import (
    SettingError,
    nearest,
    to_bool,
    to_list,
    to_number,
    to_whole,
    to_words,
)

PREFIX = "udp_hops_"
VARIABLES = (
    "udp_hops_path",
    "udp_hops_window",
    "udp_hops_namespaces",
    "udp_hops_probe",
    "udp_hops_probe_legs",
    "udp_hops_probe_rate",
    "udp_hops_probe_duration",
    "udp_hops_probe_size",
    "udp_hops_probe_flows",
    "udp_hops_probe_dscp",
    "udp_hops_probe_port",
    "udp_hops_probe_receive_buffer",
    "udp_hops_forward_port",
    "udp_hops_max_loss_ratio",
    "udp_hops_report_dir",
)
# Each hop to the next; the first straight to the last; through each forwarder.
HOPS, DIRECT, FORWARDED = LEGS = ("hops", "direct", "forwarded")
# Of the inventory: a host's own.
OF_HOSTS = ("udp_hops_address",)


class HopsSettings(NamedTuple):
    """What to measure, how to probe, how to judge, where to report. ``probe`` is None where none is asked for."""

    path: tuple[str, ...]
    window: float
    namespaces: list[str]
    probe: Load | None
    legs: tuple[str, ...]
    port: int
    receive_buffer: int
    forward_port: int
    max_loss_ratio: float
    report_dir: str


def normalise_hops(variables: Mapping[str, Any]) -> HopsSettings:
    """Return the settings; ``variables`` holds every name of VARIABLES, typed or as strings. Raises SettingError."""
    for name in VARIABLES:
        if name not in variables:
            raise SettingError(name, "is not defined")
    path = tuple(str(one).strip() for one in to_list("udp_hops_path", variables["udp_hops_path"]))
    if len(path) < 2 or not all(path):
        raise SettingError("udp_hops_path", "name two or more groups or hosts, in the order of the path (path=a,b,c)")
    namespaces = to_words("udp_hops_namespaces", variables["udp_hops_namespaces"])
    if not namespaces:
        raise SettingError("udp_hops_namespaces", "must be `all`, `host` or a list of names, not empty")
    directory = variables["udp_hops_report_dir"]
    if not isinstance(directory, str) or not directory.strip():
        raise SettingError("udp_hops_report_dir", f"must be a path, not {directory!r}")
    port = to_whole("udp_hops_probe_port", variables["udp_hops_probe_port"], 0, 65535)
    forward = to_whole("udp_hops_forward_port", variables["udp_hops_forward_port"], 0, 65535)
    if forward and not port:
        raise SettingError("udp_hops_probe_port", "must be the port that udp_hops_forward_port is forwarded to")
    if forward and len(path) < 3:
        raise SettingError("udp_hops_forward_port", "needs a forwarder: a path of three or more")
    asked = to_bool("udp_hops_probe", variables["udp_hops_probe"])
    buffer = to_whole("udp_hops_probe_receive_buffer", variables["udp_hops_probe_receive_buffer"], 0, MAX_BUFFER)
    return HopsSettings(
        path=path,
        window=to_number("udp_hops_window", variables["udp_hops_window"], 0, MAX_WINDOW, above=True),
        namespaces=namespaces,
        probe=_load(variables) if asked else None,
        legs=_legs(variables["udp_hops_probe_legs"]),
        port=port,
        receive_buffer=buffer,
        forward_port=forward,
        max_loss_ratio=to_number("udp_hops_max_loss_ratio", variables["udp_hops_max_loss_ratio"], 0, 1),
        report_dir=str(directory),
    )


def _legs(value: Any) -> tuple[str, ...]:
    words = to_words("udp_hops_probe_legs", value)
    for word in words:
        if word not in LEGS:
            meant = nearest(word, LEGS)
            raise SettingError("udp_hops_probe_legs", f"unknown value '{word}'{meant}; there are: {', '.join(LEGS)}")
    if not words:
        raise SettingError("udp_hops_probe_legs", f"must name one of: {', '.join(LEGS)}")
    return tuple(words)


def _load(variables: Mapping[str, Any]) -> Load:
    whole = {
        "rate": (1, MAX_RATE),
        "size": (MIN_SIZE, MAX_SIZE),
        "flows": (1, MAX_FLOWS),
        "dscp": (0, MAX_DSCP),
    }
    values: dict[str, Any] = {
        name: to_whole(f"udp_hops_probe_{name}", variables[f"udp_hops_probe_{name}"], low, high)
        for name, (low, high) in whole.items()
    }
    name = "udp_hops_probe_duration"
    values["duration"] = to_number(name, variables[name], 0, MAX_SECONDS, above=True)
    try:
        return check(Load(**values))
    except OptionError as error:
        raise SettingError("udp_hops_probe_*", str(error)) from None


def misspelt_hops(names: Sequence[str]) -> list[str]:
    """Return the names that look like variables of the hops and are none, each with what was probably meant."""
    known = VARIABLES + OF_HOSTS
    return [name + nearest(name, known) for name in sorted(names) if name.startswith(PREFIX) and name not in known]


def rounds(settings: HopsSettings, groups: Sequence[Sequence[str]]) -> list[dict[str, Any]]:
    """Return what is done one after the other: one window on all hosts, or one probe for each leg of the path.

    ``groups`` are the hosts of each part of the path. A probe takes the first host of each: from each to the next,
    from the first straight to the last, and through each forwarder where a port is forwarded.
    """
    if settings.probe is None:
        return [{"kind": "counters", "hosts": [host for group in groups for host in group]}]
    hosts, legs = [group[0] for group in groups], []
    if HOPS in settings.legs:
        legs += [_leg(sender, receiver) for sender, receiver in zip(hosts, hosts[1:])]
    if DIRECT in settings.legs and (len(hosts) > 2 or not legs):
        legs.append(_leg(hosts[0], hosts[-1]))
    if FORWARDED in settings.legs and settings.forward_port:
        legs += [_leg(sender, receiver, via) for sender, via, receiver in zip(hosts, hosts[1:], hosts[2:])]
    if not legs:
        raise SettingError("udp_hops_probe_legs", "leaves nothing to probe: `forwarded` needs udp_hops_forward_port")
    return legs


def _leg(sender: str, receiver: str, via: str | None = None) -> dict[str, Any]:
    hosts = [sender, receiver] if via is None else [sender, via, receiver]
    return {"kind": "probe", "hosts": hosts, "sender": sender, "receiver": receiver, "via": via}
