# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How long a per-CPU backlog that lost packets should be, and when a longer one is in vain.

A drop of softnet is itself the evidence that the backlog is on the path. What stood there and what was lost on the
worst CPU, taken as one burst, is room enough; the ceilings are the memory of all backlogs and the time in which that
CPU works one off.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import buffers, numbers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import advise, sysctl

_KEY = "net.core.netdev_max_backlog"
# A CPU that was in softirq for less than this share, or took fewer packets, says nothing about its pace.
_LEAST_SHARE, _LEAST_PACKETS = 0.05, 1000


def longer(
    sample: Mapping[str, Any], losing: Sequence[Mapping[str, Any]], saturated: bool, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """Advise on ``netdev_max_backlog``; ``losing`` are the rows of softnet that lost."""
    action, limit = f"raise {_KEY}", sample["limits"].get("netdev_max_backlog")
    if saturated:
        why = "the CPU is busy all the time: a longer backlog is full a moment later"
        return advise(action, limit, None, False, why)
    why = "the CPU has time between the bursts: a longer backlog holds them"
    if limit is None:
        return advise(f"{action} on the node", None, None, True, f"{why}; how long it is cannot be read from here")
    worst = max(losing, key=_lost)
    wanted = int(limit) + _lost(worst)
    most, ceiling = _ceiling(sample, worst, settings)
    if most <= int(limit):
        return advise(action, limit, None, False, f"{ceiling}: a longer backlog only delays")
    why += (
        f": {numbers.count(int(limit))} stood there and {numbers.count(_lost(worst))} were lost on CPU {worst['cpu']},"
        f" {numbers.count(wanted)} if all in one burst"
    )
    if most < wanted:
        why += f"; cut to {numbers.count(most)}: {ceiling}"
    wanted = min(wanted, most)
    pace = _lost(worst) / float(sample["window"]["seconds"])
    fill = (wanted - int(limit)) / pace if pace else 0.0
    return advise(action, limit, wanted, True, why, knob=sysctl(_KEY, wanted), fill_seconds=fill)


def _lost(row: Mapping[str, Any]) -> int:
    return max(0, int(row.get("dropped") or 0) - int(row.get("flow_limit") or 0))


def memory_ceiling(memory: int, cpus: int, share: float) -> tuple[int, str]:
    """Return the packets that each CPU's backlog may hold for all of them to keep to a share of the RAM, and why."""
    packets = int(memory * share / (cpus * buffers.DEFAULT_TRUESIZE))
    return packets, f"the backlogs of {cpus} CPUs may take {numbers.share(share)} of the memory"


def _ceiling(sample: Mapping[str, Any], row: Mapping[str, Any], settings: Mapping[str, Any]) -> tuple[int, str]:
    """Return the most packets that a backlog may hold, and why."""
    bounds = [(1 << 30, "the kernel's own limit")]
    memory, cpus = sample["host"].get("memory_bytes"), len(sample["host"].get("cpus_online") or [0])
    share = settings["thresholds"]["udp_memory_share"]
    if memory:
        bounds.append(memory_ceiling(memory, cpus, share))
    spent = next((cpu.get("softirq_share") or 0.0 for cpu in sample.get("cpus") or [] if cpu["cpu"] == row["cpu"]), 0.0)
    processed, delay = int(row.get("processed") or 0), settings["max_queue_delay"]
    if spent >= _LEAST_SHARE and processed >= _LEAST_PACKETS:
        pace = processed / (float(sample["window"]["seconds"]) * spent)
        said = f"CPU {row['cpu']} works off {numbers.rate(pace)}, no more in {numbers.duration(delay)}"
        bounds.append((int(pace * delay), said))
    return min(bounds)
