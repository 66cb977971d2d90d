# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollback of the slaves of a bond: one after another, the active one last, none while another has no link."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply import rollback as rollback_module
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carrier import watch_link
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rollback import rollback
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target

from .machine import FileKnob, get, install

SLAVES = ("eth0", "eth1")
NET = "/sys/class/net"


@pytest.fixture
def host(make_host: Any, monkeypatch: pytest.MonkeyPatch) -> Host:
    """Return a bond of which eth0 was tuned first and is active since eth1 was."""
    install(monkeypatch)
    files = {f"{NET}/bond0/bonding/mode": "active-backup 1\n", f"{NET}/bond0/bonding/active_slave": "eth0\n"}
    for number, name in enumerate(SLAVES):
        files[f"{NET}/{name}/address"] = f"aa:bb:cc:00:00:0{number}\n"
        files[f"{NET}/{name}/addr_assign_type"] = "0\n"
        files[f"{NET}/{name}/carrier"] = "1\n"
        files[f"{NET}/{name}/bonding_slave/mii_status"] = "up\n"
        files[f"/sys/knobs/ring {name}"] = '"4096"'
        files[f"/sys/knobs/rps {name} rx-0"] = '"0-3"'
    made: Host = make_host(None, files)
    for name in SLAVES:
        Path(made.path(f"{NET}/{name}/master")).symlink_to("../bond0")
    for name in SLAVES:
        State.load(made).touch([("ring", Target(name, ""), "256"), ("rps", Target(name, "rx-0"), "")])
    return made


def test_active_slave_is_last(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was first: the bond failed over to a slave that was then cut as well."""
    cut = []
    write = FileKnob.write

    def watched(self: FileKnob, host: Host, target: Target, value: Any) -> None:
        if self.name == "ring":
            cut.append(target.device)
        write(self, host, target, value)

    monkeypatch.setattr(FileKnob, "write", watched)
    predicted = [change["target"] for change in rollback(host, check=True)["changes"] if change["knob"] == "ring"]
    done = [change["target"] for change in rollback(host, check=False)["changes"] if change["knob"] == "ring"]
    assert cut == predicted == done == ["eth1", "eth0"]


def test_no_slave_is_cut_while_another_has_no_link(host: Host, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rollback_module, "watch_link", functools.partial(watch_link, seconds=0.1))
    write = FileKnob.write

    def cuts(self: FileKnob, host: Host, target: Target, value: Any) -> None:
        write(self, host, target, value)
        if (self.name, target.device) == ("ring", "eth1"):
            host.write_text(f"{NET}/eth1/carrier", "0\n")

    monkeypatch.setattr(FileKnob, "write", cuts)
    with pytest.raises(KnobError) as error:
        rollback(host, check=False)
    assert str(error.value).endswith(
        "eth1: the link did not come back within 0.1 s: no carrier; "
        "ring eth0 stays at 4096: eth1 has not got its link back"
    )
    # What cuts nothing is put back all the same.
    assert [get(host, "rps", Target(name, "rx-0")) for name in SLAVES] == ["", ""]
    assert [get(host, "ring", Target(name, "")) for name in SLAVES] == ["4096", "256"]
    host.write_text(f"{NET}/eth1/carrier", "1\n")
    rollback(host, check=False)
    assert get(host, "ring", Target("eth0", "")) == "256"
