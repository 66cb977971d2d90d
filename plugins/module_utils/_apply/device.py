# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Names of network devices that outlive a rename and a reboot.

- A PCI function and the port on it ("pci:0000:00:05.0/0"; one function of mlx4 has two ports, told by dev_port). A
  virtio device sits below its PCI function. Where several devices share function and port (representors of an eSwitch)
  the driver's name of the port is added.
- A device of the VMBus by its GUID ("vmbus:…").
- The address that nobody set ("mac:…"), where no other device has it. A bond gives its own address to its slaves, a
  VLAN has that of the device below.
- The name ("name:eth0").
"""

from __future__ import annotations

import os
import re
from collections import Counter

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._facts.interfaces import UnknownInterfaceError, choose
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

_NET = "/sys/class/net"
_PCI = re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
# addr_assign_type of include/uapi/linux/netdevice.h: permanent, random. Stolen and set ones are not the device's own.
_OWN_ADDRESS = ("0", "1")


def device_keys(host: Host) -> dict[str, str]:
    """Return name → key of every network device. Each tells a device from all others for as long as it is in place.

    The same call is asked for them many times; they are looked up anew when a device comes, goes or changes its name.
    """
    reader = host.reader()
    there = [(name, _identity(reader, name)) for name in reader.names(_NET)]
    if host.devices is None or host.devices[0] != there:
        host.devices = there, _look(reader, [name for name, identity in there if identity])
    return dict(host.devices[1])


def _identity(reader: Reader, name: str) -> tuple[int, int] | None:
    """Return what stays the same when a device is renamed, None for what is no device (bonding_masters).

    A directory of sysfs has an inode of its own (fs/kernfs/inode.c). Two devices may swap their names.
    """
    try:
        about = os.stat(reader.path(f"{_NET}/{name}/."))
    except OSError:
        return None
    return about.st_dev, about.st_ino


def _look(reader: Reader, names: list[str]) -> dict[str, str]:
    places = {name: _bus_key(reader, name) for name in names}
    addresses = {name: _own_address(reader, name) for name in names}
    at_place, with_address = Counter(places.values()), Counter(addresses.values())
    keys = {}
    for name in names:
        place, address = places[name], addresses[name]
        if place is not None:
            port = reader.word(f"{_NET}/{name}/phys_port_name") if at_place[place] > 1 else None
            keys[name] = f"{place}/{port}" if port else place
        elif address and with_address[address] == 1:
            keys[name] = f"mac:{address}"
        else:
            keys[name] = f"name:{name}"
    return keys


def device_key(host: Host, name: str) -> str:
    """Return the key of one device. Raises KnobError where there is none of that name."""
    require_interface(host, name)
    return device_keys(host)[name]


def device_name(host: Host, key: str) -> str | None:
    """Return the present name of the device with a key, None where it is gone."""
    return next((name for name, found in device_keys(host).items() if found == key), None)


def require_interface(host: Host, name: str) -> None:
    """Raise KnobError, with the names that there are, where a name is no network device."""
    try:
        choose(host.reader(), [name])
    except UnknownInterfaceError as error:
        raise KnobError(str(error)) from error


def _bus_key(reader: Reader, name: str) -> str | None:
    """Return the key of a device on PCI or VMBus."""
    device = f"{_NET}/{name}/device"
    if not reader.exists(device):
        return None
    place = os.path.realpath(reader.path(device))
    bus = reader.link_name(device + "/subsystem")
    if bus == "virtio":
        place = os.path.dirname(place)
    if _PCI.fullmatch(os.path.basename(place)):
        return f"pci:{os.path.basename(place)}/{reader.word(f'{_NET}/{name}/dev_port') or '0'}"
    if bus == "vmbus":
        return f"vmbus:{os.path.basename(place)}"
    return None


def _own_address(reader: Reader, name: str) -> str | None:
    base = f"{_NET}/{name}"
    address = reader.word(base + "/bonding_slave/perm_hwaddr")
    if address is None and reader.word(base + "/addr_assign_type") in _OWN_ADDRESS:
        address = reader.word(base + "/address")
    return address if address and address.strip("0:") else None
