# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "irqbalance": the devices whose interrupts it leaves alone. Target ("", "banned devices"); value a ban.

A ban is what _plan.irqbalance_ban.wanted_ban describes, None where there is none.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.irqbalance import read_ban, write_ban
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import BOTH
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target


class IrqbalanceKnob:
    """Files that a running irqbalance is restarted for, so they belong to what runs as much as to the next boot."""

    name = "irqbalance"
    scopes = BOTH
    by_file = True

    def read(self, host: Host, target: Target) -> Any:  # noqa: ARG002
        """Return the ban as it stands."""
        return read_ban(host)

    def write(self, host: Host, target: Target, value: Any) -> None:  # noqa: ARG002
        """Set the ban, or take it away for None."""
        write_ban(host, value)
