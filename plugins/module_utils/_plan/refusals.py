# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""When a device, or one of its knobs, is better left alone: what somebody else built upon it, or owns.

Everything here can be overruled with ``udp_tuning_force``; the reasons are sentences for the user.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

CHANNELS, RING, COALESCE, RSS = "nic_channels", "nic_ring", "nic_coalesce", "nic_rss"
IRQ, STEERING = "irq_affinity", "packet_steering"
DEVICE_FAMILIES = (CHANNELS, RING, COALESCE, RSS, IRQ, STEERING)
# Which queue a datagram goes to, and which CPU serves it. Ring and coalescing leave that as it is.
_SPREAD = (CHANNELS, RSS, IRQ, STEERING)


def refusal(survey: Mapping[str, Any], interface: str, family: str) -> str | None:
    """Return why this family of this device is left alone; None where nothing speaks against it."""
    facts = survey["interfaces"].get(interface) or {}
    for families, why in (*_of_device(facts), *_of_agents(survey, facts)):
        if family in families:
            return f"{interface}: {why}"
    return None


def _of_device(facts: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    found: list[tuple[tuple[str, ...], str]] = []
    if facts.get("xdp"):
        found.append((DEVICE_FAMILIES, f"carries an XDP program ({facts['xdp']}), whose queues are its owner's matter"))
    if facts.get("af_xdp"):
        queues = ", ".join(str(queue) for queue in facts["af_xdp"])
        found.append((DEVICE_FAMILIES, f"AF_XDP sockets are bound to its queues ({queues})"))
    custom = _custom_spread(facts)
    if custom:
        found.append((_SPREAD, custom))
    for family, said in (facts.get("tuned") or {}).items():
        # A .link file or NetworkManager sets it once, before us; tuned whenever it starts or changes its profile.
        found.append(((family,), f"{said}; take it out of that profile"))
    pair = facts.get("netvsc_pair")
    if pair:
        why = f"is one half of a pair with {pair}: hv_netvsc moves the traffic between them and sets up their queues"
        found.append((DEVICE_FAMILIES, why))
    return found


def _custom_spread(facts: Mapping[str, Any]) -> str | None:
    """Somebody decided which queue gets what; a table that we wrote ourselves is no such thing."""
    if facts.get("rss_contexts"):
        return f"has RSS contexts of its own making ({facts['rss_contexts']}), which name its queues"
    if facts.get("flow_rules"):
        return f"has {facts['flow_rules']} flow steering rules (ethtool -n), which name its queues"
    if facts.get("custom_table") and not facts.get("indirection_is_ours"):
        return "has an indirection table that somebody weighted (ethtool -x)"
    return None


def _of_agents(survey: Mapping[str, Any], facts: Mapping[str, Any]) -> list[tuple[tuple[str, ...], str]]:
    return [
        (tuple(agent["owns"]), f"{agent['name']} owns this on the host ({agent['sign']})")
        for agent in survey["agents"]
        if not agent.get("drivers") or facts.get("driver") in agent["drivers"]
    ]
