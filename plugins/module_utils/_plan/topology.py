# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The processors as a placement sees them: which share a core, which a memory node, which nobody may be put on.

Source: the facts of _facts/cpus.py, from /sys/devices/system/{cpu,node}.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import parse_cpulist

Cpus = frozenset[int]


class Topology(NamedTuple):
    """``cores`` holds every online CPU exactly once, in the set of those that share its core; ``nodes`` by number."""

    cores: tuple[Cpus, ...]
    nodes: Mapping[int, Cpus]
    isolated: Cpus = frozenset()

    @property
    def online(self) -> Cpus:
        """Every CPU that runs."""
        return frozenset().union(*self.cores)

    def core_of(self, cpu: int) -> Cpus:
        """Return the online CPUs of a CPU's core, itself among them."""
        return next((core for core in self.cores if cpu in core), frozenset({cpu}))


def topology_of(facts: Mapping[str, Any]) -> Topology:
    """Return the topology of the facts' ``cpus``; isolated is what isolcpus or nohz_full took out of common use."""
    online = frozenset(parse_cpulist(facts["online"]))
    isolated = frozenset(parse_cpulist(facts.get("isolated", ""))) | frozenset(
        parse_cpulist(facts.get("nohz_full", ""))
    )
    nodes = {int(node): frozenset(parse_cpulist(text)) & online for node, text in facts.get("nodes", {}).items()}
    shared = [frozenset(parse_cpulist(text)) & online for text in facts.get("siblings", [])]
    return Topology(cores_of(online, shared), nodes, isolated)


def cores_of(online: Iterable[int], shared: Iterable[Iterable[int]]) -> tuple[Cpus, ...]:
    """Return the cores by their lowest CPU; a CPU that shares with nobody is a core of its own."""
    cores = [frozenset(core) for core in shared]
    taken = frozenset().union(*cores)
    cores += [frozenset({cpu}) for cpu in online if cpu not in taken]
    return tuple(sorted((core for core in cores if core), key=min))
