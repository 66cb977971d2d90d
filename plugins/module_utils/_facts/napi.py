# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which queues an interrupt serves, in the kernel's own words: queue → NAPI → interrupt over netdev netlink.

Only since Linux 6.8, and only for drivers that tell (mlx5, ice, bnxt; later igb, ena, gve and others).
"""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netdev_genl import Napi, Queue, open_netdev
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import NetlinkError
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

# Interface number → interrupt → queues ("rx-3").
IrqQueues = dict[int, dict[str, list[str]]]


def read_irq_queues(reader: Reader) -> IrqQueues:
    """Ask the kernel. Nothing where it is too old; a refusal is an unknown."""
    try:
        family = open_netdev()
        if family is None:
            return {}
        with family:
            return join(family.queues() or [], family.napis() or [])
    except (NetlinkError, ParseError) as error:
        reader.unknown("queues of interrupts over netdev netlink", str(error), "names of interrupts are used instead")
        return {}


def join(queues: list[Queue], napis: list[Napi]) -> IrqQueues:
    """Join queues to interrupts through their NAPI instances; those that the driver does not tell are left out."""
    irqs = {napi.napi_id: str(napi.irq) for napi in napis if napi.irq is not None}
    joined: IrqQueues = {}
    for queue in sorted(queues, key=lambda item: (item.ifindex, item.direction, item.queue)):
        irq = irqs.get(queue.napi_id) if queue.napi_id is not None else None
        if irq is not None:
            joined.setdefault(queue.ifindex, {}).setdefault(irq, []).append(f"{queue.direction}-{queue.queue}")
    return joined
