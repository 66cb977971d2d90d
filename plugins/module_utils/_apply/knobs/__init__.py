# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every knob by its name.

A module compiles all that it imports each time that it runs, which takes a slow host seconds. So a knob is imported
with its like when the first of them is asked for; by statements, for Ansible to pack it.
"""

from __future__ import annotations

from typing import Callable

from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import Knob


def _of_host() -> tuple[Knob, ...]:
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.boot import BootKnob
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.file import FileKnob
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.sysctl import SysctlKnob

    return BootKnob(), FileKnob(), SysctlKnob()


def _of_nic() -> tuple[Knob, ...]:
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.channels import ChannelsKnob
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.coalesce import CoalesceKnob
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.hash_fields import HashFieldsKnob
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.indirection import IndirectionKnob
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.ring import RingKnob

    return ChannelsKnob(), CoalesceKnob(), HashFieldsKnob(), IndirectionKnob(), RingKnob()


def _of_cpus() -> tuple[Knob, ...]:
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.irq import IrqKnob
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.irqbalance import IrqbalanceKnob
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.rfs import RfsKnob
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.rps import RpsKnob
    from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.xps import XpsKnob

    return IrqKnob(), IrqbalanceKnob(), RfsKnob(), RpsKnob(), XpsKnob()


_GROUPS: dict[str, Callable[[], tuple[Knob, ...]]] = {
    **dict.fromkeys(("boot", "file", "sysctl"), _of_host),
    **dict.fromkeys(("channels", "coalesce", "hash_fields", "indirection", "ring"), _of_nic),
    **dict.fromkeys(("irq", "irqbalance", "rfs", "rps", "xps"), _of_cpus),
}
_KNOBS: dict[str, Knob] = {}


def knob(name: str) -> Knob:
    """Return a knob. Raises KeyError for a name that none has."""
    if name not in _KNOBS:
        _KNOBS.update({item.name: item for item in _GROUPS[name]()})
    return _KNOBS[name]
