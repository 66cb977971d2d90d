# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "hash_fields": the header fields that spread a flow type. Target (device, "udp4"); value "sdfn"."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import RUNNING
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_request import asking
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rss_key import keeping_key
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target


class HashFieldsKnob:
    """Letters as ethtool has them: s and d the addresses, f and n the ports."""

    name = "hash_fields"
    scopes = RUNNING
    by_file = False

    def read(self, host: Host, target: Target) -> Any:
        """Return the letters; NotSupportedError where the driver does not tell them."""
        with asking(host, target.device, f"read the hash fields of {target.item}") as tool:
            fields = tool.rx_flow_hash(target.device, target.item)
        if fields is None:
            raise NotSupportedError(f"{target.device}: the driver has no hash fields of {target.item}")
        return fields

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Set the letters, keeping the hash key."""
        device, flow = target
        with asking(host, device, f"set the hash fields of {flow} to {value!r}") as tool, keeping_key(tool, device):
            tool.set_rx_flow_hash(device, flow, value)
