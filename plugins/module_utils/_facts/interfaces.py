# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every network device that matters to receiving: the NICs, and what is stacked upon them."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import Ethtool
from ansible_collections.rxpath.linux.plugins.module_utils._facts.hardware import hardware_facts, link_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.irqs import irq_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.napi import IrqQueues, read_irq_queues
from ansible_collections.rxpath.linux.plugins.module_utils._facts.queues import queue_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._facts.stacking import below, kind_of, stack_facts

_NET = "/sys/class/net"


class UnknownInterfaceError(ValueError):
    """A name that was asked for is none of this host's network devices."""

    def __init__(self, names: list[str], known: list[str]) -> None:
        shown = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
        super().__init__(f"no such network interface: {', '.join(names)} (this host has: {shown})")


def choose(reader: Reader, wanted: list[str] | None) -> tuple[dict[str, str], dict[str, int]]:
    """Return (name → kind of the devices to describe, kind → number of the others).

    Without ``wanted``: NICs, bonds, and whatever has a NIC at its bottom; a node's hundreds of veths are only counted.
    With it: those devices and the NICs below them. Raises UnknownInterfaceError.
    """
    present = [name for name in reader.names(_NET) if reader.exists(f"{_NET}/{name}/.")]
    if wanted is not None:
        missing = [name for name in wanted if name not in present]
        if missing:
            raise UnknownInterfaceError(missing, present)
        present = sorted({device for name in wanted for device in [name, *below(reader, name)]})
    chosen: dict[str, str] = {}
    others: Counter[str] = Counter()
    for name in present:
        kind = kind_of(reader, name)
        if wanted is not None or kind in ("nic", "bond") or below(reader, name):
            chosen[name] = kind
        else:
            others[kind] += 1
    return chosen, dict(sorted(others.items()))


def interface_facts(reader: Reader, wanted: list[str] | None) -> tuple[dict[str, Any], dict[str, int]]:
    """Return (name → facts, kind → number of devices not described). Raises UnknownInterfaceError.

    A recorded tree (a root other than "/") has no driver to ask: what comes over ioctl and netlink is left out there.
    """
    chosen, others = choose(reader, wanted)
    live = reader.root == "/"
    by_napi = read_irq_queues(reader) if live else {}
    facts = {}
    with contextlib.ExitStack() as stack:
        tool = stack.enter_context(Ethtool()) if live else None
        for name, kind in chosen.items():
            facts[name] = _facts(reader, tool, name, kind, by_napi)
    return facts, others


def _facts(reader: Reader, tool: Ethtool | None, name: str, kind: str, by_napi: IrqQueues) -> dict[str, Any]:
    facts: dict[str, Any] = {"kind": kind, "driver": None}
    facts.update(stack_facts(reader, name, kind))
    facts.update(link_facts(reader, name))
    if tool is not None:
        facts.update(hardware_facts(reader, tool, name))
    facts.update(queue_facts(reader, name))
    if kind == "nic":
        index = reader.number(f"{_NET}/{name}/ifindex") or 0
        facts["irqs"] = irq_facts(reader, name, _tx_queues(facts), by_napi.get(index))
    return facts


def _tx_queues(facts: dict[str, Any]) -> int:
    channels = facts.get("channels")
    if channels:
        return int(channels["combined"] or channels["tx"])
    return int(facts["queues"]["tx"])
