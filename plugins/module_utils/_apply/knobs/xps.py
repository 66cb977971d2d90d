# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "xps": the CPUs that send through a queue. Target (device, "tx-N"); value a CPU list, perhaps empty."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import RUNNING
from ansible_collections.rxpath.linux.plugins.module_utils._apply.queue_file import read_mask, write_mask
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target


class XpsKnob:
    """A device of one transmit queue has none. Offline CPUs fall out of a mask when it is set."""

    name = "xps"
    scopes = RUNNING
    by_file = False

    def read(self, host: Host, target: Target) -> Any:
        """Return the mask's CPUs."""
        return read_mask(host, target, "xps_cpus")

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Set the mask."""
        write_mask(host, target, "xps_cpus", value)
