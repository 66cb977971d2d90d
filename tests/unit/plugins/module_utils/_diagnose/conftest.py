# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A queue simulated at 100 µs, looked at as the sampler looks at a real one: samples whose truth is known."""

from __future__ import annotations

import random
from typing import Any, Callable

import pytest

STEP = 0.0001
TRUESIZE = 832


def simulate(
    arrivals: Callable[[float], float],
    pace: Callable[[float], float],
    *,
    seconds: float = 4.0,
    receive_buffer: int = 212992,
    interval: float = 0.05,
    blocked_in: str = "sleep",
    throttled: bool = False,
    seed: int = 1,
) -> dict[str, Any]:
    """Return a sample document.

    ``arrivals`` and ``pace`` are datagrams per second at a moment; a pace of 0 is a stalled reader. The buffer
    drops what does not fit, as the kernel of 6.18 does.
    """
    rng = random.Random(seed)
    room = receive_buffer // TRUESIZE
    queue = fraction = due = 0.0
    read = lost = looked_read = looked_lost = 0
    idle = stalled = running = 0.0
    series: dict[str, list[Any]] = {"t": [], "reads": [], "overflows": [], "errors": [], "mem_errors": []}
    own: dict[str, list[Any]] = {"memory": [], "queued": [], "drops": []}
    next_look = interval * rng.uniform(0.5, 1.5)
    for step in range(round(seconds / STEP)):
        now = step * STEP
        due += arrivals(now) * STEP
        come, due = int(due), due - int(due)
        taken_in = min(come, int(room - queue))
        lost += come - taken_in
        queue += taken_in
        can = pace(now) * STEP
        if can == 0:
            stalled += STEP
        else:
            fraction += can
            done = min(int(fraction), int(queue))
            fraction = fraction - done if queue > done else 0.0
            queue -= done
            read += done
            busy = min(1.0, done / can)
            running += STEP * busy
            idle += STEP * (1 - busy)
        if now >= next_look:
            next_look = now + interval * rng.uniform(0.5, 1.5)
            series["t"].append(round(now, 4))
            series["reads"].append(read - looked_read)
            for column in ("overflows", "errors"):
                series[column].append(lost - looked_lost)
            series["mem_errors"].append(0)
            own["memory"].append(int(queue) * TRUESIZE)
            own["queued"].append(int(queue) * TRUESIZE)
            own["drops"].append(lost - looked_lost)
            looked_read, looked_lost = read, lost
    looks = {
        "running": round(1000 * running / seconds),
        "receive": round(1000 * idle / seconds),
        "runnable" if throttled else blocked_in: round(1000 * stalled / seconds),
    }
    thread = {
        "tid": 71,
        "name": "reader",
        "run_seconds": running,
        "wait_seconds": 0.0,
        "states": looks,
        "blocked_in": None,
        "reader": True,
    }
    consumer = {
        "pid": 71,
        "process": "server",
        "threads": [thread],
        "quota_cpus": 0.5 if throttled else None,
        "periods": 40,
        "throttled_periods": 30 if throttled else 0,
        "throttled_seconds": stalled if throttled else 0.0,
        "cgroup": "/pod",
    }
    socket = {
        "family": "ipv4",
        "protocol": "udp",
        "local": "10.0.0.1:53",
        "remote": "",
        "inode": 4711,
        "cookie": 1,
        "reuseport_group": None,
        "receive_buffer": receive_buffer,
        "queue_start": 0,
        "queue_end": own["memory"][-1],
        "queue_max": max(own["memory"]),
        "queue_min": min(own["memory"]),
        "drops": lost,
        "drops_total": lost,
        "opened": False,
        "closed": False,
        "kernel_owned": False,
        "process": "server",
        "pid": 71,
        "uid": 0,
        "cgroup": "/pod",
        "container": None,
        "series": own,
        "consumer": consumer,
    }
    total = read + lost + int(queue)
    counters = {
        "Udp.InDatagrams": read,
        "Udp.InErrors": lost,
        "Udp.RcvbufErrors": lost,
        "Udp.NoPorts": 0,
        "Ip.InReceives": total,
        "Ip.InDelivers": total,
        "IpExt.InOctets": total * 128,
    }
    return document([namespace("pod-1", counters, sockets=[socket], series=series)], seconds)


def namespace(name: str, counters: dict[str, Any], **more: Any) -> dict[str, Any]:
    """Return a namespace of a sample."""
    sockets = more.get("sockets", [])
    entry: dict[str, Any] = {
        "name": name,
        "inode": 4026531840 + len(name),
        "kind": "host" if name == "host" else "named",
        "container": None,
        "processes": 1,
        "state": "steady",
        "counters": counters,
        "totals": {},
        "resets": [],
        "conntrack": None,
        "devices": [],
        "nft": None,
        "traits": {"tunnels": [], "wireguard": False, "forwarding": False},
        "sockets": [],
        "socket_summary": {
            "count": len(sockets),
            "with_queue": 0,
            "drops": sum(socket["drops"] for socket in sockets),
            "listed": len(sockets),
            "closed": 0,
            "closed_drops": 0,
        },
        "series": None,
    }
    entry.update(more)
    return entry


def document(namespaces: list[dict[str, Any]], seconds: float = 4.0) -> dict[str, Any]:
    """Return a sample document around namespaces, the host's own in front."""
    return {
        "schema": 1,
        "host": {"page_size": 4096, "memory_bytes": 8 << 30, "cpus_online": [0, 1], "kernel": "6.18.44"},
        "window": {"started_at": 1.0, "seconds": seconds, "interval": 0.05, "subsamples": 80, "extended_seconds": 0.0},
        "rebooted": False,
        "limits": {
            "rmem_max": 4194304,
            "rmem_default": 212992,
            "udp_mem": [200000, 300000, 400000],
            "netdev_max_backlog": 1000,
            "netdev_budget": 300,
            "flow_limit_cpu_bitmap": "0",
        },
        "truesize": [[197, 832], [645, 1280], [1669, 2304], [3717, 4352]],
        "udp_memory": {"pages_start": 0, "pages_end": 0, "pages_max": 100},
        "cpus": [{"cpu": cpu, "busy_share": 0.2, "softirq_share": 0.1, "steal_share": 0.0} for cpu in (0, 1)],
        "softnet": [
            {"cpu": cpu, "processed": 1000, "dropped": 0, "time_squeeze": 0, "received_rps": 0, "flow_limit": 0}
            for cpu in (0, 1)
        ],
        "irqs": [],
        "namespaces": [namespace("host", {"Udp.InDatagrams": 0}), *namespaces],
        "rest": {"namespaces": 0, "sockets": 0, "counters": {}},
        "unknowns": [],
        "blind_spots": [],
        "facts": None,
    }


@pytest.fixture(name="simulate")
def simulate_fixture() -> Callable[..., dict[str, Any]]:
    return simulate


@pytest.fixture(name="namespace")
def namespace_fixture() -> Callable[..., dict[str, Any]]:
    return namespace


@pytest.fixture(name="document")
def document_fixture() -> Callable[..., dict[str, Any]]:
    return document
