# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three incidents from the loss to the cure, and changes that do not help, with real servers and traffic.

What the audit changes are this machine's own sysctls: each test has the machine for itself and puts them back, and the
files that would outlive it lie in folders of its own, mounted where they belong for the audit alone.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ansible_collections.rxpath.linux.tests.hosts import incident
from ansible_collections.rxpath.linux.tests.matrix import dnsmasq, nsd
from ansible_collections.rxpath.linux.tests.matrix.bed import Bed
from ansible_collections.rxpath.linux.tests.matrix.guard import alone

pytestmark = pytest.mark.needs_root

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
OVERFLOW = "socket.receive_buffer_overflow"
DEFAULT, MAX = "net.core.rmem_default", "net.core.rmem_max"
TOUCHED = (DEFAULT, MAX, "net.core.netdev_max_backlog", "net.ipv4.udp_mem")
FOREVER = "1000000"
# Runs a program in a folder whose "lib" and "sysctl.d" stand for the machine's.
_MOUNTS = 'mount --bind "$1/lib" /var/lib; mount --bind "$1/sysctl.d" /etc/sysctl.d; cd "$1"; shift; exec "$@"'
APART = ("unshare", "--mount", "--propagation", "private", "sh", "-euc", _MOUNTS, "sh")
# A server that opens its socket anew for each batch, and asks each time for just what it would get unasked.
REOPENING = """
import socket, sys
print("ready", flush=True)
while True:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 106496)
        udp.bind(("10.9.0.2", 5300))
        for _ in range(1500):
            udp.recv(2048)
"""


