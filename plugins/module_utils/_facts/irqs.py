# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A NIC's interrupts: the CPUs asked for, the CPUs in effect, and the queues that each serves.

Source: Documentation/core-api/irq/irq-affinity.rst; /sys/class/net/IF/device/msi_irqs, /proc/irq, /sys/kernel/irq.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._facts.irq_names import serves
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader


def device_irqs(reader: Reader, name: str) -> list[str]:
    """Return the numbers of a device's interrupts, in order.

    The directory msi_irqs is the device's own, or its parent's (virtio sits below its PCI device). A device without
    message-signalled interrupts has one, in the file irq, which may be shared.
    """
    device = f"/sys/class/net/{name}/device"
    for base in (device, device + "/.."):
        numbers = [number for number in reader.names(base + "/msi_irqs") if number.isdecimal()]
        if numbers:
            return sorted(numbers, key=int)
    line = reader.word(device + "/irq")
    return [line] if line and line.isdecimal() and line != "0" else []


def irq_name(reader: Reader, irq: str) -> str | None:
    """Return the name under which a driver asked for an interrupt; None where nobody does now."""
    actions = reader.word(f"/sys/kernel/irq/{irq}/actions")
    if actions:
        return actions
    # The other entries of the directory are files; the handlers are directories.
    for entry in reader.names(f"/proc/irq/{irq}"):
        if reader.exists(f"/proc/irq/{irq}/{entry}/."):
            return entry
    return None


def irq_facts(
    reader: Reader, name: str, tx_queues: int, by_napi: dict[str, list[str]] | None = None
) -> list[dict[str, Any]]:
    """Return a device's interrupts: {"irq", "serves": "rx-3 tx-3" or None, "asked", "effective"}, CPU lists as text.

    ``by_napi`` (interrupt → queues) is what the kernel itself says of them and goes before what the names tell.
    One that serves no known queue (configuration, management) keeps its name; one that nobody uses is left out.
    """
    facts = []
    handlers = {irq: irq_name(reader, irq) for irq in device_irqs(reader, name)}
    alone = sum(handler is not None for handler in handlers.values()) == 1
    for irq, handler in handlers.items():
        queues = (by_napi or {}).get(irq)
        if handler is None and queues is None:
            continue
        queues = queues or serves(handler or "", name, tx_queues, alone)
        fact: dict[str, Any] = {
            "irq": int(irq),
            "serves": " ".join(queues) if queues else None,
            "asked": reader.word(f"/proc/irq/{irq}/smp_affinity_list"),
            "effective": reader.word(f"/proc/irq/{irq}/effective_affinity_list"),
        }
        if not queues:
            fact["name"] = handler
        facts.append(fact)
    return facts
