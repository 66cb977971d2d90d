# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts and settings made up for the tests of the plan."""

from __future__ import annotations

from typing import Any

GIB = 1 << 30

SETTINGS: dict[str, Any] = {
    "profile": "buffers",
    "interfaces": ["auto"],
    "force": False,
    "strict": False,
    "service_rate": 0,
    "memory_share": 0.1,
    "sysctls": {},
    "sysctl_file": "/etc/sysctl.d/99-udp-tuning.conf",
    "lower": False,
    "ring_memory_limit": 256 << 20,
    "coalesce": {},
    "housekeeping_cpus": "",
    "persist_only": False,
}


def settings(**named: Any) -> dict[str, Any]:
    return {**SETTINGS, **named}


def nic(**facts: Any) -> dict[str, Any]:
    return {
        "kind": "nic",
        "driver": "igb",
        "state": "up",
        "numa_node": 0,
        "channels": {"rx_max": 0, "tx_max": 0, "combined_max": 8, "rx": 0, "tx": 0, "other": 1, "combined": 4},
        "queues": {"rx": 4, "tx": 4},
        **facts,
    }


def survey(
    interfaces: dict[str, Any] | None = None,
    links: dict[str, Any] | None = None,
    sysctls: dict[str, str] | None = None,
    **more: Any,
) -> dict[str, Any]:
    devices = {"eth0": nic()} if interfaces is None else interfaces
    return {
        "image": False,
        "memory": 16 * GIB,
        "page_size": 4096,
        "sysctls": {
            "net.core.rmem_max": "212992",
            "net.core.rmem_default": "212992",
            "net.core.netdev_max_backlog": "1000",
            "net.core.netdev_budget": "300",
            "net.core.netdev_budget_usecs": "8000",
            "net.ipv4.udp_mem": "381000 508000 762000",
            **(sysctls or {}),
        },
        "interfaces": devices,
        "links": {
            "lo": {"kind": "", "up": True},
            **{name: {"kind": "", "up": True} for name in devices},
            **(links or {}),
        },
        "agents": [],
        **more,
    }
