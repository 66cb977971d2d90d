# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "rps": where a queue's packets go to. Target (device, "rx-N"); value a CPU list, perhaps empty."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import RUNNING
from ansible_collections.rxpath.linux.plugins.module_utils._apply.queue_file import read_mask, write_mask
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target


class RpsKnob:
    """Offline CPUs fall out of a mask when it is set, isolated ones as well."""

    name = "rps"
    scopes = RUNNING
    by_file = False

    def read(self, host: Host, target: Target) -> Any:
        """Return the mask's CPUs."""
        return read_mask(host, target, "rps_cpus")

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Set the mask."""
        write_mask(host, target, "rps_cpus", value)
