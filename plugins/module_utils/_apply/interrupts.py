# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A device's interrupts that serve queues, as the knobs and the plans see them.

Source: Documentation/core-api/irq/irq-affinity.rst; kernel/irq/proc.c.
"""

from __future__ import annotations

import os
import stat
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import format_cpulist, parse_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._facts.irqs import device_irqs, irq_facts, irq_name
from ansible_collections.rxpath.linux.plugins.module_utils._facts.napi import read_irq_queues
from ansible_collections.rxpath.linux.plugins.module_utils._plan.irq_affinity import Interrupt


def queue_interrupts(host: Host, device: str) -> list[Interrupt]:
    """Return the interrupts that serve queues, those of one purpose once, in the order of their numbers."""
    found: dict[str, Interrupt] = {}
    for fact in _facts(host, device):
        found.setdefault(
            fact["serves"],
            Interrupt(
                fact["serves"],
                _normal(fact["asked"]),
                _normal(fact["effective"]),
                _settable(host, fact["irq"]),
            ),
        )
    return list(found.values())


class Numbers:
    """Finds interrupts by the queues that they serve, and remembers them as long as their names stay the same.

    A NIC of 128 queues has as many interrupts, and each is looked for twice.
    """

    def __init__(self) -> None:
        self._known: dict[tuple[str, str, str], list[tuple[int, str | None]]] = {}

    def find(self, host: Host, device: str, serves: str) -> list[int]:
        """Return the numbers of the interrupts that serve just these queues ("rx-3 tx-3")."""
        reader = host.reader()
        place = (host.root, device, serves)
        present = set(device_irqs(reader, device))
        known = self._known.get(place)
        if not known or any(str(irq) not in present or irq_name(reader, str(irq)) != name for irq, name in known):
            self._learn(host, device)
        return [irq for irq, _name in self._known.get(place, [])]

    def _learn(self, host: Host, device: str) -> None:
        self._known = {place: known for place, known in self._known.items() if place[:2] != (host.root, device)}
        reader = host.reader()
        for fact in _facts(host, device):
            known = self._known.setdefault((host.root, device, fact["serves"]), [])
            known.append((fact["irq"], irq_name(reader, str(fact["irq"]))))


def affinity_path(irq: int) -> str:
    """Return the file with the CPUs that an interrupt may go to."""
    return f"/proc/irq/{irq}/smp_affinity_list"


def _facts(host: Host, device: str) -> list[dict[str, Any]]:
    reader = host.reader()
    queues = reader.names(f"/sys/class/net/{device}/queues")
    index = reader.number(f"/sys/class/net/{device}/ifindex") or 0
    by_napi = read_irq_queues(reader).get(index) if host.root == "/" else None
    sending = sum(name.startswith("tx-") for name in queues)
    return [fact for fact in irq_facts(reader, device, sending, by_napi) if fact["serves"]]


def _normal(text: str | None) -> str | None:
    if not text:
        return None
    try:
        return format_cpulist(parse_cpulist(text))
    except ParseError:
        return None


def _settable(host: Host, irq: int) -> bool:
    """Tell whether the file may be written: since Linux 6.12 that of a managed interrupt has no such mode bit."""
    try:
        return bool(os.stat(host.path(affinity_path(irq))).st_mode & stat.S_IWUSR)
    except OSError:
        return False
