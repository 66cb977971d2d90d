# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The systemd unit and the udev rule that make the remembered requests again. Pure text.

Sources: man 5 systemd.unit, systemd.exec, systemd.device; man 7 udev.

The unit is a template, its instance the name of a device. What starts it is the device itself: udev adds it to what
the device's own unit wants when the device appears, comes back after its driver was unloaded, or is renamed (the
device's unit is then a new one). A queue that is made anew by a channel change is a device as well.

Only devices that something is remembered for are matched, by what the device key says, so that a node with hundreds of
veths starts nothing for them. An "auto" entry holds for every device that is not below /devices/virtual.
"""

from __future__ import annotations

from collections.abc import Iterable

UNIT = "/etc/systemd/system/rxpath-linux@.service"
RULE = "/etc/udev/rules.d/90-rxpath-linux.rules"
ARCHIVE = "/var/lib/rxpath-linux/code/rxpath_linux.pyz"
AUTO = "auto"

_UNIT = """\
# Written by the Ansible collection rxpath.linux, removed by its rollback.
[Unit]
Description=Receive path settings of %i
ConditionPathExists=/etc/rxpath-linux/tuning.json
# A channel change by hand makes many queues at once; none of their starts may be the one too many.
StartLimitIntervalSec=0
CollectMode=inactive-or-failed

[Service]
Type=oneshot
ExecStart={python} -I {archive} %i
TimeoutStartSec={seconds}
# It writes to /sys and /proc/irq and makes ethtool requests, and nothing else: what would take those away
# (ProtectKernelTunables=, PrivateNetwork=, PrivateUsers=) is left out, the rest is not needed.
CapabilityBoundingSet=CAP_NET_ADMIN
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=/var/lib/rxpath-linux
RuntimeDirectory=rxpath-linux
RuntimeDirectoryMode=0700
RuntimeDirectoryPreserve=yes
ProtectHome=yes
PrivateTmp=yes
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectControlGroups=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
"""

_RULE_HEAD = """\
# Written by the Ansible collection rxpath.linux, removed by its rollback.
ACTION!="add|move", GOTO="rxpath_linux_end"
SUBSYSTEM!="net|queues", GOTO="rxpath_linux_end"
"""
_RULE_TAIL = """\
GOTO="rxpath_linux_end"

LABEL="rxpath_linux_tuned"
SUBSYSTEM=="net", TAG+="systemd", ENV{SYSTEMD_WANTS}+="rxpath-linux@$name.service"
SUBSYSTEM=="queues", SUBSYSTEMS=="net", TAG+="systemd", ENV{SYSTEMD_WANTS}+="rxpath-linux@$id.service"

LABEL="rxpath_linux_end"
"""


def unit_text(python: str, seconds: int) -> str:
    """Return the unit. ``python`` is the interpreter's path, ``seconds`` the longest that a run takes."""
    return _UNIT.format(python=python, archive=ARCHIVE, seconds=seconds)


def rule_text(keys: Iterable[str]) -> str:
    """Return the rule for device keys (see device.py) and "auto"."""
    return _RULE_HEAD + "".join(f'{match}, GOTO="rxpath_linux_tuned"\n' for match in _matches(keys)) + _RULE_TAIL


def _matches(keys: Iterable[str]) -> list[str]:
    found = set()
    for key in keys:
        kind, _colon, value = key.partition(":")
        if key == AUTO:
            found.add('DEVPATH!="/devices/virtual/*"')
        elif kind == "pci":
            # All ports of a function: which one is meant is told by the code.
            found.add(f'KERNELS=="{_literal(value.partition("/")[0])}"')
        elif kind == "vmbus":
            found.add(f'KERNELS=="{_literal(value)}"')
        elif kind == "mac":
            found.add(f'SUBSYSTEMS=="net", ATTRS{{address}}=="{_literal(value)}"')
        else:
            found.add(f'SUBSYSTEMS=="net", KERNELS=="{_literal(value)}"')
    return sorted(found)


def _literal(text: str) -> str:
    """Return text as a pattern that matches just it. A name cannot hold a slash or a blank, but a quote or a star."""
    return "".join(f"[{mark}]" if mark in "*?[|" else "?" if mark in '"\\$%' else mark for mark in text)
