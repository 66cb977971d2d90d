# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is set on a virtual machine outlives the driver, a channel change, a rename and a reboot, until the rollback."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.boot_files import RULE, UNIT
from ansible_collections.rxpath.linux.tests.hosts.machines import Bed, Guest, MachinesUnavailableError, machines

pytestmark = pytest.mark.needs_root

ANSIBLE = str(Path(sys.executable).with_name("ansible"))
OURS = " ".join(("/etc/rxpath-linux", "/var/lib/rxpath-linux", UNIT, RULE))
STARTS = "journalctl -b -o cat -u 'rxpath-linux@*' | grep -c ^Starting || true"


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    try:
        with machines(["bookworm"], tmp_path_factory.mktemp("boot")) as started:
            yield started
    except MachinesUnavailableError as missing:
        pytest.skip(str(missing))


def module(guest: Guest, name: str, arguments: str) -> dict[str, Any]:
    """Run a module on the guest; return its result."""
    inventory = guest.bed.write_inventory()
    done = subprocess.run(
        [ANSIBLE, "bookworm", "-i", str(inventory), "-m", f"rxpath.linux.{name}", "-a", arguments],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return dict(json.loads(done.stdout[done.stdout.index("{") :]))


def settings(guest: Guest, name: str) -> tuple[int, set[str]]:
    """Return the receive ring, and the RPS masks of the queues, by ethtool and sysfs."""
    lines = guest.ssh(f"ethtool -g {name} | sed -n '/^Current/,$p'").splitlines()
    rx = next(line.split()[1] for line in lines if line.startswith("RX:"))
    return int(rx), set(guest.ssh(f"cat /sys/class/net/{name}/queues/rx-*/rps_cpus").split())


def eventually(condition: Callable[[], bool], what: str, seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(1.0)


def is_idle(guest: Guest) -> bool:
    """Tell whether no unit of ours runs."""
    return "activating" not in guest.ssh("systemctl list-units --no-legend --plain 'rxpath-linux@*'")


def test_settings_outlive_all_that_makes_a_device_anew(bed: Bed) -> None:
    guest = bed["bookworm"]
    guest.reset()
    name = guest.nics["igb0"]
    before = settings(guest, name)
    module(guest, "nic_ring", f"interface={name} rx=4096 confirm_timeout=0")
    module(guest, "packet_steering", f"interface={name} rps=0-2")
    tuned = (4096, {"7"})
    assert settings(guest, name) == tuned
    assert int(guest.ssh(STARTS)) == 0

    guest.ssh("modprobe -r igb && modprobe igb && udevadm settle --timeout=60", timeout=120)
    eventually(lambda: settings(guest, name) == tuned, "after the driver was loaded anew")
    eventually(lambda: is_idle(guest), "the unit ends")

    starts = int(guest.ssh(STARTS))
    guest.ssh(f"ethtool -L {name} combined 2; ethtool -L {name} combined 4")
    eventually(lambda: settings(guest, name) == tuned, "after a channel change by hand")
    eventually(lambda: is_idle(guest), "the unit ends")
    # Two receive and two transmit queues came anew, and not one start for each of them.
    assert int(guest.ssh(STARTS)) - starts in (1, 2)
    assert "\t4" in guest.ssh(f"ethtool -l {name} | tail -1")

    guest.ssh(f"ip link set {name} down; ip link set {name} name lan0; ip link set lan0 up")
    assert settings(guest, "lan0") == tuned
    guest.ssh("modprobe -r igb && modprobe igb && udevadm settle --timeout=60", timeout=120)
    eventually(lambda: settings(guest, name) == tuned, "after the rename was undone by the driver")
    eventually(lambda: is_idle(guest), "the unit ends")

    guest.reboot()
    eventually(lambda: settings(guest, name) == tuned, "after the reboot")
    eventually(lambda: is_idle(guest), "the unit ends")

    result = module(guest, "tuning_rollback", "")
    assert result["changed"]
    assert settings(guest, name) == before
    assert guest.ssh(f"ls -d {OURS} 2>/dev/null || true") == ""
    # The outcome of the rollback, which cut the link, is kept there for half an hour.
    assert guest.ssh("ls /run/rxpath-linux/lease* 2>/dev/null || true") == ""
    guest.ssh("modprobe -r igb && modprobe igb && udevadm settle --timeout=60", timeout=120)
    assert settings(guest, name) == before
