# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The interrupts of the NICs over a window, by device and CPU."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.proc_cpu import IrqRow, parse_interrupts
from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import Link
from ansible_collections.rxpath.linux.plugins.module_utils._facts.irqs import device_irqs
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._sample.delta import gain
from ansible_collections.rxpath.linux.plugins.module_utils._sample.host import read_text
from ansible_collections.rxpath.linux.plugins.module_utils._sample.names import clean
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns


class Interrupts(NamedTuple):
    """Which device each interrupt belongs to, and the counts at one moment."""

    devices: dict[str, str]
    rows: list[IrqRow]


def find_devices(links: list[Link]) -> dict[str, str]:
    """Return {"38": "eth0"} for the NICs among the devices of the own namespace."""
    reader = Reader("/")
    names = [link.name for link in links if not link.kind]
    return {irq: name for name in names for irq in device_irqs(reader, name)}


def read_interrupts(devices: dict[str, str], unknowns: Unknowns) -> Interrupts:
    """Return the counts of these interrupts."""
    if not devices:
        return Interrupts(devices, [])
    try:
        return Interrupts(devices, parse_interrupts(read_text("/proc/interrupts"), wanted=devices))
    except (OSError, ParseError) as error:
        unknowns.add_error("/proc/interrupts", error)
        return Interrupts(devices, [])


def interrupt_rows(start: Interrupts, end: Interrupts, seconds: float) -> list[dict[str, Any]]:
    """Return the ``irqs`` part; CPUs on which an interrupt did not fire are left out."""
    before = {row.irq: row for row in start.rows}
    rows = []
    for row in end.rows:
        old = before.get(row.irq)
        if old is None:
            continue
        cpus = {}
        for cpu in old.counts.keys() & row.counts.keys():
            gained = gain(old.counts[cpu], row.counts[cpu], 32, seconds)
            if gained:
                cpus[cpu] = gained
        rows.append(
            {
                "irq": row.irq,
                "device": clean(end.devices[row.irq]),
                "name": clean(row.name),
                "count": sum(cpus.values()),
                "cpus": {str(cpu): cpus[cpu] for cpu in sorted(cpus)},
            }
        )
    return rows
