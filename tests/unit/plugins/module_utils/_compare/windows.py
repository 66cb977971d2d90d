# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Windows whose losses are drawn from a known process: the sample document and the entry that goes with it."""

from __future__ import annotations

import random
from typing import Any, Callable

OVERFLOW = "socket.receive_buffer_overflow"
KEY = f"{OVERFLOW}|pod-1|"
# A process: what is lost of the arrivals of one look, from the look's moment and a source of chance.
Process = Callable[[random.Random, float, int], int]


def binomial(share: float) -> Process:
    """Each datagram for itself."""

    def lose(chance: random.Random, _now: float, arrived: int) -> int:
        # The normal form of it: enough here, and a thousand times as fast.
        return max(0, min(arrived, round(chance.gauss(arrived * share, (arrived * share * (1 - share)) ** 0.5))))

    return lose


def nothing() -> Process:
    return lambda _chance, _now, _arrived: 0


def bursts(every: float, size: int) -> Process:
    """Bursts that come at random, one in ``every`` seconds on average, and lose so many, give or take a half."""

    def lose(chance: random.Random, _now: float, arrived: int) -> int:
        return min(arrived, round(size * chance.uniform(0.5, 1.5))) if chance.random() < 0.05 / every else 0

    return lose


def episodes(gap: float, length: float, share: float) -> Process:
    """A reader that stalls for ``length`` seconds on average, after ``gap`` seconds on average."""
    stalled: list[bool] = []

    def lose(chance: random.Random, _now: float, arrived: int) -> int:
        now = stalled[-1] if stalled else chance.random() < length / (gap + length)
        stalled.append(not now if chance.random() < 0.05 / (length if now else gap) else now)
        return round(arrived * share) if now else 0

    return lose


def window(
    lose: Process,
    seed: int,
    *,
    rate: float = 10_000.0,
    seconds: float = 10.0,
    spread: float = 0.03,
    interval: float = 0.05,
    peaks: float = 1.0,
    inode: int = 4026532001,
    series: bool = True,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a sample document and an entry. ``peaks`` multiplies every tenth look's arrivals."""
    chance = random.Random(seed)
    columns: dict[str, list[Any]] = {"t": [], "reads": [], "overflows": [], "errors": [], "mem_errors": []}
    now = 0.0
    while now < seconds:
        step = min(interval * chance.uniform(0.5, 1.5), seconds - now + 1e-6)
        now += step
        arrived = max(0, round(rate * step * chance.gauss(1.0, spread)))
        arrived = round(arrived * peaks) if len(columns["t"]) % 10 == 0 else arrived
        lost = lose(chance, now, arrived)
        columns["t"].append(round(now, 4))
        columns["reads"].append(arrived - lost)
        columns["overflows"].append(lost)
        columns["errors"].append(lost)
        columns["mem_errors"].append(0)
    read, lost = sum(columns["reads"]), sum(columns["overflows"])
    counters = {"Udp.InDatagrams": read, "Udp.InErrors": lost, "Udp.RcvbufErrors": lost, "Ip.InReceives": read + lost}
    space = {
        "name": "pod-1",
        "inode": inode,
        "counters": counters,
        "resets": [],
        "devices": [],
        "sockets": [],
        "socket_summary": {"drops": lost, "closed_drops": 0},
        "series": columns if series else None,
    }
    host = {**space, "name": "host", "inode": 4026531840, "counters": {}, "socket_summary": {}, "series": None}
    sample = {
        "host": {"boot_id": "one"},
        "window": {"seconds": seconds},
        "rebooted": False,
        "truesize": [[197, 832], [1669, 2304]],
        "softnet": [],
        "namespaces": [host, space],
        "rest": {"namespaces": 0},
    }
    return sample, entry_of(OVERFLOW, lost, "pod-1")


def entry_of(
    finding: str, lost: int, name: str | None, interface: str | None = None, unit: str = "datagrams", **more: Any
) -> dict[str, Any]:
    """Return an entry with one finding; without one where nothing was lost."""
    place = None if name is None else {"name": name, "inode": 1, "container": None}
    one = {"finding": finding, "namespace": place, "interface": interface, "delta": lost, "unit": unit, **more}
    return {"findings": [one] if lost or more else [], "windows": []}
