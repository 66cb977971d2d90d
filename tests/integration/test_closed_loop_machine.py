# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The closed loop over SSH on a whole host: a NIC's ring that helps is kept, a service of systemd is restarted."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.tests.hosts.machines import Bed, Guest, MachinesUnavailableError, machines

pytestmark = pytest.mark.needs_root

NAME = "bookworm"
ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
RING, OVERFLOW = "nic.ring_overflow", "socket.receive_buffer_overflow"
KEPT = "/etc/sysctl.d/99-udp-tuning.conf"
# A server that never asks for a buffer, and takes its time.
SERVER = """
import socket
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("", 9001))
while True:
    udp.recv(2048)
"""
UNIT = """
[Service]
ExecStart=/usr/bin/python3 /root/server.py
"""


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    try:
        with machines([NAME], tmp_path_factory.mktemp("loop")) as started:
            yield started
    except MachinesUnavailableError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def guest(bed: Bed) -> Guest:
    bed[NAME].reset()
    return bed[NAME]


def play(guest: Guest, folder: Path, playbook: str, code: int | tuple[int, ...], **settings: Any) -> str:
    """Run a playbook on the guest."""
    done = subprocess.run(
        [PLAYBOOK, "-i", str(guest.bed.write_inventory()), str(ROOT / f"playbooks/{playbook}.yml"),
         "-e", json.dumps({"target": NAME, **settings})],
        cwd=folder, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    print(done.stdout + done.stderr)
    assert done.returncode in (code if isinstance(code, tuple) else (code,)), done.stdout + done.stderr
    return done.stdout


def audit(guest: Guest, folder: Path, code: int | tuple[int, ...], **settings: Any) -> dict[str, Any]:
    """Audit the guest with changes allowed, and return its entry of the report."""
    chosen = {
        "udp_audit_apply": True,
        "udp_audit_window": 20,
        "udp_audit_max_extension": 10,
        # An emulated machine takes half a minute for a module.
        "udp_audit_confirm_timeout": 240,
    }
    play(guest, folder, "audit", code, **{**chosen, **settings})
    report = json.loads((folder / "udp-audit/report.json").read_text(encoding="utf-8"))
    return dict(report["hosts"][NAME])


@contextlib.contextmanager
def bursts(bed: Bed, key: str, datagrams: int, port: int, pause: float) -> Iterator[None]:
    """Send a burst again and again."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(pause):
            bed.burst(NAME, key, datagrams=datagrams, size=200, port=port)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def test_a_ring_that_helps_is_kept_and_rolled_back(guest: Guest, bed: Bed, tmp_path: Path) -> None:
    name = guest.nics["vmxnet0"]
    before = guest.ssh(f"ethtool -g {name}")
    with bursts(bed, "vmxnet0", 3000, 9009, 1.0):
        entry = audit(guest, tmp_path, 0)
    (change,) = [row for row in entry["changes"] if row["kept"]]
    assert (change["what"], change["findings"], change["comparison"]["verdict"]) == (f"ring {name}", [RING], "improved")
    assert change["comparison"]["before"]["lost"] > 0
    assert f"RX:\t\t{change['to']['rx']}" in guest.ssh(f"ethtool -g {name}").partition("Current")[2].replace(" ", "")
    assert '"nic_ring"' in guest.ssh("cat /etc/rxpath-linux/tuning.json")
    assert not [row for row in entry["findings"] if row["finding"] == RING]
    play(guest, tmp_path, "rollback", 0)
    assert guest.ssh(f"ethtool -g {name}") == before


def test_a_service_that_may_be_restarted_is(guest: Guest, bed: Bed, tmp_path: Path) -> None:
    before = guest.ssh("sysctl -n net.core.rmem_default").strip()
    guest.run("cat > /root/server.py", stdin=SERVER)
    guest.run("cat > /etc/systemd/system/telemetry.service", stdin=UNIT)
    guest.ssh("systemctl daemon-reload && systemctl start telemetry")
    pid = guest.ssh("systemctl show -P MainPID telemetry").strip()
    # Bursts lose very different shares: an emulated CPU drains some of them while they come. Many tell more.
    with bursts(bed, "virtio0", 600, 9001, 0.8):
        entry = audit(guest, tmp_path, 0, udp_audit_restart_services="telemetry")
    # A little may be left for a second round.
    assert {(row["what"], *row["findings"]) for row in entry["changes"]} == {("net.core.rmem_default", OVERFLOW)}
    kept = [row for row in entry["changes"] if row["kept"]]
    change, last = kept[0], kept[-1]
    assert change is entry["changes"][0]
    assert change["comparison"]["verdict"] == "improved"
    assert [(row["unit"], row["restarted"]) for row in change["restart"]] == [("telemetry.service", True)]
    assert guest.ssh("systemctl show -P MainPID telemetry").strip() != pid
    assert int(guest.ssh("sysctl -n net.core.rmem_default")) == int(last["to"]) > int(before)
    assert f"net.core.rmem_default = {last['to']}" in guest.ssh(f"cat {KEPT}")
    play(guest, tmp_path, "rollback", 0)
    assert guest.ssh(f"sysctl -n net.core.rmem_default; cat {KEPT} 2>&1 || true").split()[0] == before


def test_a_host_that_dies_before_the_second_window_is_told_and_recovered(
    guest: Guest, bed: Bed, tmp_path: Path
) -> None:
    before = guest.ssh("sysctl -n net.core.rmem_default").strip()
    guest.run("cat > /root/server.py", stdin=SERVER)
    guest.run("cat > /etc/systemd/system/telemetry.service", stdin=UNIT)
    guest.ssh("systemctl daemon-reload && systemctl start telemetry; sync")
    ended = threading.Event()

    def cut_the_power() -> None:
        while not ended.wait(1.0):
            if guest.ssh("sysctl -n net.core.rmem_default", check=False).strip() not in ("", before):
                # Its sampler is at work by then.
                time.sleep(5.0)
                guest.crash()
                return

    with bursts(bed, "virtio0", 600, 9001, 2.0):
        thread = threading.Thread(target=cut_the_power)
        thread.start()
        try:
            # 4 where the host is still down when its window is collected, 2 where it is up and knows of none.
            told = audit(guest, tmp_path, (2, 4), udp_audit_lease_seconds=60)
        finally:
            ended.set()
            thread.join()
    assert told["status"] in ("unreachable", "error"), told["reason"]
    assert [row["what"] for row in told["changes"]] == ["net.core.rmem_default"]
    assert guest.ssh("sysctl -n net.core.rmem_default").strip() == before

    again = audit(guest, tmp_path, (0, 2), udp_audit_apply=True)
    assert all(not row["kept"] for row in again["changes"]), again["changes"]
    state = json.loads(guest.ssh("cat /var/lib/rxpath-linux/state.json 2>/dev/null || echo '{}'"))
    assert state.get("session") is None
