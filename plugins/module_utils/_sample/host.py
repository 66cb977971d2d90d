# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The machine itself: what it is, its limits, its CPUs, softnet and interrupts."""

from __future__ import annotations

import os
import platform
from typing import Any, Callable, NamedTuple, Optional, TypeVar

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import parse_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.proc_cpu import (
    CpuTimes,
    parse_softirqs,
    parse_stat,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.snmp import parse_sockstat
from ansible_collections.rxpath.linux.plugins.module_utils._collect.softnet import SoftnetRow, parse_softnet
from ansible_collections.rxpath.linux.plugins.module_utils._sample.delta import gain, softnet_gains
from ansible_collections.rxpath.linux.plugins.module_utils._sample.names import clean
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns

_T = TypeVar("_T")
_CORE = "/proc/sys/net/core/"


class HostReading(NamedTuple):
    """The machine at one moment. None: unreadable."""

    softnet: Optional[list[SoftnetRow]]
    times: Optional[dict[int, CpuTimes]]
    softirqs: Optional[dict[str, list[int]]]
    udp_pages: Optional[int]


def read_text(path: str) -> str:
    """Return a file of /proc or /sys. Raises OSError."""
    with open(path, encoding="utf-8", errors="backslashreplace") as file:
        return file.read()


def _attempt(work: Callable[[], _T], what: str, unknowns: Unknowns) -> Optional[_T]:
    try:
        return work()
    except (OSError, ParseError, KeyError) as error:
        unknowns.add_error(what, error)
        return None


def read_host(unknowns: Unknowns) -> HostReading:
    """Read softnet, CPU times, softirqs and the memory of all UDP sockets."""
    return HostReading(
        softnet=_attempt(
            lambda: parse_softnet(read_text("/proc/net/softnet_stat"), online_cpus()), "softnet_stat", unknowns
        ),
        times=_attempt(lambda: parse_stat(read_text("/proc/stat")), "/proc/stat", unknowns),
        softirqs=_attempt(lambda: parse_softirqs(read_text("/proc/softirqs")), "/proc/softirqs", unknowns),
        udp_pages=_attempt(
            lambda: parse_sockstat(read_text("/proc/net/sockstat"))["UDP"]["mem"], "/proc/net/sockstat", unknowns
        ),
    )


def online_cpus() -> list[int]:
    """Return the CPUs that run. Raises OSError, ParseError."""
    return parse_cpulist(read_text("/sys/devices/system/cpu/online"))


def describe_host(unknowns: Unknowns) -> dict[str, Any]:
    """Return the ``host`` part of the sample document."""
    name = os.uname()
    return {
        "hostname": clean(name.nodename),
        "kernel": name.release,
        "boot_id": boot_id(),
        "machine": name.machine,
        "python": platform.python_version(),
        "uid": os.geteuid(),
        "root": os.geteuid() == 0,
        "page_size": os.sysconf("SC_PAGE_SIZE"),
        "memory_bytes": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"),
        "clock_ticks": os.sysconf("SC_CLK_TCK"),
        "cpus_online": _attempt(online_cpus, "CPUs online", unknowns) or [],
        "cgroup_version": _cgroup_version(),
    }


def boot_id() -> Optional[str]:
    """Return what names this boot of the machine."""
    try:
        return read_text("/proc/sys/kernel/random/boot_id").strip()
    except OSError:
        return None


def _cgroup_version() -> Optional[int]:
    if os.path.exists("/sys/fs/cgroup/cgroup.controllers"):
        return 2
    return 1 if os.path.isdir("/sys/fs/cgroup") and os.listdir("/sys/fs/cgroup") else None


def read_limits() -> dict[str, Any]:
    """Return the ``limits`` part; a setting that this kernel, or a namespace that is not the first, lacks is null."""
    return {
        "rmem_max": _number(_CORE + "rmem_max"),
        "rmem_default": _number(_CORE + "rmem_default"),
        "udp_mem": _numbers("/proc/sys/net/ipv4/udp_mem"),
        "udp_rmem_min": _number("/proc/sys/net/ipv4/udp_rmem_min"),
        "netdev_max_backlog": _number(_CORE + "netdev_max_backlog"),
        "netdev_budget": _number(_CORE + "netdev_budget"),
        "flow_limit_cpu_bitmap": _line(_CORE + "flow_limit_cpu_bitmap"),
        "nf_conntrack_max": _number("/proc/sys/net/netfilter/nf_conntrack_max"),
        "rps_sock_flow_entries": _number(_CORE + "rps_sock_flow_entries"),
    }


def _line(path: str) -> Optional[str]:
    try:
        return read_text(path).strip()
    except OSError:
        return None


def _numbers(path: str) -> Optional[list[int]]:
    try:
        return [int(word) for word in (_line(path) or "").split()] or None
    except ValueError:
        return None


def _number(path: str) -> Optional[int]:
    numbers = _numbers(path)
    return numbers[0] if numbers else None


def softnet_rows(start: HostReading, end: HostReading, seconds: float, unknowns: Unknowns) -> list[dict[str, Any]]:
    """Return the ``softnet`` part; a CPU that went or came within the window is named as unknown."""
    if start.softnet is None or end.softnet is None:
        return []
    gains = softnet_gains(start.softnet, end.softnet, seconds)
    for cpu in gains.vanished:
        unknowns.add("softnet counters of CPU %d" % cpu, "it went offline within the window")
    for cpu in gains.appeared:
        unknowns.add("softnet counters of CPU %d" % cpu, "it came online within the window")
    return gains.rows


def cpu_rows(start: HostReading, end: HostReading, seconds: float) -> list[dict[str, Any]]:
    """Return the ``cpus`` part: shares of the window, 0 to 1; ``net_rx`` counts runs of the receive softirq."""
    rows = []
    runs, runs_before = (end.softirqs or {}).get("NET_RX", []), (start.softirqs or {}).get("NET_RX", [])
    before, after = start.times or {}, end.times or {}
    for cpu in sorted(before.keys() & after.keys()):
        spent = [max(0, last - first) for first, last in zip(before[cpu], after[cpu])]
        gone = CpuTimes(*spent)
        whole = sum(spent) or 1
        net_rx = None
        if cpu < len(runs) and cpu < len(runs_before):
            net_rx = gain(runs_before[cpu], runs[cpu], 32, seconds)
        rows.append(
            {
                "cpu": cpu,
                "busy_share": round(1.0 - (gone.idle + gone.iowait) / whole, 4),
                "softirq_share": round(gone.softirq / whole, 4),
                "steal_share": round(gone.steal / whole, 4),
                "net_rx": net_rx,
            }
        )
    return rows
