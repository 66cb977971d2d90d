# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The guests: which release, which processors, which network interfaces on which networks."""

from __future__ import annotations

from typing import Dict, List, NamedTuple, Tuple

from .errors import MachineError

# The last word of what goes into an image that is not in guest/ or below: raise it to have every image built anew.
VERSION = 1
PACKAGES = (
    "busybox-static", "dbus", "ethtool", "iproute2", "iputils-ping", "irqbalance", "kmod", "linux-image-amd64",
    "nftables", "openssh-server", "pciutils", "procps", "python3", "sudo", "systemd", "systemd-sysv", "udev", "zstd",
)  # fmt: skip
# One interface for SSH, on QEMU's own user network; guest/setup.sh names it mgmt0 by this address.
MANAGEMENT_MAC = "52:54:00:77:00:01"


class Nic(NamedTuple):
    """A network interface on a data network: its key, QEMU's name of the model, network and host number."""

    key: str
    model: str
    network: int
    host: int
    node: int = 0

    @property
    def mac(self) -> str:
        """Return the MAC address, from which the guest takes its IPv4 address (guest/setup.sh)."""
        return f"52:54:00:77:{self.network:02x}:{self.host:02x}"

    @property
    def address(self) -> str:
        """Return the guest's IPv4 address."""
        return f"10.77.{self.network}.{self.host}"

    @property
    def tap(self) -> str:
        """Return the name of the tap device in the bed's network namespace."""
        return f"t{self.network}h{self.host}"


class Entry(NamedTuple):
    """A guest of the catalogue; ``memory`` in MiB."""

    name: str
    release: str
    nics: Tuple[Nic, ...]
    cpus: int = 4
    memory: int = 768
    numa: bool = False

    def nic(self, key: str) -> Nic:
        """Return one interface by its key; MachineError names those that there are."""
        for nic in self.nics:
            if nic.key == key:
                return nic
        raise MachineError(f"{self.name} has no {key}; it has {', '.join(nic.key for nic in self.nics)}")

    @property
    def networks(self) -> Dict[int, List[Nic]]:
        """Return the interfaces by the number of the network that they are on."""
        found: Dict[int, List[Nic]] = {}
        for nic in self.nics:
            found.setdefault(nic.network, []).append(nic)
        return found


def _all_models(first: int) -> Tuple[Nic, ...]:
    return (
        Nic("virtio0", "virtio-net-pci", first, 2),
        # Two on one network: for a bond, or a VLAN on either.
        Nic("igb0", "igb", first + 1, 2),
        Nic("igb1", "igb", first + 1, 3),
        Nic("vmxnet0", "vmxnet3", first + 2, 2),
        Nic("e1000e0", "e1000e", first + 3, 2),
    )


CATALOGUE = {
    entry.name: entry
    for entry in (
        Entry("bookworm", "bookworm", _all_models(1)),
        Entry("trixie", "trixie", _all_models(11)),
        Entry(
            "numa",
            "bookworm",
            (Nic("virtio0", "virtio-net-pci", 21, 2), Nic("igb0", "igb", 22, 2, node=1)),
            cpus=8,
            memory=1024,
            numa=True,
        ),
    )
}


def entry(name: str) -> Entry:
    """Return a guest of the catalogue; MachineError names those that there are."""
    if name not in CATALOGUE:
        raise MachineError(f"no guest {name}; there are {', '.join(CATALOGUE)}")
    return CATALOGUE[name]
