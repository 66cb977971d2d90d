# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What ``--tags`` and ``--skip-tags`` choose of a tuning: families of knobs, which the plan then is limited to.

The tasks of the role are tagged ``always``, since session, order and confirmation must hold for whatever is chosen.
"""

from __future__ import annotations

from collections.abc import Iterable

ALL, ALWAYS, TAGGED = "all", "always", "tagged"
# The tag of the whole role, whatever it is called from.
ROLE = "udp_tuning"
FAMILIES = {
    "sysctl": "sysctl_settings",
    "channels": "nic_channels",
    "ring": "nic_ring",
    "coalesce": "nic_coalesce",
    "rss": "nic_rss",
    "irq": "irq_affinity",
    "steering": "packet_steering",
}


def chosen_tags(run: Iterable[str], skip: Iterable[str], own: Iterable[str]) -> list[str]:
    """Return the tags of ``FAMILIES`` that a run is about, in the order of the work.

    ``own`` are the tags of the task, those of the user's play among them: who asks for one of these asks for the role.
    """
    asked, left = set(run) or {ALL}, set(skip)
    whole = {ALL, TAGGED, ROLE} | (set(own) - {ALWAYS})
    chosen = FAMILIES if asked & whole else [tag for tag in FAMILIES if tag in asked]
    return [tag for tag in chosen if tag not in left and ROLE not in left]


def left_out(chosen: Iterable[str]) -> list[str]:
    """Return the tags of the families that are not chosen."""
    taken = set(chosen)
    return [tag for tag in FAMILIES if tag not in taken]
