# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a knob is to those who turn it."""

from __future__ import annotations

from typing import Any, Protocol

from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target

RUNNING = ("running",)
BOOT = ("boot",)
BOTH = ("running", "boot")


class Knob(Protocol):
    """One kind of value that can be read and set. Values are what JSON holds, and compare with ``==``.

    ``scopes``: a knob of RUNNING is passed over where only the next boot is prepared, one of BOOT where only the
    running state is set. ``by_file``: it consists of files, whose first state its ``write`` records itself
    (State.touch_file); others have their first value recorded for them.
    """

    @property
    def name(self) -> str:
        """The name under which changes and records speak of it."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """RUNNING, BOOT or BOTH."""

    @property
    def by_file(self) -> bool:
        """Whether its ``write`` records the first state itself."""

    def read(self, host: Host, target: Target) -> Any:
        """Return the value as it stands. Raises NotSupportedError where there is no such knob, KnobError."""

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Set a value that ``read`` may have returned earlier. Raises NotSupportedError, KnobError."""
