# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "indirection": the receive queue of each slot of the hash. Target (device, ""); value the name or a list.

The names are of _plan.spread: "default" and "blocks" for what a driver has by itself, which follows the number of
queues; a list is what somebody chose.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import RUNNING
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_request import asking
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rss_key import keeping_key
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rss_table import read_spread, rx_queues
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.spread import BLOCKS, DEFAULT, blocks


class IndirectionKnob:
    """The table of the device's main context; tables of further contexts are not touched."""

    name = "indirection"
    scopes = RUNNING
    by_file = False

    def read(self, host: Host, target: Target) -> Any:
        """Return the table; NotSupportedError where the driver has none."""
        with asking(host, target.device, "read the indirection table") as tool:
            spread = read_spread(tool, target.device)
        if spread is None:
            raise NotSupportedError(f"{target.device}: the driver has no indirection table")
        return spread

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Set the table, keeping the hash key."""
        device = target.device
        text = value if isinstance(value, str) else f"a list of {len(value)} slots"
        with asking(host, device, f"set the indirection table to {text}") as tool, keeping_key(tool, device):
            now = read_spread(tool, device)
            if now is None:
                raise NotSupportedError(f"{device}: the driver has no indirection table")
            if now == value and value != DEFAULT:
                return
            if value == BLOCKS:
                rss = tool.rss(device)
                queues = rx_queues(tool, device) or 1
                tool.set_indirection(device, blocks(rss.indirection_size if rss else 0, queues))
            else:
                tool.set_indirection(device, None if value == DEFAULT else value)
