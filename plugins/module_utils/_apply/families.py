# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every family by its name, imported with its like when the first of them is asked for (see knobs)."""

from __future__ import annotations

from typing import Callable

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.family import Family


def _of_host() -> tuple[Family, ...]:
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.sysctl_settings import SYSCTL_SETTINGS

    return (SYSCTL_SETTINGS,)


def _of_nic() -> tuple[Family, ...]:
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_families import NIC_FAMILIES

    return NIC_FAMILIES


def _of_cpus() -> tuple[Family, ...]:
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.cpu_families import CPU_FAMILIES

    return CPU_FAMILIES


_GROUPS: dict[str, Callable[[], tuple[Family, ...]]] = {
    "sysctl_settings": _of_host,
    **dict.fromkeys(("nic_channels", "nic_ring", "nic_coalesce", "nic_rss"), _of_nic),
    **dict.fromkeys(("irq_affinity", "packet_steering"), _of_cpus),
}
_FAMILIES: dict[str, Family] = {}


def family(name: str) -> Family:
    """Return a family. Raises KnobError for a name that none has: a request that another release remembered."""
    if name not in _GROUPS:
        raise KnobError(f"unknown family {name!r}; this release knows {', '.join(_GROUPS)}")
    if name not in _FAMILIES:
        _FAMILIES.update({item.name: item for item in _GROUPS[name]()})
    return _FAMILIES[name]
