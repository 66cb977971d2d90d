# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A device's indirection table, and the number of queues that it may lead to."""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._apply.ethtool_write import EthtoolWriter
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_request import driver_name
from ansible_collections.rxpath.linux.plugins.module_utils._plan.spread import Spread, named


def read_spread(tool: EthtoolWriter, device: str) -> Spread | None:
    """Return a device's table as the knob's value, None where it has none. Raises EthtoolError, ParseError."""
    rss = tool.rss(device)
    if rss is None or not rss.indirection:
        return None
    return named(rss.indirection, rx_queues(tool, device), driver_name(tool, device))


def rx_queues(tool: EthtoolWriter, device: str) -> int:
    """Return the number of queues that a table may name; 0 where the driver tells it in no way."""
    queues = tool.rx_rings(device)
    if queues is not None:
        return queues
    channels = tool.channels(device)
    return channels.combined + channels.rx if channels is not None else 0
