# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Virtual machines to try things on: Debian guests with kernels, drivers, sysctls and a boot of their own.

    with machines(["bookworm"], tmp_path) as bed:
        guest = bed["bookworm"]
        guest.ssh("uname -r")
        guest.cut("igb0")                                   # pull the cable of a network interface
        bed.burst("bookworm", "igb0", datagrams=3000, size=200)
        inventory = bed.write_inventory({"bookworm": {"some_variable": 1}})

Everything a bed makes lies in namespaces without names that belong to one process, the supervisor: when that process
ends, for whatever reason, the guests, their disks, the networks and the mounts are gone. README.md beside this folder
says more.
"""

from __future__ import annotations

from .client import Bed, Guest
from .errors import MachineError, MachinesUnavailableError
from .lifecycle import attach, build, check, machines, start, stop

__all__ = [
    "Bed",
    "Guest",
    "MachineError",
    "MachinesUnavailableError",
    "attach",
    "build",
    "check",
    "machines",
    "start",
    "stop",
]
