# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a NIC module says of a request that cannot be, before any driver is asked."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError, NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_families import NIC_FAMILIES
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_read import (
    read_ring,
)

Reads = {family.name: family.read for family in NIC_FAMILIES}


@pytest.fixture
def host(tmp_path: Path) -> Host:
    net = tmp_path / "sys/class/net"
    for name, kind in (("eth0", ""), ("eth1", ""), ("bond0", "bond"), ("vlan5", "vlan"), ("br0", "bridge"), ("v0", "")):
        (net / name).mkdir(parents=True)
        (net / name / "uevent").write_text(f"DEVTYPE={kind}\n" if kind else "")
    for name in ("eth0", "eth1"):
        (net / name / "device").mkdir()
    for upper, lower in (("bond0", "eth0"), ("bond0", "eth1"), ("vlan5", "bond0")):
        (net / upper / f"lower_{lower}").mkdir()
    return Host(str(tmp_path))


@pytest.mark.parametrize("family", Reads)
def test_no_such_interface(host: Host, family: str) -> None:
    with pytest.raises(KnobError, match=r"^no such network interface: eth9 \(this host has: "):
        Reads[family](host, {"family": family, "interface": "eth9"})


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("bond0", "bond0 is a bond device, which has no hardware of its own; tune the devices below it: eth0, eth1"),
        ("vlan5", "vlan5 is a vlan device, which has no hardware of its own; tune the devices below it: eth0, eth1"),
        ("br0", "br0 is a bridge device, which has no hardware of its own; and there is none below it now"),
    ],
)
@pytest.mark.parametrize("family", Reads)
def test_stacked_device(host: Host, family: str, name: str, text: str) -> None:
    with pytest.raises(KnobError) as error:
        Reads[family](host, {"family": family, "interface": name})
    assert str(error.value) == text


def test_an_image_has_no_driver(host: Host) -> None:
    with pytest.raises(NotSupportedError, match="there is no driver to ask below"):
        read_ring(host, {"interface": "eth0", "rx": "max"})
