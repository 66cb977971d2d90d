# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Kernel counters for the truth of a run, read with the administrator's tools and not with the code under test."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Dict, List, NamedTuple

from .bed import Bed, run

_SOCKET = re.compile(
    r"^\S+\s+\d+\s+\d+\s+(?P<local>\S+)\s.*?ino:(?P<inode>\d+).*?skmem:\(r(?P<memory>\d+),rb(?P<buffer>\d+),.*?d(?P<drops>\d+)\)"
)


class Socket(NamedTuple):
    """A line of ``ss``."""

    local: str
    port: int
    inode: int
    memory: int
    buffer: int
    drops: int


def sockets(bed: Bed, namespace: str) -> List[Socket]:
    """Return a namespace's UDP sockets: ``UNCONN 0 0 0.0.0.0:5300 0.0.0.0:* ino:7 sk:1 <-> skmem:(r0,rb..,d0)``."""
    found = []
    for line in run("ip", "netns", "exec", namespace, "ss", "-uamneOH").splitlines():
        match = _SOCKET.match(line)
        if match:
            local = match["local"]
            found.append(Socket(local, int(local.rsplit(":", 1)[1]), int(match["inode"]), int(match["memory"]),
                                int(match["buffer"]), int(match["drops"])))  # fmt: skip
    return found


def nstat(namespace: str) -> Dict[str, int]:
    """Return the SNMP counters of a namespace under nstat's names (UdpInDatagrams, Ip6InReceives, TcpExt...)."""
    text = run("ip", "netns", "exec", namespace, "nstat", "-asz", "--json")
    values: Dict[str, int] = json.loads(text)["kernel"]
    return values


def conntrack(namespace: str) -> Dict[str, int]:
    """Return the sums over CPUs of ``/proc/net/stat/nf_conntrack`` (the column of entries is not a sum)."""
    rows = run("ip", "netns", "exec", namespace, "cat", "/proc/net/stat/nf_conntrack").splitlines()
    names = rows[0].split()
    sums = dict.fromkeys(names, 0)
    for row in rows[1:]:
        for name, value in zip(names, row.split()):
            sums[name] += int(value, 16)
    return sums


def softnet() -> Dict[str, int]:
    """Return dropped and flow-limited packets of the machine's backlogs."""
    dropped = limited = 0
    for row in Path("/proc/net/softnet_stat").read_text().splitlines():
        fields = row.split()
        dropped += int(fields[1], 16)
        limited += int(fields[10], 16)
    return {"dropped": dropped, "flow_limit": limited}


def device(bed: Bed, namespace: str, name: str) -> Dict[str, int]:
    """Return the received packets and drops of a device, and its drops while sending."""
    (entry,) = json.loads(run("ip", "-n", namespace, "-s", "-j", "link", "show", "dev", name))
    received, sent = entry["stats64"]["rx"], entry["stats64"]["tx"]
    return {"packets": received["packets"], "dropped": received["dropped"], "tx_dropped": sent["dropped"]}


def qdisc_drops(namespace: str, name: str) -> Dict[str, int]:
    """Return the drops of a device's queueing disciplines by kind."""
    found = json.loads(run("tc", "-n", namespace, "-s", "-j", "qdisc", "show", "dev", name))
    return {entry["kind"]: entry["drops"] for entry in found}


def ethtool(bed: Bed, namespace: str, name: str) -> Dict[str, int]:
    """Return the driver's own counters."""
    values: Dict[str, int] = {}
    for line in bed.within(namespace, "ethtool", "-S", name).splitlines():
        key, _, value = line.strip().rpartition(":")
        if key and value.strip().isdigit():
            values[key] = int(value)
    return values
