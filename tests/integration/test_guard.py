# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of the very link that SSH comes over, on a virtual machine: confirmed, cut off, and with a killed guard."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.tests.hosts.machines import Bed, Guest, MachinesUnavailableError, machines

pytestmark = pytest.mark.needs_root

ANSIBLE = str(Path(sys.executable).with_name("ansible"))
RECORDS = "/run/rxpath-linux/guard"
# The processes that hold the lock of a guard.
GUARDS = "find /proc/[0-9]*/fd -lname '*guard/*.lock' 2>/dev/null | cut -d/ -f3"
# An emulated guest on a busy machine needs many seconds for a module.
SECONDS = 240


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    try:
        with machines(["bookworm"], tmp_path_factory.mktemp("guard")) as started:
            yield started
    except MachinesUnavailableError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def guest(bed: Bed) -> Guest:
    bed["bookworm"].reset()
    return bed["bookworm"]


def command(guest: Guest, arguments: str, more: Sequence[str] = ()) -> list[str]:
    """Return the command that changes the ring of igb0 over igb0 itself."""
    inventory = guest.bed.write_inventory(
        {"bookworm": {"ansible_host": guest.address("igb0"), "ansible_port": 22}}, "over_igb0.yml"
    )
    words = [ANSIBLE, "bookworm", "-i", str(inventory), "-m", "rxpath.linux.nic_ring", *more]
    return guest.bed.enter([*words, "-a", f"interface={guest.nics['igb0']} {arguments}"])


def change(guest: Guest, arguments: str, more: Sequence[str] = ()) -> tuple[str, dict[str, Any]]:
    """Make a change and return Ansible's verdict and result."""
    done = subprocess.run(command(guest, arguments, more), capture_output=True, text=True, timeout=300, check=False)
    head, arrow, rest = done.stdout.rpartition(" => ")
    assert arrow, done.stdout + done.stderr
    return head, json.loads(rest)


def ring(guest: Guest) -> int:
    """Return the receive ring as ethtool tells it."""
    lines = guest.ssh(f"ethtool -g {guest.nics['igb0']}").split("Current hardware settings:")[1].splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("RX:")))


def record_of(guest: Guest) -> dict[str, Any] | None:
    """Return the record of the one change that was guarded since the guest was reset."""
    text = guest.ssh(f"cat {RECORDS}/*.json 2>/dev/null || true")
    return json.loads(text) if text.strip() else None


def wait_phase(guest: Guest, *phases: str, seconds: float = 150.0) -> dict[str, Any]:
    end = time.monotonic() + seconds
    while True:
        found = record_of(guest)
        if found and found["phase"] in phases:
            return found
        assert time.monotonic() < end, found
        time.sleep(0.3)


@contextlib.contextmanager
def started(guest: Guest, arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run a change beside the block, and end what is left of it: Ansible's worker and its ssh as well."""
    running = subprocess.Popen(
        command(guest, arguments), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    try:
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def test_change_of_the_link_below_ssh_is_confirmed_over_a_new_connection(guest: Guest) -> None:
    verdict, result = change(guest, f"rx=4096 confirm_timeout={SECONDS}", ["-e", "ansible_pipelining=false"])
    assert "CHANGED" in verdict, result
    assert [row["knob"] for row in result["changes"]] == ["ring", "boot"]
    assert result["boot"] == "written"
    assert ring(guest) == 4096
    record = wait_phase(guest, "confirmed")
    assert record["connection"] is not None
    assert guest.ssh(f"stat -c %a {RECORDS}/*.json").strip() == "600"
    # Beyond the deadline nothing is taken back, and nothing of the guard is left running.
    assert guest.ssh(GUARDS).strip() == ""
    verdict, result = change(guest, f"rx=4096 confirm_timeout={SECONDS}")
    assert "SUCCESS" in verdict, result


def test_host_takes_back_a_change_after_which_nobody_can_reach_it(guest: Guest) -> None:
    before = ring(guest)
    with started(guest, "rx=2048 confirm_timeout=45") as running:
        # The reply is out, or what waits for it has waited long enough.
        wait_phase(guest, "changing", "changed")
        guest.cut("igb0")
        record = wait_phase(guest, "reverted", "failed")
        told = running.communicate(timeout=200)[0]
    assert "the host did not come back within" in told, told
    assert "takes that back by itself at" in told
    assert "UNREACHABLE" not in told
    assert ring(guest) == before
    assert record["failures"] == []
    assert guest.ssh("ls /etc/rxpath-linux/tuning.json 2>/dev/null || true") == ""
    inventory = guest.bed.write_inventory()
    refused = subprocess.run(
        [
            ANSIBLE,
            "bookworm",
            "-i",
            str(inventory),
            "-m",
            "rxpath.linux.tuning_confirm",
            "-a",
            f"token={record['token']}",
        ],
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert "FAILED" in refused.stdout
    assert "was reverted at" in refused.stdout or "failed at" in refused.stdout
    guest.mend("igb0")


def test_change_of_a_killed_guard_is_taken_back_by_the_next_run(guest: Guest) -> None:
    before = ring(guest)
    with started(guest, "rx=2048 confirm_timeout=600"):
        wait_phase(guest, "changed")
        # The guard first: nobody can confirm between the two.
        guest.ssh(f"kill -STOP $({GUARDS})")
    guest.ssh(f"kill -KILL $({GUARDS})")
    verdict, result = change(guest, f"rx={before} tx=keep scope=running confirm_timeout=0")
    assert "FAILED" not in verdict, result
    assert ring(guest) == before
    # By that run, or by the confirmation that was on its way already.
    record = wait_phase(guest, "reverted")
    assert record["failures"] == []
    assert record["reason"] == "its guard was killed before it was confirmed"
