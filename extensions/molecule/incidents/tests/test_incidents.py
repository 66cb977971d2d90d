# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each incident: where it is lost, why, and what helps; the node's own counters show nothing of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import testinfra.host

testinfra_hosts = ["ansible://dns", "ansible://quic", "ansible://ingest"]

OVERFLOW = "socket.receive_buffer_overflow"
BUFFER = ("receive_buffer", "rmem_default", "rmem_max")
# All of these must be told, and none beyond the second. A neighbour that takes the CPU makes a reader stall: on a busy
# machine that can be the whole cause of what a burst costs.
CAUSES: dict[str, tuple[set[str], set[str]]] = {
    "dns": (set(), {"arrival_burst", "reader_stall"}),
    "quic": ({"slow_consumer"}, {"slow_consumer", "reader_stall"}),
    "ingest": ({"reader_stall"}, {"arrival_burst", "reader_stall"}),
}


@pytest.fixture
def name(host: testinfra.host.Host) -> str:
    """The incident, which is the host's name."""
    return str(host.check_output("hostname"))


@pytest.fixture
def finding(name: str, ephemeral: Path) -> dict[str, Any]:
    """The one overflow of the incident."""
    report = json.loads((ephemeral / f"lossy/{name}/udp-audit/report.json").read_text(encoding="utf-8"))
    entry = report["hosts"][name]
    assert (entry["status"], entry["main_loss"]) == ("fail", OVERFLOW)
    overflows = [one for one in entry["findings"] if one["finding"] == OVERFLOW]
    (found,) = (one for one in overflows if one["namespace"]["name"].endswith("-dst"))
    return dict(found)


def test_the_loss_is_the_pods(finding: dict[str, Any], host: testinfra.host.Host) -> None:
    assert finding["delta"] > 0
    names, values = (row.split()[1:] for row in host.check_output("grep ^Udp: /proc/net/snmp").splitlines())
    assert dict(zip(names, values))["RcvbufErrors"] == "0"


def test_the_causes(finding: dict[str, Any], name: str) -> None:
    needed, possible = CAUSES[name]
    assert finding["causes"]
    assert needed <= set(finding["causes"]) <= possible


def test_what_helps(finding: dict[str, Any], name: str) -> None:
    about_buffers = [one for one in finding["advice"] if any(word in one["action"] for word in BUFFER)]
    assert any(one["helps"] for one in about_buffers) is (name != "quic")
    if name == "quic":
        assert any("SO_REUSEPORT" in one["action"] and one["helps"] for one in finding["advice"])
