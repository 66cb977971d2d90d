# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Agents that set up a host's network devices themselves, and what of it is theirs.

Sources: Cilium (pkg/bandwidth: the bandwidth manager writes netdev_max_backlog when the agent starts; devices and BPF
file system as its documentation names them), Calico's eBPF data plane (device bpfin.cali), Google's guest
configuration (google_set_multiqueue sets channels, interrupts and XPS; instance_configs.cfg switches it off).
"""

from __future__ import annotations

import configparser
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

_DEVICE = ("nic_channels", "nic_ring", "nic_coalesce", "nic_rss", "irq_affinity", "packet_steering")
_GOOGLE_SCRIPT = "/usr/bin/google_set_multiqueue"
_GOOGLE_SETTINGS = ("/etc/default/instance_configs.cfg.distro", "/etc/default/instance_configs.cfg")
_PRODUCT = "/sys/class/dmi/id/product_name"


class _Kind(NamedTuple):
    name: str
    signs: tuple[str, ...]
    owns: tuple[str, ...]


_KINDS = (
    _Kind(
        "Cilium",
        ("/sys/class/net/cilium_host", "/sys/class/net/cilium_net", "/sys/fs/bpf/cilium", "/run/cilium/state"),
        (*_DEVICE, "net.core.netdev_max_backlog"),
    ),
    _Kind("Calico's eBPF data plane", ("/sys/class/net/bpfin.cali", "/sys/fs/bpf/calico"), _DEVICE),
)


def find_agents(reader: Reader) -> list[dict[str, Any]]:
    """Return {"name", "sign", "owns": [family or sysctl], "drivers": [only those] or none} for each agent found."""
    found: list[dict[str, Any]] = []
    for kind in _KINDS:
        sign = next((path for path in kind.signs if reader.exists(path)), None)
        if sign:
            found.append({"name": kind.name, "sign": sign, "owns": list(kind.owns), "drivers": []})
    if reader.exists(_GOOGLE_SCRIPT) and (reader.word(_PRODUCT) or "").startswith("Google") and _google_is_on(reader):
        found.append(
            {
                "name": "Google's guest agent",
                "sign": f"{_GOOGLE_SCRIPT}; set_multiqueue = false in {_GOOGLE_SETTINGS[-1]} switches it off",
                "owns": ["nic_channels", "irq_affinity", "packet_steering"],
                "drivers": ["virtio_net", "gve"],
            }
        )
    return found


# [InstanceSetup]
# set_multiqueue = false
def _google_is_on(reader: Reader) -> bool:
    """Tell whether the agent sets queues up; it does unless its settings say otherwise."""
    settings = configparser.ConfigParser(interpolation=None, strict=False)
    for path in _GOOGLE_SETTINGS:
        try:
            settings.read_string(reader.text(path) or "")
        except configparser.Error:
            reader.unknown(path, "not in the format of its owner", "look at the file")
    try:
        return settings.getboolean("InstanceSetup", "set_multiqueue", fallback=True)
    except ValueError:
        return True
