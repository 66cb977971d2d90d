# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What keeps irqbalance from moving the interrupts of a tuned NIC, while it goes on balancing all others.

Interrupt numbers change from boot to boot, so that --banirq=N does not last. A policy script lasts: irqbalance asks it
for each interrupt with the sysfs path of its PCI device (classify.c, get_irq_user_policy, up to 1.9.5). The script
of this collection bans by the device's address. The unit's own command gets one more option from a drop-in.

SELinux' targeted policy lets irqbalance start no script from /etc (irqbalance.te: only from /usr/libexec/irqbalance,
with the boolean irqbalance_run_unconfined), and irqbalance would go on without it and without a word. Where SELinux
enforces, the option is --banmod with the name of the device's driver, which takes in all devices of that driver.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target

SCRIPT = "/etc/rxpath-linux/irqbalance-policy"
TARGET = Target("", "banned devices")
_SCRIPT_OPTION = f" --policyscript={SCRIPT}"


class BanState(NamedTuple):
    """What a plan of the ban needs to know.

    ``current`` is the ban as it stands (see ``wanted_ban``), None without one. ``start`` are the commands of the
    unit without our drop-in; none where there is no unit. ``address`` and ``driver`` are the PCI device's.
    """

    installed: bool = False
    systemd: bool = True
    selinux: bool = False
    start: tuple[str, ...] = ()
    address: str | None = None
    driver: str | None = None
    current: Mapping[str, Any] | None = None
    script: str = ""


def wanted_ban(state: BanState) -> dict[str, Any]:
    """Return the ban with the device added.

    ``banned`` is address → driver, ``start`` the commands of the drop-in, ``script`` tells one version of the policy
    script from another (None where no script is used), ``restarted`` that irqbalance has been restarted since.
    """
    banned = dict(sorted({**(state.current or {}).get("banned", {}), state.address: state.driver or ""}.items()))
    if state.selinux:
        option = "".join(f" --banmod={driver}" for driver in sorted({name for name in banned.values() if name}))
    else:
        option = _SCRIPT_OPTION
    return {
        "banned": banned,
        "start": [command + option for command in state.start],
        "script": None if state.selinux else state.script,
        "restarted": True,
    }


def plan_ban(interface: str, state: BanState) -> Plan:
    """Return what has to be done so that irqbalance leaves a device's interrupts where they are put."""
    if not state.installed:
        return Plan(
            notes=("irqbalance is not installed; run this again if it ever is, or it will move the interrupts",)
        )
    why = None
    if not state.systemd or not state.start:
        why = "it is not started by a systemd unit here; add --banirq options to its configuration"
    elif state.address is None:
        why = f"{interface} is no PCI device"
    elif state.selinux and not state.driver:
        why = "SELinux keeps it from running a policy script, and the driver's name is not known"
    if why:
        return Plan(warnings=(f"irqbalance cannot be told to leave the interrupts of {interface} alone: {why}",))
    wanted = wanted_ban(state)
    if wanted == state.current:
        return Plan()
    change = Change("irqbalance", TARGET, state.current, wanted)
    if not state.selinux:
        return Plan(changes=(change,))
    note = (
        f"SELinux enforces, and its policy keeps irqbalance from running a script of ours: irqbalance is told to leave "
        f"every device of the driver {state.driver} alone"
    )
    return Plan(changes=(change,), notes=(note,))
