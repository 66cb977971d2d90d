# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "channels": a device's queues. Target (device, ""); value {"rx": 0, "tx": 0, "combined": 4}."""

from __future__ import annotations

import errno
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import RUNNING
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_request import asking
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rss_key import keeping_key
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rss_table import read_spread
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import EthtoolError
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target


class ChannelsKnob:
    """Numbers of queues; one of zero is left as it is unless it changes."""

    name = "channels"
    scopes = RUNNING
    by_file = False

    def read(self, host: Host, target: Target) -> Any:
        """Return the numbers; NotSupportedError where the driver does not tell them."""
        with asking(host, target.device, "read the channels") as tool:
            channels = tool.channels(target.device)
        if channels is None:
            raise NotSupportedError(f"{target.device}: the driver cannot change the number of its queues")
        return {"rx": channels.rx, "tx": channels.tx, "combined": channels.combined}

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Set the numbers. A table that is the driver's own follows them; one written with its pattern is reset."""
        device = target.device
        text = ", ".join(f"{value[side]} {side}" for side in ("combined", "rx", "tx") if value[side])
        with asking(host, device, f"set the channels to {text}") as tool, keeping_key(tool, device):
            before = read_spread(tool, device)
            try:
                tool.set_channels(device, value)
            except EthtoolError as error:
                # Who wrote the driver's own pattern made no choice, but the kernel remembers that it was written and
                # keeps the queues that it leads to (ethtool_check_max_channel()).
                if error.errno != errno.EINVAL or not isinstance(before, str):
                    raise
                tool.set_indirection(device, None)
                tool.set_channels(device, value)
            # virtio_net of 6.1 leaves its table as it was, with queues that are gone, or without the new ones.
            if isinstance(before, str) and not isinstance(read_spread(tool, device), str):
                tool.set_indirection(device, None)
