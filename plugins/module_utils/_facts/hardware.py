# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a driver holds of a device's receive settings: ring, channels, indirection, hash fields, coalescing, offloads.

Source: the ethtool ioctl (include/uapi/linux/ethtool.h). All of it reads without privilege.
"""

from __future__ import annotations

import os
from collections import Counter
from typing import Any, Callable

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import Ethtool, EthtoolError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool_message import Rss
from ansible_collections.rxpath.linux.plugins.module_utils._facts.queues import runs
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

# The kernel's names of the offloads that touch received UDP, and ours.
_OFFLOADS = {
    "rx-gro": "gro",
    "rx-gro-hw": "gro_hw",
    "rx-gro-list": "gro_list",
    "rx-udp-gro-forwarding": "udp_gro_forwarding",
    "rx-lro": "lro",
    "rx-checksum": "rx_checksum",
    "rx-hashing": "rx_hashing",
    "rx-ntuple-filter": "ntuple",
}


def hardware_facts(reader: Reader, tool: Ethtool, name: str) -> dict[str, Any]:
    """Return what the driver answers; what it does not support is left out, what it refuses is an unknown."""

    def ask(what: str, question: Callable[..., Any], *arguments: str) -> Any:
        try:
            return question(name, *arguments)
        except (EthtoolError, ParseError) as error:
            number = error.errno if isinstance(error, EthtoolError) else None
            why = os.strerror(number) if number else str(error)
            reader.unknown(f"{what} of {name}", why, "look at the driver's messages in the kernel's log")
            return None

    facts: dict[str, Any] = {}
    driver = ask("driver", tool.driver)
    if driver is not None:
        facts.update(driver=driver.name, driver_version=driver.version, firmware=driver.firmware, bus=driver.bus)
    questions: tuple[tuple[str, Callable[..., Any]], ...] = (
        ("ring", tool.ring),
        ("channels", tool.channels),
        ("coalesce", tool.coalesce),
    )
    for key, question in questions:
        answer = ask(key, question)
        if answer is not None:
            facts[key] = answer._asdict()
    rss = ask("indirection table", tool.rss)
    if rss is not None and rss.indirection:
        facts["indirection"] = indirection_facts(rss)
    fields = {flow: ask(f"{flow} hash fields", tool.rx_flow_hash, flow) for flow in ("udp4", "udp6")}
    if any(value is not None for value in fields.values()):
        facts["udp_hash_fields"] = fields
    features = ask("offloads", tool.features)
    if features:
        facts["offloads"] = {ours: features[theirs] for theirs, ours in _OFFLOADS.items() if theirs in features}
    return facts


def indirection_facts(rss: Rss) -> dict[str, Any]:
    """Return the table as queues of equal weight: [{"queues": "0-7", "slots": 16}]; one entry means evenly spread."""
    slots = Counter(rss.indirection)
    # A table whose size is no multiple of the queues cannot be more even than one slot apart.
    spread = max(slots.values()) - min(slots.values())
    return {
        "size": rss.indirection_size,
        "hash_function": rss.hash_function,
        "even": spread <= 1,
        "weights": runs(dict(slots), "slots"),
    }


def link_facts(reader: Reader, name: str) -> dict[str, Any]:
    """Return what sysfs tells of a link and of its place in the machine.

    ``speed`` is in Mbit/s (None where the link is down or has none), ``numa_node`` None where the machine has no
    nodes or the device is nowhere, times in nanoseconds. NUMA and local CPUs may stand at the parent (virtio).
    """
    base = f"/sys/class/net/{name}"
    speed = reader.number(base + "/speed")
    facts: dict[str, Any] = {
        "mtu": reader.number(base + "/mtu"),
        "state": reader.word(base + "/operstate"),
        "speed": speed if speed is not None and speed > 0 else None,
        "gro_flush_timeout": reader.number(base + "/gro_flush_timeout"),
        "napi_defer_hard_irqs": reader.number(base + "/napi_defer_hard_irqs"),
        "threaded_napi": _flag(reader.word(base + "/threaded")),
    }
    driver = reader.link_name(base + "/device/driver")
    if driver is not None:
        facts["driver"] = driver
    if reader.exists(base + "/device"):
        node = _first(reader.word(path) for path in (base + "/device/numa_node", base + "/device/../numa_node"))
        facts["numa_node"] = int(node) if node is not None and node.isdecimal() else None
        facts["local_cpus"] = _first(
            reader.word(base + path) for path in ("/device/local_cpulist", "/device/../local_cpulist")
        )
    return facts


def _flag(word: str | None) -> bool | None:
    return None if word is None else word not in ("", "0")


def _first(words: Any) -> str | None:
    return next((word for word in words if word), None)
