# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Losses on a path of client, proxy and server, one at a time; each says afterwards how many datagrams it lost.

The truth comes from what makes the loss (a rule's counter, the kernel's own files, the forwarder's count), never from
the collection.

    with fault("softnet", tmp_path) as (row, truth):
        done = row.play(PLAYBOOK, probe("softnet"))
        assert found(row) == {truth.place: truth.lost()}
"""

from __future__ import annotations

import contextlib
import json
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.tests.hosts.row import Row
from ansible_collections.rxpath.linux.tests.matrix.bed import Program

PLAYBOOK = str(Path(__file__).resolve().parents[2] / "playbooks/hops.yml")
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

    @property
    def place(self) -> tuple[str, str, str | None]:
        """Return what names the place."""
        return self.kind, self.host, self.before


def forward(row: Row, *options: str) -> Program:
    """Start the proxy's forwarder."""
    there = ["-p", str(FORWARD), "-t", row.address("server"), "-q", str(BEHIND)]
    if "-F" not in options:
        there += ["-F", str(8 << 20)]
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
    forward(row)
    proxy = row.name("proxy")
    row.within(proxy, "nft", "-f", "-", stdin=_SLOW)
    row.within(proxy, "sh", "-c", "echo 2 >/sys/class/net/eth0/queues/rx-0/rps_cpus")
    return Truth("softnet.backlog_overflow", "proxy", None, lambda: _rx_dropped(row))


def _rx_dropped(row: Row) -> int:
    return int(row.within(row.name("proxy"), "cat", "/sys/class/net/eth0/statistics/rx_dropped"))


def socket_of_forwarder(row: Row) -> Truth:
    """The proxy is too slow for its small buffer."""
    forward(row, "-w", "2000", "-F", "8192")
    return Truth("socket.receive_buffer_overflow", "proxy", None, lambda: _rcvbuf_errors(row, "proxy"))


def _rcvbuf_errors(row: Row, name: str) -> int:
    lines = [line for line in row.within(row.name(name), "cat", "/proc/net/snmp").splitlines() if line[:4] == "Udp:"]
    return int(dict(zip(lines[0].split(), lines[1].split()))["RcvbufErrors"])


def forwarder(row: Row) -> Truth:
    """The proxy reads every datagram and sends all but every fifth."""
    program = forward(row, "-d", "5")
    return Truth("forwarder", "proxy", None, lambda: int(program.stop()["dropped"]))


def socket_of_server(row: Row) -> Truth:
    """The receiver at the server has a buffer of three datagrams, and shares its processor with the sender."""
    forward(row)
    return Truth("probe.socket", "server", None, lambda: _rcvbuf_errors(row, "server"))


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
    "socket_of_server": socket_of_server,
}
# What a fault needs of the probe besides; and on which processor the modules of hosts run.
_PROBE: dict[str, dict[str, Any]] = {
    "softnet": {"udp_hops_probe_rate": 10000},
    "socket_of_server": {"udp_hops_probe_rate": 5000, "udp_hops_probe_receive_buffer": 2304},
}
_PINS = {"socket_of_server": {"client": 0, "server": 0}}


@contextlib.contextmanager
def fault(name: str, folder: Path) -> Iterator[tuple[Row, Truth]]:
    """Make the path with one of its losses."""
    with Row(NAMES, folder, _PINS.get(name, {"client": 0})) as row:
        yield row, FAULTS[name](row)


def probe(name: str, legs: str = "forwarded") -> dict[str, Any]:
    """Return the variables of a probe through the proxy."""
    return {
        "path": ",".join(NAMES),
        # Every process of the machine is seen from each of these hosts, and with them every namespace.
        "udp_hops_namespaces": "host",
        "udp_hops_probe": True,
        "udp_hops_probe_legs": legs,
        "udp_hops_probe_rate": 2000,
        "udp_hops_probe_duration": 0.5,
        "udp_hops_forward_port": FORWARD,
        "udp_hops_probe_port": BEHIND,
        **_PROBE.get(name, {}),
    }


def report(row: Row) -> dict[str, Any]:
    """Return the report of the last run."""
    found: dict[str, Any] = json.loads((row.folder / "udp-audit/hops.json").read_text(encoding="utf-8"))
    return found


def found(row: Row) -> dict[tuple[str, str, str | None], int]:
    """Return what the report says of the way through the proxy: packets by kind of place, host, and host before it."""
    (via,) = [one for one in report(row)["rounds"] if one.get("via")]
    return {(place["kind"], place["host"], place["before"]): place["packets"] for place in via["places"]}
