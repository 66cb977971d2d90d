# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "ring": descriptors of a device's rings. Target (device, ""); value {"rx": 256, "tx": 256}."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import RUNNING
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_request import asking
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target


class RingKnob:
    """Both sides in one request, since a driver makes all its rings anew for either."""

    name = "ring"
    scopes = RUNNING
    by_file = False

    def read(self, host: Host, target: Target) -> Any:
        """Return the sizes; NotSupportedError where the driver has none."""
        with asking(host, target.device, "read the rings") as tool:
            ring = tool.ring(target.device)
        if ring is None:
            raise NotSupportedError(f"{target.device}: the driver has no ring whose size can be set")
        return {"rx": ring.rx, "tx": ring.tx}

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Set the sizes. A driver may round them without a word."""
        with asking(host, target.device, f"set the rings to rx {value['rx']} and tx {value['tx']}") as tool:
            tool.set_ring(target.device, value)
