# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The CPU quota above a process: which control group sets it, and how often it stopped the group in the window.

A quota can stand at any level (the container, the pod, a slice); the group named is the one that was stopped most,
else the one with the tightest quota. Files: cpu.max and cpu.stat (v2), cpu.cfs_quota_us and cpu.stat (v1).
"""

from __future__ import annotations

import os
import re
from typing import NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cgroup import (
    parse_cpu_max,
    parse_cpu_stat,
    parse_proc_cgroup,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._sample.host import read_text
from ansible_collections.rxpath.linux.plugins.module_utils._sample.names import clean

_OCTAL = re.compile(r"\\([0-7]{3})")


class Level(NamedTuple):
    """A control group with a quota (CPUs), and its cpu.stat at the first look."""

    path: str
    directory: str
    quota: float
    before: dict[str, float]


class Mount(NamedTuple):
    """Where the CPU controller's hierarchy is: its mount point, the group that the mount shows, and its version."""

    point: str
    root: str
    version: int


def find_mount() -> Optional[Mount]:
    """Return the mount of the CPU controller; the older hierarchy wins where both exist (hybrid)."""
    try:
        lines = read_text("/proc/self/mountinfo").split("\n")
    except OSError:
        return None
    newer = None
    for line in lines:
        # 32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
        head, dash, tail = line.partition(" - ")
        fields, kind = head.split(" "), tail.split(" ")
        if not dash or len(fields) < 5 or len(kind) < 3:
            continue
        root, point = (_OCTAL.sub(lambda code: chr(int(code.group(1), 8)), field) for field in fields[3:5])
        if kind[0] == "cgroup" and "cpu" in kind[2].split(","):
            return Mount(point, root, 1)
        if kind[0] == "cgroup2":
            newer = Mount(point, root, 2)
    return newer


class CpuQuota:
    """The quotas above one process, from the first look on."""

    def __init__(self, pid: int, mount: Optional[Mount]) -> None:
        self.path: Optional[str] = None
        self._levels: list[Level] = []
        if mount is None:
            return
        try:
            entries = parse_proc_cgroup(read_text("/proc/%d/cgroup" % pid))
        except (OSError, ParseError):
            return
        for entry in entries:
            if (mount.version == 2 and entry.hierarchy == 0) or (mount.version == 1 and "cpu" in entry.controllers):
                self.path = clean(entry.path)
                self._levels = _quotas(mount, entry.path)

    def document(self) -> dict[str, object]:
        """Return quota_cpus, periods, throttled_periods, throttled_seconds and cgroup since the first look."""
        best: Optional[tuple[float, float, Level, dict[str, float]]] = None
        for level in self._levels:
            after = _cpu_stat(level.directory)
            gained = {key: max(0, value - level.before.get(key, 0)) for key, value in after.items()}
            rank = (gained.get("nr_throttled", 0.0), -level.quota, level, gained)
            if best is None or rank[:2] > best[:2]:
                best = rank
        if best is None:
            nothing = {"quota_cpus": None, "periods": 0, "throttled_periods": 0, "throttled_seconds": 0.0}
            return {**nothing, "cgroup": self.path}
        _throttled, _quota, level, gained = best
        return {
            "quota_cpus": round(level.quota, 4),
            "periods": int(gained.get("nr_periods", 0)),
            "throttled_periods": int(gained.get("nr_throttled", 0)),
            "throttled_seconds": round(gained.get("throttled_seconds", 0.0), 6),
            "cgroup": level.path,
        }


def _quotas(mount: Mount, path: str) -> list[Level]:
    """Return the groups with a quota, from the process's own up to the root that the mount shows."""
    inner = path
    if mount.root != "/" and (path + "/").startswith(mount.root.rstrip("/") + "/"):
        inner = path[len(mount.root) :]
    levels = []
    parts = [part for part in inner.split("/") if part not in ("", "..")]
    while parts:
        directory = os.path.join(mount.point, *parts)
        quota = _quota(directory, mount.version)
        if quota is not None:
            levels.append(Level(clean("/" + "/".join(parts)), directory, quota, _cpu_stat(directory)))
        parts.pop()
    return levels


def _quota(directory: str, version: int) -> Optional[float]:
    try:
        if version == 2:
            return parse_cpu_max(read_text(directory + "/cpu.max"))
        quota, period = (read_text("%s/cpu.cfs_%s_us" % (directory, name)).strip() for name in ("quota", "period"))
        return parse_cpu_max("%s %s" % (quota, period))
    except (OSError, ParseError):
        return None


def _cpu_stat(directory: str) -> dict[str, float]:
    try:
        return parse_cpu_stat(read_text(directory + "/cpu.stat"))
    except (OSError, ParseError):
        return {}
