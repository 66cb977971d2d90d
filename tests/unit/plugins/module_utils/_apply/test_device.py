# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keys of network devices that outlive a rename."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.device import (
    device_key,
    device_keys,
    device_name,
    require_interface,
)
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host

BUS = "/sys/bus"
ROOT_PORT = "/sys/devices/pci0000:00"


def nic(root: Path, name: str, place: str = "", bus: str = "pci", **attributes: str) -> None:
    """Make a network device, below a device of a bus where ``place`` is given."""
    base = root / f"sys/class/net/{name}"
    base.mkdir(parents=True)
    for key, text in {"address": "00:00:00:00:00:00", "addr_assign_type": "0", "dev_port": "0", **attributes}.items():
        (base / key).write_text(text + "\n")
    if place:
        device = root / place.lstrip("/")
        device.mkdir(parents=True, exist_ok=True)
        subsystem = root / f"sys/bus/{bus}"
        subsystem.mkdir(parents=True, exist_ok=True)
        if not (device / "subsystem").exists():
            (device / "subsystem").symlink_to(subsystem)
        (base / "device").symlink_to(device)


def keys(root: Path) -> dict[str, str]:
    host = Host(str(root))
    found = {path.name: device_key(host, path.name) for path in (root / "sys/class/net").iterdir()}
    assert {name: device_name(host, key) for name, key in found.items()} == {name: name for name in found}
    return found


def test_pci_function_and_port(tmp_path: Path) -> None:
    nic(tmp_path, "eth0", ROOT_PORT + "/0000:01:00.0")
    nic(tmp_path, "eth1", ROOT_PORT + "/0000:01:00.0", dev_port="1")
    nic(tmp_path, "eth2", ROOT_PORT + "/10000:01:00.1")
    assert keys(tmp_path) == {"eth0": "pci:0000:01:00.0/0", "eth1": "pci:0000:01:00.0/1", "eth2": "pci:10000:01:00.1/0"}


def test_virtio_is_named_by_the_function_above(tmp_path: Path) -> None:
    nic(tmp_path, "eth0", ROOT_PORT + "/0000:00:05.0/virtio3", bus="virtio")
    assert keys(tmp_path) == {"eth0": "pci:0000:00:05.0/0"}


def test_virtio_without_pci_goes_by_its_address(tmp_path: Path) -> None:
    nic(tmp_path, "eth0", "/sys/devices/virtio2", bus="virtio", address="02:fc:00:00:00:01")
    assert keys(tmp_path) == {"eth0": "mac:02:fc:00:00:00:01"}


def test_vmbus_and_its_virtual_function_share_an_address(tmp_path: Path) -> None:
    nic(tmp_path, "eth0", "/sys/devices/LNXSYSTM:00/VMBUS:00/f8b3781a-1e82", bus="vmbus", address="00:15:5d:00:00:01")
    nic(tmp_path, "enP1", ROOT_PORT + "/0000:02:02.0", address="00:15:5d:00:00:01")
    assert keys(tmp_path) == {"eth0": "vmbus:f8b3781a-1e82", "enP1": "pci:0000:02:02.0/0"}


def test_representors_are_told_by_the_port(tmp_path: Path) -> None:
    place = ROOT_PORT + "/0000:03:00.0"
    nic(tmp_path, "uplink", place, phys_port_name="p0")
    nic(tmp_path, "vf0", place, phys_port_name="pf0vf0")
    assert keys(tmp_path) == {"uplink": "pci:0000:03:00.0/0/p0", "vf0": "pci:0000:03:00.0/0/pf0vf0"}


def test_usb_goes_by_its_address_not_by_its_controller(tmp_path: Path) -> None:
    usb = ROOT_PORT + "/0000:00:14.0/usb1/1-1/1-1:1.0"
    nic(tmp_path, "usb0", usb, bus="usb", address="aa:bb:cc:00:00:01")
    nic(tmp_path, "usb1", usb.replace("1-1", "1-2"), bus="usb", address="aa:bb:cc:00:00:02")
    assert keys(tmp_path) == {"usb0": "mac:aa:bb:cc:00:00:01", "usb1": "mac:aa:bb:cc:00:00:02"}


def test_address_that_is_not_its_own_is_no_key(tmp_path: Path) -> None:
    nic(tmp_path, "veth0", address="aa:bb:cc:00:00:01", addr_assign_type="1")
    nic(tmp_path, "veth0.5", address="aa:bb:cc:00:00:01", addr_assign_type="2")
    nic(tmp_path, "bond0", address="aa:bb:cc:00:00:09", addr_assign_type="3")
    nic(tmp_path, "lo")
    nic(tmp_path, "twin0", address="aa:bb:cc:00:00:07", addr_assign_type="1")
    nic(tmp_path, "twin1", address="aa:bb:cc:00:00:07", addr_assign_type="1")
    assert keys(tmp_path) == {
        "veth0": "mac:aa:bb:cc:00:00:01",
        **{name: f"name:{name}" for name in ("veth0.5", "bond0", "lo", "twin0", "twin1")},
    }


def test_slave_of_a_bond_goes_by_its_permanent_address(tmp_path: Path) -> None:
    nic(tmp_path, "usb0", "/sys/devices/usb/1-1:1.0", bus="usb", address="aa:bb:cc:00:00:09", addr_assign_type="3")
    slave = tmp_path / "sys/class/net/usb0/bonding_slave"
    slave.mkdir()
    (slave / "perm_hwaddr").write_text("aa:bb:cc:00:00:01\n")
    assert keys(tmp_path) == {"usb0": "mac:aa:bb:cc:00:00:01"}


def test_found_again_after_a_rename(tmp_path: Path) -> None:
    nic(tmp_path, "eth0", ROOT_PORT + "/0000:01:00.0")
    host = Host(str(tmp_path))
    key = device_key(host, "eth0")
    (tmp_path / "sys/class/net/eth0").rename(tmp_path / "sys/class/net/lan0")
    assert device_name(host, key) == "lan0"
    with pytest.raises(KnobError, match=r"no such network interface: eth0 \(this host has: lan0\)"):
        device_key(host, "eth0")
    assert device_name(host, "pci:0000:09:00.0/0") is None


def test_two_devices_that_swap_their_names(tmp_path: Path) -> None:
    """Keys are kept for one call; what they are kept by is not the names alone."""
    nic(tmp_path, "eth0", ROOT_PORT + "/0000:01:00.0")
    nic(tmp_path, "eth1", ROOT_PORT + "/0000:02:00.0")
    host, net = Host(str(tmp_path)), tmp_path / "sys/class/net"
    before = device_keys(host)
    (net / "eth0").rename(net / "other")
    (net / "eth1").rename(net / "eth0")
    (net / "other").rename(net / "eth1")
    assert device_keys(host) == {"eth0": before["eth1"], "eth1": before["eth0"]}


def test_unknown_interface(tmp_path: Path) -> None:
    nic(tmp_path, "eth0")
    with pytest.raises(KnobError, match=r"no such network interface: \.\./eth0"):
        require_interface(Host(str(tmp_path)), "../eth0")