class Machine(NamedTuple):
    """A bed, and where an audit finds the folders that it may write to."""

    bed: Bed
    folder: Path

    def play(self, playbook: str, *words: str, **settings: Any) -> tuple[int, str]:
        """Run a playbook on this machine; return its exit code and what it printed."""
        done = subprocess.run(
            [*APART, str(self.folder),
             PLAYBOOK, str(ROOT / "playbooks" / f"{playbook}.yml"), "-e", json.dumps(settings), *words],
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def audit(self, code: int, *words: str, **settings: Any) -> dict[str, Any]:
        """Audit this machine with changes allowed, and return its entry of the report."""
        chosen = {
            "udp_audit_namespaces": ["host", self.bed.receiver],
            "udp_audit_window": 6,
            "udp_audit_apply": True,
            "udp_audit_report_formats": "json,html",
            **settings,
        }
        found, said = self.play("audit", *words, **chosen)
        print(said)
        assert found == code, said
        (entry,) = self.report()["hosts"].values()
        return dict(entry)

    def report(self) -> dict[str, Any]:
        return dict(json.loads((self.folder / "udp-audit/report.json").read_text(encoding="utf-8")))

    def kept(self) -> str:
        """Return what would be set at the next boot."""
        return "".join(path.read_text(encoding="utf-8") for path in (self.folder / "sysctl.d").iterdir())


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    """A sender's and a receiver's namespace, on a machine whose sysctls are put back."""
    for name in ("lib", "sysctl.d"):
        (tmp_path / name).mkdir()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with alone(exclusive=True), Bed() as bed:
        for key in TOUCHED:
            bed.sysctls.set(key, sysctl(key))
        yield Machine(bed, tmp_path)
    for number, handler in handlers.items():
        signal.signal(number, handler)


def sysctl(key: str) -> str:
    return " ".join(Path("/proc/sys/" + key.replace(".", "/")).read_text(encoding="utf-8").split())


def lost(entry: dict[str, Any]) -> int:
    return sum(finding["delta"] for finding in entry["findings"] if finding["class"] == "loss")


@pytest.mark.skipif(not dnsmasq.available(), reason="no dnsmasq on this machine")
def test_dns_pod_from_loss_to_cure_and_back(machine: Machine) -> None:
    """A server that never asks for a buffer: the node's rmem_default is raised, and helps when it is restarted."""
    before = sysctl(DEFAULT)
    server = dnsmasq.start(machine.bed)
    flood = machine.bed.flood("-p", str(nsd.PORT), "-q", nsd.QUERY, "-b", "2000", "-e", "500000", "-n", FOREVER)
    flood.go()

    planned = machine.audit(2, "--check")
    assert [(row["what"], row["planned"]) for row in planned["changes"]] == [(DEFAULT, True)]
    assert (sysctl(DEFAULT), machine.kept()) == (before, "")
    assert not list((machine.folder / "lib").iterdir())

    failed = machine.audit(2)
    (change,) = failed["changes"]
    assert (change["what"], str(change["from"]), change["kept"]) == (DEFAULT, before, True)
    assert int(sysctl(DEFAULT)) == int(change["to"]) > int(before)
    assert f"{DEFAULT} = {change['to']}" in machine.kept()
    assert "is restarted" in failed["reason"]
    assert change["restart"][0]["process"] == "dnsmasq"
    assert not change["restart"][0]["restarted"]
    assert [window["label"] for window in failed["windows"]] == ["before", "after"]
    assert lost(failed) > 0

    server.kill()
    dnsmasq.start(machine.bed)
    cured = machine.audit(0)
    assert (cured["status"], lost(cured), cured["changes"]) == ("pass", 0, [])

    code, said = machine.play("rollback", "-i", "localhost,", "-c", "local", ansible_python_interpreter=sys.executable)
    assert code == 0, said
    assert (sysctl(DEFAULT), machine.kept()) == (before, "")


def test_quic_proxy_needs_workers(machine: Machine) -> None:
    """One busy thread behind 25 MiB: no buffer is touched, and the number of workers that is told suffices."""
    before = [sysctl(key) for key in TOUCHED]
    reader = machine.bed.reader("-w", "100", "-F", str(25 << 19), "-R")
    machine.bed.flood("-s", "1200", "-b", "23", "-e", "2000", "-F", "64", "-n", FOREVER).go()
    # The first 25 MiB take their time to fill.
    time.sleep(8)
    failed = machine.audit(2)
    assert failed["changes"] == []
    assert [sysctl(key) for key in TOUCHED] == before
    (found,) = [finding for finding in failed["findings"] if finding["finding"] == OVERFLOW]
    assert found["causes"] == ["slow_consumer"]
    (socket,) = found["sockets"]
    assert socket["arrival_rate"] > socket["service_rate"]
    workers = socket["consumers_needed"]
    assert any(f"{workers} " in sentence and "SO_REUSEPORT" in sentence for sentence in failed["left"])

    reader.kill()
    for _ in range(workers):
        machine.bed.reader("-w", "100", "-F", str(25 << 19), "-R")
    cured = machine.audit(0)
    assert (cured["status"], lost(cured)) == ("pass", 0)


def test_ingestion_service_has_two_causes(machine: Machine) -> None:
    """Bursts above a small buffer and a stalling downstream: fails with both causes; passes when both are mended."""
    with incident.ingest(machine.bed):
        failed = machine.audit(2, udp_audit_max_rounds=1)
    (found,) = [finding for finding in failed["findings"] if finding["finding"] == OVERFLOW]
    assert set(found["causes"]) == {"arrival_burst", "reader_stall"}
    for program in machine.bed.programs:
        program.kill()
    with incident.ingest(machine.bed, cured=True):
        cured = machine.audit(0)
    assert (cured["status"], lost(cured)) == ("pass", 0)


def test_a_change_that_looks_plausible_and_is_useless_is_taken_back(machine: Machine) -> None:
    before = sysctl(DEFAULT)
    machine.bed.start([sys.executable, "-c", REOPENING], machine.bed.receiver)
    machine.bed.flood("-s", "200", "-b", "2000", "-e", "500000", "-n", FOREVER).go()
    entry = machine.audit(2)
    tried = [row for row in entry["changes"] if row["what"] == DEFAULT]
    assert tried, entry
    assert not any(row["kept"] for row in tried)
    assert tried[0]["comparison"]["verdict"] in ("unchanged", "inconclusive", "worse")
    assert tried[0]["comparison"]["before"]["lost"] > 0 < tried[0]["comparison"]["after"]["lost"]
    assert (sysctl(DEFAULT), machine.kept()) == (before, "")


def test_what_a_killed_run_changed_is_taken_back_by_the_next(machine: Machine) -> None:
    before = sysctl(DEFAULT)
    machine.bed.start([sys.executable, "-c", REOPENING], machine.bed.receiver)
    flood = machine.bed.flood("-s", "200", "-b", "2000", "-e", "500000", "-n", FOREVER)
    flood.go()
    # The shortest lease: the next run waits for no longer.
    settings = {
        "udp_audit_namespaces": ["host", machine.bed.receiver],
        "udp_audit_window": 20,
        "udp_audit_apply": True,
        "udp_audit_lease_seconds": 60,
    }
    script = (
        'mount --bind "$1/lib" /var/lib && mount --bind "$1/sysctl.d" /etc/sysctl.d && cd "$1" && shift && exec "$@"'
    )
    process = subprocess.Popen(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", str(machine.folder),
         PLAYBOOK, str(ROOT / "playbooks/audit.yml"), "-e", json.dumps(settings)],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    end = time.monotonic() + 90
    while sysctl(DEFAULT) == before and time.monotonic() < end:
        time.sleep(0.2)
    taken = time.monotonic()
    process.kill()
    process.wait()
    assert sysctl(DEFAULT) != before

    busy = machine.audit(2)
    assert busy["changes"] == []
    assert any("is changing this host" in sentence for sentence in busy["unknowns"]), busy["unknowns"]
    assert sysctl(DEFAULT) != before
    time.sleep(max(0.0, taken + 61 - time.monotonic()))
    flood.kill()
    after = machine.audit(0, udp_audit_thresholds={"min_datagrams": 0})
    assert [(row["what"], row["kept"]) for row in after["changes"]] == [(DEFAULT, False)]
    assert "was not finished" in after["changes"][0]["why"]
    assert sysctl(DEFAULT) == before
