# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Control groups: a process's groups, the container they name, and what a CPU quota did to them.

Source: man 7 cgroups; kernel/cgroup/cgroup.c (proc_cgroup_show), kernel/sched/core.c (cpu.stat, cpu.max).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError


class CgroupEntry(NamedTuple):
    """One hierarchy: its number (0 for cgroup v2), its controllers (none for v2) and the path within it."""

    hierarchy: int
    controllers: tuple[str, ...]
    path: str


# 4:memory:/docker/0123…            (v1)
# 0::/system.slice/ssh.service      (v2)
def parse_proc_cgroup(text: str) -> list[CgroupEntry]:
    """Return the hierarchies of /proc/PID/cgroup. Raises ParseError."""
    entries = []
    for line in text.split("\n"):
        if not line:
            continue
        parts = line.split(":", 2)
        if len(parts) != 3 or not parts[0].isdecimal() or len(parts[0]) > 9:
            raise ParseError("/proc/PID/cgroup", f"line {line[:60]!r} is not number:controllers:path")
        controllers = tuple(name for name in parts[1].split(",") if name)
        entries.append(CgroupEntry(int(parts[0]), controllers, parts[2]))
    if not entries:
        raise ParseError("/proc/PID/cgroup", "empty")
    return entries


_HEX = r"(?P<id>[0-9a-f]{32,64})"
# (runtime, pattern of one path component). Monitors (conmon, lxc.monitor) run on the host's side and match none.
_COMPONENTS = (
    ("docker", re.compile(r"docker-" + _HEX + r"\.scope$")),
    ("containerd", re.compile(r"(?:.*:)?(?:cri-containerd|nerdctl)[-:]" + _HEX + r"(?:\.scope)?$")),
    ("crio", re.compile(r"(?:.*:)?crio[-:]" + _HEX + r"(?:\.scope)?$")),
    ("podman", re.compile(r"libpod-" + _HEX + r"(?:\.scope)?$")),
    ("nspawn", re.compile(r"systemd-nspawn@(?P<id>.+)\.service$")),
    ("machine", re.compile(r"machine-(?!qemu)(?P<id>.+)\.scope$")),
    ("lxc", re.compile(r"lxc\.payload\.(?P<id>.+)$")),
    ("container", re.compile(_HEX + r"$")),
)
_NAMED_BY_PARENT = {"lxc": "lxc", "lxc.payload": "lxc", "docker": "docker"}
_UID = r"[0-9a-f]{8}([-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32}"
_POD = re.compile(rf"(?:kubepods.*-)?pod(?P<uid>{_UID})(?=\.slice|$)")
_ESCAPE = re.compile(r"\\x([0-9a-f]{2})")


def container_id(path: str) -> str | None:
    """Return "runtime:id" of the innermost container that a cgroup path names, or None.

    Runtimes: docker, containerd, crio, podman, nspawn, machine (another of systemd-machined), lxc; `container`
    where only a bare id stands in the path; `pod` with the pod's uid where it names a pod but no container.
    Ids of 32 to 64 hexadecimal digits are cut to the 12 that the runtimes' own tools print.
    """
    found = None
    parent = ""
    for component in path.split("/"):
        name = _one(component, parent)
        found = name or found
        parent = component
    if found is None:
        uid = pod_uid(path)
        return "pod:" + uid if uid else None
    return found


def _one(component: str, parent: str) -> str | None:
    for runtime, pattern in _COMPONENTS:
        match = pattern.match(component)
        if match:
            digits = match.group("id")
            if runtime in ("nspawn", "machine", "lxc"):
                return f"{runtime}:{_ESCAPE.sub(lambda code: chr(int(code.group(1), 16)), digits)}"
            return f"{_NAMED_BY_PARENT.get(parent, runtime)}:{digits[:12]}"
    if parent in ("lxc", "lxc.payload") and component:
        return "lxc:" + component
    return None


def pod_uid(path: str) -> str | None:
    """Return the uid of the Kubernetes pod that a cgroup path names (dashes restored), or None."""
    for component in path.split("/"):
        match = _POD.match(component)
        if match:
            return match.group("uid").replace("_", "-")
    return None


_UNIT = re.compile(r"_?(?P<unit>[A-Za-z0-9:_.\\@-]{1,247}\.service)\Z")


def service_unit(path: str) -> str | None:
    """Return the system's service that a cgroup path names (`nsd.service`), as its manager knows it, or None.

    It is the outermost one: what stands below belongs to a manager inside of it. A user's services are not the
    system's, and a container that stands below its runtime's service does not end with it, podman's payload excepted.
    """
    unit = None
    for component in path.split("/"):
        match = _UNIT.match(component)
        if match:
            unit = match.group("unit")
            break
    if unit is None or unit.startswith("user@") or container_id(path) is not None:
        return None
    return unit


# nr_periods 100
# nr_throttled 40
# throttled_time 3200000000   (v1, nanoseconds)
# throttled_usec 3200000      (v2, microseconds)
def parse_cpu_stat(text: str) -> dict[str, float]:
    """Return nr_periods, nr_throttled and throttled_seconds of a cpu.stat; a group without a quota may lack them.

    ``throttled_seconds`` sums over the CPUs on which the group was stopped. Raises ParseError.
    """
    values: dict[str, int] = {}
    for line in text.split("\n"):
        fields = line.split()
        if not fields:
            continue
        try:
            key, value = fields
            values[key] = int(value)
        except ValueError as error:
            raise ParseError("cpu.stat", f"line {line[:60]!r} is not a name and a number") from error
    result: dict[str, float] = {key: values[key] for key in ("nr_periods", "nr_throttled") if key in values}
    try:
        if "throttled_time" in values:
            result["throttled_seconds"] = values["throttled_time"] / 1e9
        elif "throttled_usec" in values:
            result["throttled_seconds"] = values["throttled_usec"] / 1e6
    except OverflowError as error:
        raise ParseError("cpu.stat", "the throttled time is no time") from error
    return result


# 50000 100000
# max 100000
def parse_cpu_max(text: str) -> float | None:
    """Return the quota in CPUs of a cpu.max (v2), or of "cpu.cfs_quota_us cpu.cfs_period_us" (v1, -1 = none).

    None means no quota. Raises ParseError.
    """
    fields = text.split()
    if len(fields) == 2 and fields[0] in ("max", "-1"):
        return None
    try:
        quota, period = (int(field) for field in fields)
        return quota / period
    except (ValueError, ZeroDivisionError, OverflowError) as error:
        raise ParseError("cpu.max", f"{text[:60]!r} is not quota and period") from error
