# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processors: which are online, isolated, siblings of one core, of one package, of one memory node.

Source: /sys/devices/system/{cpu,node}, Documentation/ABI/testing/sysfs-devices-system-cpu.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import format_cpulist, parse_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

_CPU = "/sys/devices/system/cpu"
_NODE = "/sys/devices/system/node"


def cpu_facts(reader: Reader) -> dict[str, Any]:
    """Return CPU lists ("0-3,8"): online, possible, isolated, nohz_full, by package, by node, of every shared core."""
    online = cpulist(reader, _CPU + "/online")
    packages: dict[str, list[int]] = {}
    cores: set[str] = set()
    for cpu in online:
        topology = f"{_CPU}/cpu{cpu}/topology"
        package = reader.word(topology + "/physical_package_id")
        if package is not None:
            packages.setdefault(package, []).append(cpu)
        siblings = cpulist(reader, topology + "/thread_siblings_list")
        if len(siblings) > 1:
            cores.add(format_cpulist(siblings))
    nodes = sorted(int(name[4:]) for name in reader.names(_NODE) if name.startswith("node") and name[4:].isdecimal())
    return {
        "online": format_cpulist(online),
        "possible": format_cpulist(cpulist(reader, _CPU + "/possible")),
        "isolated": format_cpulist(cpulist(reader, _CPU + "/isolated")),
        "nohz_full": format_cpulist(cpulist(reader, _CPU + "/nohz_full")),
        "packages": {package: format_cpulist(cpus) for package, cpus in sorted(packages.items())},
        "nodes": {str(node): format_cpulist(cpulist(reader, f"{_NODE}/node{node}/cpulist")) for node in nodes},
        "siblings": sorted(cores, key=lambda text: parse_cpulist(text)[0]),
    }


def cpulist(reader: Reader, path: str) -> list[int]:
    """Return the CPUs of a list file; none where it does not exist, or holds "(null)" as nohz_full once did."""
    text = reader.word(path)
    if not text or text == "(null)":
        return []
    try:
        return parse_cpulist(text)
    except ParseError as error:
        reader.unknown(path, str(error), "report the kernel's version")
        return []
