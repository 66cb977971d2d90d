# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one device is asked for: the settings turned into the requests of its families, in the order of work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._plan.refusals import (
    CHANNELS,
    COALESCE,
    IRQ,
    RING,
    RSS,
    STEERING,
)

AUTO, KEEP = "auto", "keep"

Request = dict[str, Any]


def device_requests(settings: Mapping[str, Any], interface: str, facts: Mapping[str, Any]) -> list[Request]:
    """Return the requests of a NIC's families whose knobs are not all "keep". ``settings`` are resolved.

    Values have the types of the modules' parameters, so that both remember the same request.
    """
    made = (
        (CHANNELS, _channels(settings["channels"], facts)),
        (RING, _ring(settings)),
        (COALESCE, _coalesce(settings["coalesce"])),
        (RSS, _rss(settings)),
        (IRQ, _irq(settings, interface)),
        (STEERING, steering(settings)),
    )
    return [{"family": family, "interface": interface, **request} for family, request in made if request]


def _channels(knob: Any, facts: Mapping[str, Any]) -> Request:
    """Combined channels; a driver without them has receive channels of their own."""
    if knob == KEEP:
        return {}
    limits = facts.get("channels") or {}
    apart = not limits.get("combined_max") and limits.get("rx_max")
    return {"rx": str(knob)} if apart else {"combined": str(knob)}


def _ring(settings: Mapping[str, Any]) -> Request:
    sides = {side: str(settings[f"ring_{side}"]) for side in ("rx", "tx") if settings[f"ring_{side}"] != KEEP}
    return {**sides, "memory_limit": settings["ring_memory_limit"]} if sides else {}


def _coalesce(fields: Mapping[str, Any]) -> Request:
    switch = {True: "on", False: "off"}
    return {name: switch[value] if isinstance(value, bool) else str(value) for name, value in fields.items()}


def _rss(settings: Mapping[str, Any]) -> Request:
    request: Request = {}
    fields, table = settings["hash_fields"], settings["indirection"]
    if fields != KEEP:
        request.update(udp4=fields, udp6=fields)
    if isinstance(table, list):
        request["weights"] = table
    elif table != KEEP:
        # What a request leaves open stays remembered from an earlier one: weights are taken back expressly.
        request.update(indirection=table, weights=[])
    return request


def _irq(settings: Mapping[str, Any], interface: str) -> Request:
    knob = settings["irq_affinity"]
    if knob == AUTO:
        return {"policy": AUTO, "housekeeping_cpus": _list(settings["housekeeping_cpus"])}
    if knob == KEEP:
        return {}
    if all(isinstance(cpus, Mapping) for cpus in knob.values()):
        knob = knob.get(interface) or {}
    return {"policy": "explicit", "queues": dict(knob)} if knob else {}


def steering(settings: Mapping[str, Any]) -> Request:
    """Return what RPS, RFS and XPS are asked for."""
    knobs: Request = {name: settings[name] for name in ("rps", "rfs", "xps") if settings[name] != KEEP}
    if "rfs" in knobs:
        knobs["rfs"] = str(knobs["rfs"])
    if AUTO in knobs.values():
        knobs["housekeeping_cpus"] = _list(settings["housekeeping_cpus"])
    return knobs


def _list(cpus: str) -> list[str]:
    return [part for part in cpus.split(",") if part]
