# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Devices upon devices: bonds, VLANs and bridges resolved to the NICs below.

Source: /sys/class/net (lower_* links since 3.19, DEVTYPE in uevent), Documentation/networking/bonding.rst.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

_NET = "/sys/class/net"


def kind_of(reader: Reader, name: str) -> str:
    """Return "nic" for a device with hardware (or a hypervisor) behind it, else its type: bond, vlan, bridge, tun, …

    Types that sysfs does not name (veth, dummy, ifb) are "virtual".
    """
    base = f"{_NET}/{name}"
    for line in (reader.text(base + "/uevent") or "").split("\n"):
        if line.startswith("DEVTYPE=") and line[8:] not in ("wlan", "wwan", "dsa"):
            return line[8:]
    if reader.exists(base + "/device"):
        return "nic"
    for mark, kind in (("bonding", "bond"), ("bridge", "bridge"), ("tun_flags", "tun")):
        if reader.exists(f"{base}/{mark}"):
            return kind
    return "loopback" if reader.number(base + "/type") == 772 else "virtual"


def lower(reader: Reader, name: str) -> list[str]:
    """Return the devices directly below."""
    return [entry[6:] for entry in reader.names(f"{_NET}/{name}") if entry.startswith("lower_")]


def below(reader: Reader, name: str) -> list[str]:
    """Return the NICs at the bottom of a stack, in order of name; none for a NIC itself."""
    found: set[str] = set()
    seen = {name}
    todo = lower(reader, name)
    while todo:
        device = todo.pop()
        if device in seen:
            continue
        seen.add(device)
        if reader.exists(f"{_NET}/{device}/device"):
            found.add(device)
        else:
            todo.extend(lower(reader, device))
    return sorted(found)


def stack_facts(reader: Reader, name: str, kind: str) -> dict[str, Any]:
    """Return ``below`` (the NICs), ``master``, and a bond's mode, slaves and active slave."""
    facts: dict[str, Any] = {}
    if kind != "nic":
        facts["below"] = below(reader, name)
    master = reader.link_name(f"{_NET}/{name}/master")
    if master is not None:
        facts["master"] = master
    if kind == "bond":
        facts["bond"] = _bond(reader, f"{_NET}/{name}/bonding")
    return facts


# bonding/mode: "802.3ad 4"; bonding/slaves: "eth1 eth2"; bonding/xmit_hash_policy: "layer3+4 1"
def _bond(reader: Reader, base: str) -> dict[str, Any]:
    return {
        "mode": _word(reader, base + "/mode"),
        "slaves": (reader.word(base + "/slaves") or "").split(),
        "active_slave": _word(reader, base + "/active_slave"),
        "hash_policy": _word(reader, base + "/xmit_hash_policy"),
    }


def _word(reader: Reader, path: str) -> str | None:
    words = (reader.word(path) or "").split()
    return words[0] if words else None
