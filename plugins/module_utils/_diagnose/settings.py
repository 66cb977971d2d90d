# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Thresholds and choices of the diagnosis, each with its reason.

Everything that is a judgement and not a kernel fact stands here, so that a site can set it
(``udp_audit_thresholds``) and a reader can see it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DEFAULT_THRESHOLDS: dict[str, float] = {
    # A socket's queue counts as empty below this share of its buffer: a reader that keeps up leaves a few datagrams.
    "empty_queue_ratio": 0.05,
    # A reader that waits for something else than datagrams for this share of the window is stalled.
    "stall_share": 0.15,
    # A cause that explains less than this share of a socket's loss is not told.
    "cause_share": 0.1,
    # Below this many datagrams in the window nothing can be said about a host.
    "min_datagrams": 20,
    # max/mean of packets over CPUs, and softirq share, from which one CPU is called hot.
    "hot_cpu_ratio": 3.0,
    "hot_cpu_softirq_share": 0.8,
    # Counters of IP are of all protocols: fewer packets than this in a window are the background of any network.
    "ip_noise": 5,
    # A residual between IP and UDP below this (or 1 % of what came in) is noise: idle namespaces show 1 to 3.
    "unaccounted_min": 10,
    "unaccounted_ratio": 0.01,
    # One socket of a reuse-port group with this share of the group's drops is an imbalance.
    "reuseport_share": 0.8,
    # A conntrack table above this share is called full when datagrams were lost there.
    "conntrack_full_ratio": 0.9,
    # Share of RAM, and of the UDP memory limit, that one receive buffer may take in an advice.
    "buffer_memory_share": 0.02,
    "buffer_udp_mem_share": 0.25,
    # Share of RAM that all UDP sockets together, or the backlogs of all CPUs, may take in an advice: the kernel's own
    # default of udp_mem is 3/4 of an eighth.
    "udp_memory_share": 0.125,
}

DEFAULTS: dict[str, Any] = {
    "min_drops": 1,
    "max_loss_ratio": 0.0,
    "fail_on": ["socket.receive_buffer_overflow", "udp.memory_limit"],
    "ignore": {"ports": [], "processes": [], "namespaces": []},
    "fail_on_unknown": False,
    "max_extension": 30.0,
    "max_queue_delay": 1.0,
    "max_buffer_bytes": 0,
    "thresholds": {},
    "rules": [],
}


def merge(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with every default filled in; thresholds are merged one by one.

    Raises:
        ValueError: a threshold that does not exist, or is not a number.
    """
    merged = dict(DEFAULTS)
    merged.update({key: value for key, value in settings.items() if value is not None})
    thresholds = dict(DEFAULT_THRESHOLDS)
    for name, value in (merged["thresholds"] or {}).items():
        if name not in thresholds:
            raise ValueError("unknown threshold '{}'; there are: {}".format(name, ", ".join(sorted(thresholds))))
        try:
            thresholds[name] = float(value)
        except (TypeError, ValueError):
            raise ValueError(f"threshold '{name}' must be a number, not '{value}'") from None
    merged["thresholds"] = thresholds
    return merged
