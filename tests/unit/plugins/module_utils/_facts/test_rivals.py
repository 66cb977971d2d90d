# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who else sets a device's knobs, told from files as administrators and distributions write them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._facts.rivals import parse_ini, rivals
from hypothesis import given
from hypothesis import strategies as st

NM = "/etc/NetworkManager/system-connections"
PROFILE = """\
[connection]
id=uplink
type=ethernet
interface-name={name}

[ethtool]
ring-rx=4096
coalesce-rx-usecs=20
feature-gro=true
"""
LINK = """\
[Match]
Driver=igb e1000*
[Link]
RxBufferSize=max
CombinedChannels=4
RxCoalesceSec=50us
UseAdaptiveRxCoalesce=yes
ReceivePacketSteeringCPUMask=0-3
IRQAffinityPolicy=spread
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A host with an igb called eth0."""
    base = tmp_path / "sys/class/net/eth0"
    (base / "device").mkdir(parents=True)
    (base / "address").write_text("52:54:00:aa:bb:cc\n")
    (tmp_path / "sys/bus/pci/drivers/igb").mkdir(parents=True)
    (base / "device/driver").symlink_to(tmp_path / "sys/bus/pci/drivers/igb")
    return tmp_path


def put(root: Path, path: str, text: str) -> None:
    place = root / path.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)


def families(root: Path) -> set[str]:
    return set(rivals(Reader(str(root)), "eth0"))


def test_nobody(root: Path) -> None:
    assert rivals(Reader(str(root)), "eth0") == {}


def test_network_manager_profile_of_the_device(root: Path) -> None:
    put(root, f"{NM}/uplink.nmconnection", PROFILE.format(name="eth0"))
    found = rivals(Reader(str(root)), "eth0")
    assert found == {
        "nic_ring": [f"NetworkManager sets ring-rx ({NM}/uplink.nmconnection) at every activation"],
        "nic_coalesce": [f"NetworkManager sets coalesce-rx-usecs ({NM}/uplink.nmconnection) at every activation"],
    }


@pytest.mark.parametrize(
    ("profile", "fits"),
    [
        pytest.param(PROFILE.format(name="eth1"), False, id="other-device"),
        pytest.param(PROFILE.replace("interface-name={name}\n", ""), True, id="any-device"),
        pytest.param(PROFILE.format(name="eth0").replace("type=ethernet", "type=wifi"), False, id="wireless"),
        pytest.param(PROFILE.format(name="") + "[ethernet]\nmac-address=52:54:00:AA:BB:CC\n", True, id="by-address"),
        pytest.param(
            PROFILE.format(name="") + "[ethernet]\nmac-address=52:54:00:00:00:01\n", False, id="other-address"
        ),
    ],
)
def test_network_manager_profile_fits_by_name_and_address(root: Path, profile: str, fits: bool) -> None:
    put(root, f"{NM}/uplink.nmconnection", profile)
    assert bool(families(root)) is fits


def test_link_file_that_sets_everything(root: Path) -> None:
    put(root, "/etc/systemd/network/10-igb.link", LINK)
    found = rivals(Reader(str(root)), "eth0")
    assert set(found) == {"nic_ring", "nic_channels", "nic_coalesce", "packet_steering", "irq_affinity"}
    (told,) = found["nic_coalesce"]
    assert told.startswith("systemd-udevd sets rxcoalescesec, useadaptiverxcoalesce (/etc/systemd/network/10-igb.link)")


@pytest.mark.parametrize(
    ("files", "fits"),
    [
        pytest.param(
            {"05-any.link": "[Match]\nOriginalName=*\n[Link]\nMTUBytes=1500\n", "10-igb.link": LINK},
            False,
            id="first-counts",
        ),
        pytest.param({"10-igb.link": LINK, "99-any.link": "[Match]\nOriginalName=*\n"}, True, id="ours-is-first"),
        pytest.param({"10-igb.link": LINK.replace("igb e1000*", "ixgbe")}, False, id="other-driver"),
        pytest.param({"10-igb.link": LINK.replace("igb e1000*", "!igb")}, False, id="inverted"),
        pytest.param({"10-igb.link": LINK.replace("Driver=igb e1000*", "")}, False, id="matches-nothing"),
        pytest.param(
            {"10-igb.link": LINK.replace("Driver=igb e1000*", "MACAddress=52:54:00:AA:BB:CC")}, True, id="address"
        ),
    ],
)
def test_first_link_file_that_matches_counts(root: Path, files: dict[str, str], fits: bool) -> None:
    for name, text in files.items():
        put(root, f"/etc/systemd/network/{name}", text)
    assert bool(families(root)) is fits


def test_link_file_is_hidden_by_its_namesake(root: Path) -> None:
    put(root, "/usr/lib/systemd/network/10-igb.link", LINK)
    assert families(root)
    put(root, "/etc/systemd/network/10-igb.link", "")
    assert not families(root)


def test_tuned_profile_and_its_parents(root: Path) -> None:
    put(root, "/etc/tuned/active_profile", "mine\n")
    put(root, "/etc/tuned/mine/tuned.conf", "[main]\ninclude=base, -optional\n[irqbalance]\nbanned_cpus=2-3\n")
    put(root, "/usr/lib/tuned/base/tuned.conf", "[main]\ninclude=mine\n[fast]\ntype=net\ndevices=eth*\nring=rx 4096\n")
    found = rivals(Reader(str(root)), "eth0")
    assert found == {
        "irq_affinity": ["tuned sets the CPUs that interrupts may use ([irqbalance] in /etc/tuned/mine/tuned.conf)"],
        "nic_ring": ["tuned sets ring ([fast] in /usr/lib/tuned/base/tuned.conf)"],
    }


@pytest.mark.parametrize(
    "section",
    [
        pytest.param("[net]\nenabled=false\nring=rx 4096\n", id="disabled"),
        pytest.param("[net]\ndevices=!eth0\nring=rx 4096\n", id="not-this-device"),
        pytest.param("[net]\ndevices=eno*\nring=rx 4096\n", id="other-devices"),
        pytest.param("[net]\nnf_conntrack_hashsize=1048576\n", id="another-setting"),
        pytest.param("[sysctl]\nnet.core.rmem_max=1\n", id="another-plugin"),
    ],
)
def test_tuned_section_that_sets_nothing_of_the_device(root: Path, section: str) -> None:
    put(root, "/etc/tuned/active_profile", "mine")
    put(root, "/etc/tuned/mine/tuned.conf", section)
    assert families(root) == set()


@given(st.text())
def test_any_text_is_sections_or_nothing(text: str) -> None:
    assert isinstance(parse_ini(text), dict)
