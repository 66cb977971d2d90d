# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three incidents that this collection grew out of, rebuilt with real traffic and audited as a user would."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.tests.hosts import incident
from ansible_collections.rxpath.linux.tests.matrix import nsd
from ansible_collections.rxpath.linux.tests.matrix.bed import Bed
from ansible_collections.rxpath.linux.tests.matrix.expect import buffer_helps

pytestmark = pytest.mark.needs_root

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
OVERFLOW = "socket.receive_buffer_overflow"


@pytest.fixture
def bed() -> Iterator[Bed]:
    """A sender's and a receiver's namespace."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with Bed() as made:
        yield made
    for number, handler in handlers.items():
        signal.signal(number, handler)


def audit(bed: Bed, directory: Path, window: float) -> dict[str, Any]:
    """Run the playbook on this machine; return its entry of the report. The host must fail."""
    chosen = {"udp_audit_namespaces": ["host", bed.receiver], "udp_audit_window": window}
    done = subprocess.run(
        [PLAYBOOK, str(ROOT / "audit.yml"), "-e", json.dumps(chosen)],
        cwd=directory,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 2, done.stdout + done.stderr
    hosts: dict[str, Any] = json.loads((directory / "udp-audit/report.json").read_text(encoding="utf-8"))["hosts"]
    (entry,) = hosts.values()
    assert entry["status"] == "fail", entry["reason"]
    assert entry["main_loss"] == OVERFLOW, entry["reason"]
    return dict(entry)


def overflow(entry: dict[str, Any], bed: Bed) -> dict[str, Any]:
    """Return the one overflow, which is the pod's; the host's own counters show nothing."""
    (found,) = [finding for finding in entry["findings"] if finding["finding"] == OVERFLOW]
    assert found["namespace"]["name"] == bed.receiver
    assert found["delta"] > 0
    own = entry["windows"][0]["counters"]["namespaces"]["host"]
    assert own.get("Udp.RcvbufErrors", 0) == 0
    return dict(found)


@pytest.mark.skipif(not nsd.available(), reason="no nsd on this machine")
def test_dns_pod(bed: Bed, tmp_path: Path) -> None:
    """A name server in a pod loses a part of each burst of queries; the node's counters are clean."""
    with incident.dns(bed):
        found = overflow(audit(bed, tmp_path, 5), bed)
    assert found["causes"] == ["arrival_burst"]
    assert buffer_helps(found) is True
    assert [socket["local"] for socket in found["sockets"]] == ["10.9.0.2:53"]
    assert found["sockets"][0]["process"].startswith("nsd")


def test_quic_proxy(bed: Bed, tmp_path: Path) -> None:
    """One thread at tens of microseconds a packet behind 25 MiB: no buffer helps, more consumers do."""
    with incident.quic(bed):
        found = overflow(audit(bed, tmp_path, 5), bed)
    assert found["causes"] == ["slow_consumer"]
    assert buffer_helps(found) is False
    (socket,) = found["sockets"]
    assert socket["arrival_rate"] > socket["service_rate"] > 1000
    assert socket["consumers_needed"] >= 2
    assert any("SO_REUSEPORT" in advice["action"] and advice["helps"] for advice in found["advice"])


def test_ingestion_service(bed: Bed, tmp_path: Path) -> None:
    """Bursts above a small buffer, and a downstream step that stalls again and again: both causes are told."""
    with incident.ingest(bed):
        found = overflow(audit(bed, tmp_path, 6), bed)
    assert set(found["causes"]) == {"arrival_burst", "reader_stall"}
    assert buffer_helps(found) is True
    assert any("pipe" in sentence for sentence in found["evidence"])
