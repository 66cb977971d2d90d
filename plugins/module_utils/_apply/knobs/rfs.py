# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "rfs": entries of a receive queue's flow table. Target (device, "rx-N"); value a number, 0 for off.

The kernel rounds up to a power of two (net/core/net-sysfs.c, store_rps_dev_flow_table_cnt); plans ask for one.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import RUNNING
from ansible_collections.rxpath.linux.plugins.module_utils._apply.queue_file import read_queue_file, write_queue_file
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target

_FILE = "rps_flow_cnt"


class RfsKnob:
    """Does nothing while net.core.rps_sock_flow_entries is 0."""

    name = "rfs"
    scopes = RUNNING
    by_file = False

    def read(self, host: Host, target: Target) -> Any:
        """Return the number of entries."""
        text = read_queue_file(host, target, _FILE)
        try:
            return int(text)
        except ValueError as error:
            raise KnobError(f"{target}: {_FILE}: {text[:40]!r} is not a number") from error

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Set the number of entries."""
        write_queue_file(host, target, _FILE, str(value))
