# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CPU quota and socket-memory limit of a control group, version 1 and 2."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path
from typing import Dict, Optional

from .bed import Bed


class Group:
    """A control group for one controller ("cpu" or "memory"), removed with the bed."""

    def __init__(self, bed: Bed, controller: str) -> None:
        root = _mount(controller)
        self.version = 2 if (root / "cgroup.controllers").exists() else 1
        if self.version == 2:
            (root / "cgroup.subtree_control").write_text("+" + controller)
        self.path = root / ("rxmatrix-%d-%s" % (os.getpid(), controller))
        self.path.mkdir()
        bed.cleanups.append(self.remove)

    def add(self, pid: int) -> None:
        (self.path / "cgroup.procs").write_text(str(pid))

    def quota(self, milliseconds: float, period: float = 100.0) -> None:
        """Allow so many milliseconds of CPU in each period."""
        if self.version == 2:
            (self.path / "cpu.max").write_text("%d %d" % (milliseconds * 1000, period * 1000))
        else:
            (self.path / "cpu.cfs_period_us").write_text(str(int(period * 1000)))
            (self.path / "cpu.cfs_quota_us").write_text(str(int(milliseconds * 1000)))

    def throttled(self) -> int:
        """Return the periods in which the quota stopped the group."""
        rows = (row.split() for row in (self.path / "cpu.stat").read_text().splitlines())
        values: Dict[str, int] = {name: int(value) for name, value in rows}
        return values["nr_throttled"]

    def memory(self, size: int) -> None:
        """Limit the socket memory (version 1: that of sockets alone; version 2: all of the group's)."""
        name = "memory.max" if self.version == 2 else "memory.kmem.tcp.limit_in_bytes"
        (self.path / name).write_text(str(size))

    def socket_memory(self) -> Optional[int]:
        if self.version == 2:
            rows = dict(row.split() for row in (self.path / "memory.stat").read_text().splitlines())
            return int(rows["sock"])
        return int((self.path / "memory.kmem.tcp.usage_in_bytes").read_text())

    def remove(self) -> None:
        for _ in range(50):
            with contextlib.suppress(OSError):
                self.path.rmdir()
                return
            time.sleep(0.02)


def _mount(controller: str) -> Path:
    for row in Path("/proc/mounts").read_text().splitlines():
        _, path, kind, options = row.split()[:4]
        if kind == "cgroup" and controller in options.split(","):
            return Path(path)
    for row in Path("/proc/mounts").read_text().splitlines():
        _, path, kind = row.split()[:3]
        if kind == "cgroup2" and controller in (Path(path) / "cgroup.controllers").read_text().split():
            return Path(path)
    raise RuntimeError("no control group with the controller " + controller)
