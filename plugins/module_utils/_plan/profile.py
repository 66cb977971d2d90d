# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The profiles: which workload the buffers are sized for, and which knobs are turned at all.

A profile is a set of values for settings that nobody named; a setting that was named (anything but "profile") wins.
``docs/docsite/rst/tuning.rst`` writes the arithmetic down.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FROM_PROFILE = "profile"
# Of the RAM that all UDP sockets together may take: about what the kernel gives UDP by itself (udp_mem, 9.4 %).
MEMORY_SHARE = 0.1
KEEP = "keep"

# What a profile may say: numbers of the workload, then knobs.
WORKLOAD = ("rate", "datagram_size", "stall", "sockets", "max_queue_delay")
SYSCTL_KNOBS = ("rmem_max", "rmem_default", "udp_mem", "netdev_max_backlog", "netdev_budget", "netdev_budget_usecs")
NIC_KNOBS = ("channels", "ring_rx", "ring_tx", "coalesce", "hash_fields", "indirection")
CPU_KNOBS = ("irq_affinity", "rps", "rfs", "xps")
KNOBS = SYSCTL_KNOBS + NIC_KNOBS + CPU_KNOBS

_NOTHING: dict[str, Any] = {**dict.fromkeys(KNOBS, KEEP), "coalesce": {}}

# A server of several readers at 50,000 datagrams/s each, and a pause of 50 ms: what a garbage collection, a full CPU
# quota period or a neighbour on the CPU takes. 50,000 x 0.05 x 2304 / 0.75 = 7.7 MB a socket.
_BUFFERS: dict[str, Any] = {
    **_NOTHING,
    "rate": 50_000.0,
    "datagram_size": 1200,
    "stall": 0.05,
    "sockets": 4,
    "max_queue_delay": 1.0,
    "rmem_max": "auto",
    "udp_mem": "auto",
    "netdev_max_backlog": "auto",
}

PROFILES: dict[str, dict[str, Any]] = {
    "buffers": _BUFFERS,
    # The NIC and the CPUs as well, for a host whose owner wants that. Transmit steering is no receive matter, and RPS
    # on a NIC with enough queues makes loss: both stay.
    "full": {
        **_BUFFERS,
        "channels": "auto",
        "ring_rx": "max",
        "hash_fields": "sdfn",
        "irq_affinity": "auto",
    },
    # Many DNS servers never ask for a buffer, so that rmem_default rules them; it also enlarges every other kind of
    # socket, so that the number stays small: 10,000 x 0.05 x 2304 / 0.75 = 1.5 MB. A stub resolver that waits 5 s asks
    # again; a resolver that waits for this server does after 0.4 s, and then a queue is only old questions.
    "dns": {
        **_BUFFERS,
        "rate": 10_000.0,
        "datagram_size": 512,
        "sockets": 8,
        "max_queue_delay": 0.4,
        "rmem_default": "auto",
    },
    # QUIC servers ask with SO_RCVBUF (quic-go for 7 MiB): 100,000 x 0.05 x 2304 / 0.75 = 15.4 MB, so rmem_max 7.7 MB.
    # An endpoint whose packets are late for a second has sent them again (RFC 9002: the first probe timeout is 1 s);
    # a quarter of that leaves the round trip its share.
    "quic": {**_BUFFERS, "rate": 100_000.0, "datagram_size": 1350, "sockets": 8, "max_queue_delay": 0.25},
    # Syslog, flow records, metrics: nobody waits for an answer, and the reader pauses while it writes out a batch.
    # 50,000 x 0.5 x 2304 / 0.75 = 76.8 MB a socket, two sockets.
    "ingest": {**_BUFFERS, "datagram_size": 1400, "stall": 0.5, "sockets": 2, "max_queue_delay": 5.0},
    # Nothing but what is named.
    "none": {**_BUFFERS, **_NOTHING},
}


def resolve(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings with everything that nobody named taken from the profile.

    ``settings["profile"]`` names it. Raises KeyError for a profile that does not exist.
    """
    profile = PROFILES[settings["profile"]]
    return {**profile, **{name: value for name, value in settings.items() if not _unnamed(value)}}


def _unnamed(value: Any) -> bool:
    return value is None or value == FROM_PROFILE
