# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Steering on the running kernel in a namespace of the test's own, interrupts on a virtual machine of two nodes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.tests.hosts.machines import Guest, MachinesUnavailableError, machines
from ansible_collections.rxpath.linux.tests.integration.cpu_inside import CASES

pytestmark = pytest.mark.needs_root
PROGRAM = Path(__file__).with_name("cpu_inside.py")
ANSIBLE = str(Path(sys.executable).with_name("ansible"))
# The administrator's own: looks every three seconds, and has a policy script that notes what it was asked.
THEIRS = """
printf '#!/bin/sh\\necho "$1" >>/run/irqbalance/asked\\n' >/etc/their-policy && chmod 755 /etc/their-policy
echo 'IRQBALANCE_ARGS="--interval=3 --policyscript=/etc/their-policy"' >>/etc/default/irqbalance
systemctl restart irqbalance
"""
OURS = ("/etc/rxpath-linux", "/etc/systemd/system/irqbalance.service.d", "/var/lib/rxpath-linux")


@pytest.mark.parametrize("case", CASES)
def test_inside(case: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: makes a network and a mount namespace")
    done = subprocess.run(
        ["unshare", "--mount", "--net", sys.executable, str(PROGRAM), case],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[1:]), "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout


@pytest.fixture
def guest(tmp_path: Path) -> Iterator[Guest]:
    """Nodes of the CPUs 0-3 and 4-7, cores of two hyper-threads (4 and 5, …), an igb on the second node."""
    try:
        with machines(["numa"], tmp_path) as bed:
            yield bed["numa"]
    except MachinesUnavailableError as missing:
        pytest.skip(str(missing))


def module(guest: Guest, name: str, arguments: str, *options: str) -> dict[str, Any]:
    """Run a module on the guest; return its result."""
    inventory = guest.bed.write_inventory()
    done = subprocess.run(
        [ANSIBLE, "numa", "-i", str(inventory), "-m", f"rxpath.linux.{name}", "-a", arguments, *options],
        capture_output=True,
        text=True,
        timeout=400,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout[done.stdout.index("{") :]))


def effective(guest: Guest, name: str) -> dict[str, str]:
    """Return the CPU that takes each interrupt of a device, by the interrupt's name."""
    lines = guest.ssh(
        f"for irq in $(ls /sys/class/net/{name}/device/msi_irqs); do"
        " echo $(cat /sys/kernel/irq/$irq/actions) $(cat /proc/irq/$irq/effective_affinity_list); done"
    ).splitlines()
    return {words[0]: words[1] for words in map(str.split, lines) if len(words) == 2}


def settled(guest: Guest, name: str, cpus: set[str], places: dict[str, str] | None = None) -> dict[str, str]:
    """Return where the queues' interrupts are once they are there: one moves when it next comes (at most 30 s)."""
    end = time.monotonic() + 30
    while True:
        found = {irq: cpu for irq, cpu in effective(guest, name).items() if irq.startswith(f"{name}-TxRx-")}
        if found == places or (places is None and set(found.values()) == cpus) or time.monotonic() > end:
            return found
        time.sleep(1)


def test_interrupts_stay_on_local_cores_beside_irqbalance(guest: Guest) -> None:
    name = guest.nics["igb0"]
    guest.ssh(THEIRS, timeout=240)
    told = module(guest, "irq_affinity", f"interface={name}", "--check")
    done = module(guest, "irq_affinity", f"interface={name}")
    places = {f"{name}-TxRx-{queue}": cpu for queue, cpu in enumerate("46574657")}
    assert settled(guest, name, set(places.values()), places) == places
    # Where irqbalance moved one in between, what it is to be moved to is the same all the same.
    assert {(row["knob"], row["target"]): row["to"] for row in told["changes"] if row["knob"] != "irq"} == {
        (row["knob"], row["target"]): row["to"] for row in done["changes"] if row["knob"] != "irq"
    }
    assert not module(guest, "irq_affinity", f"interface={name}", "--check")["changed"]
    # Two looks of irqbalance later; its own arguments hold, and its own script is asked about other devices.
    guest.ssh("for n in $(seq 60); do grep -q . /run/irqbalance/asked && break; sleep 1; done", timeout=120)
    time.sleep(30)
    assert {irq: cpu for irq, cpu in effective(guest, name).items() if irq in places} == places
    command = guest.ssh("tr '\\0' ' ' </proc/$(pidof irqbalance)/cmdline")
    assert "--interval=3 --policyscript=/etc/their-policy --policyscript=/etc/rxpath-linux/" in command
    address = guest.ssh(f"basename $(realpath /sys/class/net/{name}/device)").strip()
    guest.ssh("rm /run/irqbalance/asked; systemctl kill --signal HUP irqbalance; sleep 15")
    asked = set(guest.ssh("cat /run/irqbalance/asked").split())
    assert asked
    assert not any(path.endswith(address) for path in asked)
    # Isolated CPUs are never used: here node 1 has two hyper-threads of one core left.
    guest.ssh("echo 6-7 >/run/isolated && mount --bind /run/isolated /sys/devices/system/cpu/isolated")
    module(guest, "irq_affinity", f"interface={name} scope=running")
    assert set(settled(guest, name, {"4", "5"}).values()) == {"4", "5"}
    guest.ssh("umount /sys/devices/system/cpu/isolated")
    module(guest, "tuning_rollback", "")
    for place in OURS:
        assert guest.run(f"test -e {place}").returncode == 1, place
    assert "rxpath" not in guest.ssh("tr '\\0' ' ' </proc/$(pidof irqbalance)/cmdline")
