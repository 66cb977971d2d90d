# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""irqbalance told, on a made-up host: which files come of it, and what is started."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.irqbalance import read_ban, read_ban_state, write_ban
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State
from ansible_collections.rxpath.linux.plugins.module_utils._facts.irqbalance_ban import DEVICES_PATH, DROP_IN_PATH
from ansible_collections.rxpath.linux.plugins.module_utils._facts.services import service_facts
from ansible_collections.rxpath.linux.plugins.module_utils._plan.irqbalance_ban import SCRIPT, plan_ban, wanted_ban

ADDRESS = "0000:00:05.0"


class Systemctl:
    """What systemctl is asked to do; a code other than 0 makes it fail."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.code = 0

    def __call__(self, command: list[str]) -> tuple[int, str, str]:
        self.asked.append(" ".join(command))
        return self.code, "", "no bus" if self.code else ""


@pytest.fixture
def systemctl() -> Systemctl:
    return Systemctl()


@pytest.fixture
def host(tmp_path: Path, systemctl: Systemctl) -> Host:
    """A host with an igb on PCI, irqbalance and a running systemd."""
    device = tmp_path / f"sys/devices/pci0000:00/{ADDRESS}"
    for folder in ("net/eth0", "sys/bus/pci/drivers/igb"):
        (device / folder if folder.startswith("net") else tmp_path / folder).mkdir(parents=True)
    for folder in (
        "sys/class/net",
        "sys/bus/pci/devices",
        "run/systemd/system",
        "usr/sbin",
        "lib/systemd/system",
        "etc",
    ):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
    (tmp_path / "sys/class/net/eth0").symlink_to(device / "net/eth0")
    (device / "net/eth0/device").symlink_to(device)
    (device / "driver").symlink_to(tmp_path / "sys/bus/pci/drivers/igb")
    (tmp_path / f"sys/bus/pci/devices/{ADDRESS}").symlink_to(device)
    (tmp_path / "usr/sbin/irqbalance").touch()
    (tmp_path / "lib/systemd/system/irqbalance.service").write_text(
        "[Service]\nEnvironmentFile=-/etc/default/irqbalance\n"
        "ExecStart=/usr/sbin/irqbalance --foreground $IRQBALANCE_ARGS\n"
    )
    return Host(str(tmp_path), systemctl)


def ban(host: Host) -> None:
    write_ban(host, wanted_ban(read_ban_state(host, "eth0")))


def test_a_ban_is_what_it_was_wanted_to_be(host: Host, systemctl: Systemctl) -> None:
    state = read_ban_state(host, "eth0")
    assert (state.address, state.driver, state.installed, state.current) == (ADDRESS, "igb", True, None)
    ban(host)
    assert read_ban(host) == wanted_ban(state)
    assert plan_ban("eth0", read_ban_state(host, "eth0")).changes == ()
    assert systemctl.asked == ["systemctl daemon-reload", "systemctl try-restart irqbalance.service"]
    assert stat.S_IMODE(os.stat(host.path(SCRIPT)).st_mode) == 0o755
    drop_in = host.read_text(DROP_IN_PATH) or ""
    assert (
        f"\nExecStart=\nExecStart=/usr/sbin/irqbalance --foreground $IRQBALANCE_ARGS --policyscript={SCRIPT}\n"
        in drop_in
    )


def test_the_facts_show_it(host: Host) -> None:
    ban(host)
    Path(host.path("/etc/default")).mkdir()
    Path(host.path("/etc/default/irqbalance")).write_text('IRQBALANCE_ARGS="--banirq=3"\n')
    facts = service_facts(host.reader())["irqbalance"]
    assert facts["banned_devices"] == [ADDRESS]
    assert facts["policy_script"] == SCRIPT
    assert facts["banned_irqs"] == ["3"]


def test_every_file_was_recorded_as_not_there(host: Host) -> None:
    ban(host)
    rows = {row["path"]: row for row in State.load(host).files}
    for path in (DEVICES_PATH, SCRIPT, DROP_IN_PATH):
        assert rows[path]["existed"] is False
    assert rows["/etc/rxpath-linux"]["directory"] is True


def test_one_more_device_does_not_read_all_units_anew(host: Host, systemctl: Systemctl) -> None:
    ban(host)
    systemctl.asked.clear()
    write_ban(host, wanted_ban(read_ban_state(host, "eth0")._replace(address="0000:00:06.0")))
    assert systemctl.asked == ["systemctl try-restart irqbalance.service"]
    assert set((read_ban(host) or {})["banned"]) == {ADDRESS, "0000:00:06.0"}


def test_taking_it_away(host: Host, systemctl: Systemctl) -> None:
    ban(host)
    write_ban(host, None)
    assert read_ban(host) is None
    assert systemctl.asked[2:] == systemctl.asked[:2]


def test_a_restart_that_failed_is_made_up_for(host: Host, systemctl: Systemctl) -> None:
    systemctl.code = 1
    with pytest.raises(KnobError, match="daemon-reload failed: no bus"):
        ban(host)
    systemctl.code = 0
    assert plan_ban("eth0", read_ban_state(host, "eth0")).changes
    ban(host)
    assert plan_ban("eth0", read_ban_state(host, "eth0")).changes == ()


def test_at_boot_where_nothing_may_be_started(host: Host) -> None:
    silent = Host(host.root)
    ban(silent)
    assert plan_ban("eth0", read_ban_state(silent, "eth0")).changes


@pytest.mark.parametrize("damage", ["text", "mode", "gone"])
def test_a_script_that_was_changed_is_written_again(host: Host, damage: str) -> None:
    ban(host)
    script = Path(host.path(SCRIPT))
    if damage == "text":
        script.write_text("#!/bin/sh\n")
    elif damage == "mode":
        script.chmod(0o644)
    else:
        script.unlink()
    assert plan_ban("eth0", read_ban_state(host, "eth0")).changes
    ban(host)
    assert plan_ban("eth0", read_ban_state(host, "eth0")).changes == ()


def test_selinux_that_enforces(host: Host) -> None:
    Path(host.path("/sys/fs/selinux")).mkdir(parents=True)
    Path(host.path("/sys/fs/selinux/enforce")).write_text("1")
    ban(host)
    assert "$IRQBALANCE_ARGS --banmod=igb\n" in (host.read_text(DROP_IN_PATH) or "")
    assert host.read_text(SCRIPT) is None
    assert plan_ban("eth0", read_ban_state(host, "eth0")).changes == ()
