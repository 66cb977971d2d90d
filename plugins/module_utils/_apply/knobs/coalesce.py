# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "coalesce": a device's interrupt moderation.

Target (device, ""); value {"rx_usecs": 3, "rx_frames": 0, "tx_usecs": …, "adaptive_rx": false, …}.
"""

from __future__ import annotations

import errno
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import RUNNING
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_request import asking, driver_name
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import EthtoolError
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target

# Whether the driver moves the times by itself comes before the times.
_ORDER = ("adaptive_rx", "adaptive_tx", "rx_usecs", "rx_frames", "tx_usecs", "tx_frames")
_REFUSED = (errno.EOPNOTSUPP, errno.EINVAL, errno.ERANGE)


class CoalesceKnob:
    """All parameters in one request; where that is refused, one after another, to name the one that cannot be."""

    name = "coalesce"
    scopes = RUNNING
    by_file = False

    def read(self, host: Host, target: Target) -> Any:
        """Return the parameters; NotSupportedError where the driver has none."""
        with asking(host, target.device, "read the interrupt coalescing") as tool:
            found = tool.coalesce(target.device)
        if found is None:
            raise NotSupportedError(f"{target.device}: the driver has no interrupt coalescing that can be set")
        return found._asdict()

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Set what differs. NotSupportedError names what was refused; the rest is set all the same."""
        device = target.device
        now = self.read(host, target)
        changed = {name: value[name] for name in _ORDER if value[name] != now[name]}
        if not changed:
            return
        text = ", ".join(f"{name} {setting}" for name, setting in changed.items())
        with asking(host, device, f"set the interrupt coalescing to {text}") as tool:
            try:
                tool.set_coalesce(device, changed)
                return
            except EthtoolError as error:
                if error.errno not in _REFUSED:
                    raise
            refused = []
            for name, setting in changed.items():
                try:
                    tool.set_coalesce(device, {name: setting})
                except EthtoolError as error:
                    if error.errno not in _REFUSED:
                        raise
                    refused.append(f"{name} {setting} ({errno.errorcode[error.errno]})")
            if refused:
                who = f"{device} ({driver_name(tool, device)})"
                raise NotSupportedError(f"{who}: the driver refused {', '.join(refused)}")
