# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Losses on a path of client, proxy and server, one at a time; each says afterwards how many datagrams it lost.

The truth comes from what makes the loss (a rule's counter, a device's rx_dropped, the forwarder's own count), never
from the collection.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.tests.hosts.row import Row
from ansible_collections.rxpath.linux.tests.matrix.bed import Program, run

FORWARD, BEHIND = 5300, 5301
NAMES = ("client", "proxy", "server")
HERE = Path(__file__).parent
_DROP = """table netdev wire {{ chain lose {{ type filter hook ingress device "{device}" priority 0;
ip daddr {to} udp dport {port} numgen inc mod 10 == 3 counter drop; }}
}}"""
# Chains that jump to the next one again and again, 80,000 comparisons in all: each packet then costs the processor of
# the backlog some hundred microseconds, and the backlog's usual 1,000 packets are soon there.
_SLOW = """table ip slow {{
chain last {{ {last}
}}
chain third {{ {third}
}}
chain second {{ {second}
}}
chain first {{ type filter hook prerouting priority -300; {first}
}}
}}""".format(
    last="\n".join(["ip saddr 192.0.2.1 accept"] * 20),
    third="\n".join(["jump last"] * 20),
    second="\n".join(["jump third"] * 20),
    first="\n".join(["ip protocol udp jump second"] * 10),
)


class Truth(NamedTuple):
    """Where a fault loses datagrams: the kind of place, its host, the host before a wire, and how many it lost."""

    kind: str
    host: str
    before: str | None
    lost: Callable[[], int]


def forward(row: Row, *options: str) -> Program:
    """Start the proxy's forwarder."""
    there = ("-p", str(FORWARD), "-t", row.address("server"), "-q", str(BEHIND))
    # Not on the processor whose backlog a fault fills: what it sends has to go through that of its own.
    return row.start([sys.executable, str(HERE / "forwarder.py"), *there, *options], row.name("proxy"), cpu=0)


def _counted(row: Row) -> int:
    text = row.within(row.wire, "nft", "list", "ruleset")
    return sum(int(packets) for packets in re.findall(r"counter packets (\d+)", text))


def _wire(row: Row, before: str, after: str, port: int) -> Truth:
    forward(row)
    rules = _DROP.format(device=row.port(before), to=row.address(after), port=port)
    row.within(row.wire, "nft", "-f", "-", stdin=rules)
    return Truth("wire", after, before, lambda: _counted(row))


def wire_to_forwarder(row: Row) -> Truth:
    """Every tenth datagram from client to proxy."""
    return _wire(row, "client", "proxy", FORWARD)


def wire_to_server(row: Row) -> Truth:
    """Every tenth datagram from proxy to server."""
    return _wire(row, "proxy", "server", BEHIND)


def softnet(row: Row) -> Truth:
    """The proxy's packets go to the backlog of a processor that is too slow for them."""
    forward(row, "-F", str(8 << 20))
    proxy = row.name("proxy")
    row.within(proxy, "nft", "-f", "-", stdin=_SLOW)
    row.within(proxy, "sh", "-c", "echo 2 >/sys/class/net/eth0/queues/rx-0/rps_cpus")
    before = _rx_dropped(row)
    return Truth("softnet.backlog_overflow", "proxy", None, lambda: _rx_dropped(row) - before)


def _rx_dropped(row: Row) -> int:
    return int(row.within(row.name("proxy"), "cat", "/sys/class/net/eth0/statistics/rx_dropped"))


def socket_of_forwarder(row: Row) -> Truth:
    """The proxy is too slow for its small buffer."""
    program = forward(row, "-w", "2000", "-F", "8192")
    before = _rcvbuf_errors(row, "proxy")
    del program
    return Truth("socket.receive_buffer_overflow", "proxy", None, lambda: _rcvbuf_errors(row, "proxy") - before)


def _rcvbuf_errors(row: Row, name: str) -> int:
    lines = [line for line in row.within(row.name(name), "cat", "/proc/net/snmp").splitlines() if line[:4] == "Udp:"]
    return int(dict(zip(lines[0].split(), lines[1].split()))["RcvbufErrors"])


def forwarder(row: Row) -> Truth:
    """The proxy reads every datagram and sends all but every fifth."""
    program = forward(row, "-d", "5")
    return Truth("forwarder", "proxy", None, lambda: int(program.stop()["dropped"]))


def nothing(row: Row) -> Truth:
    """Nothing is lost."""
    forward(row)
    return Truth("", "", None, lambda: 0)


FAULTS: dict[str, Callable[[Row], Truth]] = {
    "nothing": nothing,
    "wire_to_forwarder": wire_to_forwarder,
    "wire_to_server": wire_to_server,
    "softnet": softnet,
    "socket_of_forwarder": socket_of_forwarder,
    "forwarder": forwarder,
}


def found(report: dict[str, Any]) -> dict[tuple[str, str, str | None], int]:
    """Return what the report says of the path through the proxy: packets by kind of place, host, and host before it."""
    (via,) = [one for one in report["rounds"] if one.get("via")]
    return {(place["kind"], place["host"], place["before"]): place["packets"] for place in via["places"]}


__all__ = ["FAULTS", "NAMES", "Truth", "found", "run"]
