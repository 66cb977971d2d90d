# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The families of a NIC's own knobs: channels, ring, coalescing, receive-side scaling."""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._apply.carrier import watch_link
from ansible_collections.rxpath.linux.plugins.module_utils._apply.family import Family
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_read import (
    read_channels,
    read_coalesce,
    read_ring,
    read_rss,
)
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_values import (
    check_channels,
    check_coalesce,
    check_ring,
    check_rss,
)
from ansible_collections.rxpath.linux.plugins.module_utils._facts.irqs import irq_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.napi import read_irq_queues
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_channels import plan_channels
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_coalesce import plan_coalesce
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_ring import plan_ring
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_rss import FLOWS, TABLES, plan_rss

_OF_RX = ("rps", "rfs")


def disturbed_by_ring(host: Host, device: str) -> list[tuple[str, Target]]:
    """Return what a driver may lose when it makes its rings anew."""
    of_device = [("coalesce", Target(device, "")), *(("hash_fields", Target(device, flow)) for flow in FLOWS)]
    return [*of_device, ("indirection", Target(device, "")), *_of_queues(host.reader(), device)]


def disturbed_by_channels(host: Host, device: str) -> list[tuple[str, Target]]:
    """Return what a change of the queues may lose: all that belongs to one of them, and the rings."""
    return [("ring", Target(device, "")), *disturbed_by_ring(host, device)]


def _of_queues(reader: Reader, device: str) -> list[tuple[str, Target]]:
    names = [name for name in reader.names(f"/sys/class/net/{device}/queues") if name[:3] in ("rx-", "tx-")]
    names.sort(key=lambda name: (name[:3], int(name[3:])))
    index = reader.number(f"/sys/class/net/{device}/ifindex") or 0
    sending = sum(name.startswith("tx-") for name in names)
    irqs = irq_facts(reader, device, sending, read_irq_queues(reader).get(index))
    found = [("irq", Target(device, irq["serves"])) for irq in irqs if irq["serves"]]
    found += [(knob, Target(device, name)) for name in names if name[0] == "r" for knob in _OF_RX]
    return [*found, *(("xps", Target(device, name)) for name in names if name[0] == "t")]


NIC_CHANNELS = Family(
    "nic_channels", read_channels, plan_channels, True, disturbed_by_channels, watch_link, check=check_channels
)
NIC_RING = Family(
    "nic_ring",
    read_ring,
    plan_ring,
    True,
    disturbed_by_ring,
    watch_link,
    transient=("channels",),
    conditions=("memory_limit",),
    check=check_ring,
)
NIC_COALESCE = Family("nic_coalesce", read_coalesce, plan_coalesce, check=check_coalesce)
NIC_RSS = Family("nic_rss", read_rss, plan_rss, transient=("channels",), one_of=TABLES, check=check_rss)
NIC_FAMILIES = (NIC_CHANNELS, NIC_RING, NIC_COALESCE, NIC_RSS)
