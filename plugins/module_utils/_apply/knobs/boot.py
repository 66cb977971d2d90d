# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "boot": the request that a boot makes again. Target (interface, family); value the request, or None.

The target ("", "code") is what makes them: "current", or "outdated" where another release wrote it.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply import boot
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import BOOT
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target


class BootKnob:
    """An entry of what is made again at boot, with all that it needs to be made."""

    name = "boot"
    scopes = BOOT
    by_file = True

    def read(self, host: Host, target: Target) -> Any:
        """Return the request that is remembered for a family and an interface."""
        if target.item == boot.CODE:
            return "outdated" if boot.is_outdated(host) else "current"
        return boot.find(host, target.item, target.device)

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Remember a request in the place of the former one, or forget it for None."""
        if target.item == boot.CODE:
            boot.refresh(host)
        elif value is None:
            boot.forget(host, target.item, target.device)
        else:
            boot.remember(host, value)
