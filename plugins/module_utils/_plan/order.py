# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The order in which knobs are turned, so that none undoes what an earlier one did.

A channel change makes queues anew: their rings, interrupts and masks come after it. A ring change takes the link of
many drivers down and up, which asks for interrupts anew. RPS, RFS and XPS follow where the interrupts went. Files are
written last: what the kernel refused must not be found in them after a boot.

A user-set indirection table stands in the way of fewer channels, so a table is reset *before* them and written after;
who changes channels sees to the reset.
"""

from __future__ import annotations

# Knobs.
TUNING_ORDER = (
    "sysctl",
    "channels",
    "ring",
    "coalesce",
    "hash_fields",
    "indirection",
    "irqbalance",
    "irq",
    "rps",
    "rfs",
    "xps",
    "file",
    "boot",
)

# Families, which are modules. All families of one interface go before those of the next.
FAMILY_ORDER = (
    "sysctl_settings",
    "nic_channels",
    "nic_ring",
    "nic_coalesce",
    "nic_rss",
    "irq_affinity",
    "packet_steering",
)


def knob_rank(knob: str) -> int:
    """Return a knob's place in the order; what is not in it comes last."""
    return TUNING_ORDER.index(knob) if knob in TUNING_ORDER else len(TUNING_ORDER)


def family_rank(family: str) -> int:
    """Return a family's place in the order; what is not in it comes last."""
    return FAMILY_ORDER.index(family) if family in FAMILY_ORDER else len(FAMILY_ORDER)
