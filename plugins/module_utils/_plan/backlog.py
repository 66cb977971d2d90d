# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whether the per-CPU backlog is on the path of a host's datagrams, and how long it should be then.

Facts: net/core/dev.c (``enqueue_to_backlog`` is used by RPS and by ``netif_rx``: veth without NAPI, ipvlan),
include/net/gro_cells.h (tunnels compare their own queue with the same limit). A NIC that polls, without RPS, never
uses it. Loopback does, but runs the queue on the sender's CPU right after each packet, so that it does not fill.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.numbers import count, given

# rtnetlink's kinds of devices whose packets wait in a queue of that limit.
ON_THE_PATH = ("veth", "ipvlan", "vxlan", "geneve", "gre", "gretap", "ip6gre", "ip6gretap", "ipip", "sit", "ip6tnl")
# A CPU can be kept from its softirq for two budgets of 8 ms (the kernel's at 250 ticks a second), and a switch.
BUSY_SECONDS = 0.02
_STEP = 1000


def backlog(settings: Mapping[str, Any], survey: Mapping[str, Any]) -> tuple[int | None, str]:
    """Return (packets a CPU, why), or (None, why not). Decided by what is set up, not by counters.

    A counter would let a second run decide otherwise than the first.
    """
    reasons = _reasons(settings, survey)
    if not reasons:
        return None, "not on the path of these devices (no RPS, no veth, no tunnel)"
    wanted, arithmetic = backlog_for(settings["rate"], settings["sockets"])
    return wanted, f"on the path ({'; '.join(reasons)}): {arithmetic}"


def backlog_for(rate: float, sockets: int) -> tuple[int, str]:
    """Return the packets that come while a CPU is kept from its backlog, in thousands, and the arithmetic."""
    packets = rate * sockets * BUSY_SECONDS
    wanted = max(_STEP, int(-(-packets // _STEP) * _STEP))
    arithmetic = f"{given(rate)}/s x {count(sockets)} sockets x 20 ms on one CPU = {count(packets)}"
    if count(packets) != count(wanted):
        arithmetic += f", in steps of {count(_STEP)}: {count(wanted)}"
    return wanted, arithmetic


def _reasons(settings: Mapping[str, Any], survey: Mapping[str, Any]) -> list[str]:
    reasons = []
    if settings["rps"] not in ("keep", "off"):
        reasons.append("RPS is asked for")
    steered = [
        name
        for name, facts in sorted(survey["interfaces"].items())
        if any(entry.get("cpus") for entry in facts.get("rps") or ())
    ]
    if steered and settings["rps"] != "off":
        reasons.append(f"RPS is on: {', '.join(steered)}")
    kinds = sorted({link["kind"] for link in survey["links"].values() if link["up"] and link["kind"] in ON_THE_PATH})
    if kinds:
        reasons.append(f"devices that use it are up: {', '.join(kinds)}")
    return reasons
