# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the audit said of each host, beside what the host's own kernel counts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import testinfra.host

testinfra_hosts = ["ansible://healthy", "ansible://bursting", "ansible://slow", "ansible://silent"]

OVERFLOW = "socket.receive_buffer_overflow"
VERDICTS = {
    "healthy": "pass",
    "bursting": "fail",
    "slow": "fail",
    "silent": "inconclusive",
    "unreachable": "unreachable",
    "without_python": "error",
}


@pytest.fixture(scope="module", params=["audit", "audit-check"])
def report(request: pytest.FixtureRequest, ephemeral: Path) -> dict[str, Any]:
    """The report of the run, then that of the run in check mode: they say the same."""
    path = ephemeral / request.param / "udp-audit/report.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))["hosts"])


class Seen(NamedTuple):
    """A host's name, its UDP counters by name (net/ipv4/proc.c) and its sockets' drops by inode (net/ipv4/udp.c)."""

    name: str
    counters: dict[str, int]
    drops: dict[int, int]


@pytest.fixture(scope="module")
def seen(host: testinfra.host.Host) -> Seen:
    """What the host's own kernel counts, read in one command."""
    text = host.check_output("hostname; grep ^Udp: /proc/net/snmp; tail -n +2 /proc/net/udp")
    name, names, values, *sockets = text.splitlines()
    rows = [row.split() for row in sockets]
    counters = dict(zip(names.split()[1:], map(int, values.split()[1:])))
    return Seen(name, counters, {int(row[9]): int(row[12]) for row in rows})


def test_every_host_has_its_verdict(report: dict[str, Any]) -> None:
    assert {name: entry["status"] for name, entry in report.items()} == VERDICTS


def test_the_verdict_is_what_the_kernel_counts(seen: Seen, report: dict[str, Any]) -> None:
    found = [one["delta"] for one in report[seen.name]["findings"] if one["finding"] == OVERFLOW]
    assert bool(found) is (VERDICTS[seen.name] == "fail")
    # The traffic goes on after the window.
    assert sum(found) <= seen.counters["RcvbufErrors"]


def test_the_socket_is_one_that_drops(seen: Seen, report: dict[str, Any]) -> None:
    findings = report[seen.name]["findings"]
    told = {socket["inode"] for finding in findings for socket in finding.get("sockets", [])}
    assert told <= {inode for inode, count in seen.drops.items() if count}


def test_causes(report: dict[str, Any]) -> None:
    told = {
        name: [one["causes"] for one in report[name]["findings"] if one["finding"] == OVERFLOW]
        for name in ("bursting", "slow")
    }
    assert told["slow"] == [["slow_consumer"]]
    # A neighbour that takes the CPU makes a reader stall beside it; a slow consumer it is not.
    assert told["bursting"] in (
        [["arrival_burst"]],
        [["arrival_burst", "reader_stall"]],
        [["reader_stall", "arrival_burst"]],
    )


def test_nothing_stays_on_a_host(host: testinfra.host.Host) -> None:
    assert host.check_output("pgrep -c python3; ls -A /run/ansible; true") == "0"
