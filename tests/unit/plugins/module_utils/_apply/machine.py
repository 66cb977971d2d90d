# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A device whose queues are files: a change of its channels makes them anew, and what they held is lost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply import carry_out, rollback
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError, NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.family import Family, Request
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs import knob as real_knob
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target

ETH = Target("eth0", "")
# Which value a ring really gets, what a driver refuses, and what it takes and ignores.
ROUNDED = {"ring 100": "104"}
REFUSED = {"ring 13"}
IGNORED = {"ring 7"}
UNKNOWN = {"ring 6"}


def place(name: str, target: Target) -> str:
    return f"/sys/knobs/{name} {target}".strip()


class FileKnob:
    """A knob kept in a file; of "queue" there are as many as "channels" says."""

    scopes = ("running",)
    by_file = False

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self, host: Host, target: Target) -> Any:
        text = host.read_text(place(self.name, target))
        if text is None:
            raise NotSupportedError(f"{target.device} has no {self.name} {target.item}")
        return json.loads(text)

    def write(self, host: Host, target: Target, value: Any) -> None:
        said = f"{self.name} {value}"
        if said in REFUSED:
            raise KnobError(f"could not set {said}: the driver refuses it")
        if said in UNKNOWN:
            raise NotSupportedError(f"{target.device}: the driver has no {said}")
        if said in IGNORED:
            return
        self.read(host, target)
        host.write_text(place(self.name, target), json.dumps(ROUNDED.get(said, value)))
        if self.name == "channels":
            for queue in range(4):
                put(host, "rps", Target(target.device, f"rx-{queue}"), "" if queue < value else None)


def put(host: Host, name: str, target: Target, value: Any) -> None:
    """Set a knob from outside; None takes it away."""
    path = Path(host.path(place(name, target)))
    if value is None:
        path.unlink(missing_ok=True)
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(value))


def get(host: Host, name: str, target: Target) -> Any:
    return FileKnob(name).read(host, target)


def _read(host: Host, request: Request) -> Any:
    names = [name for name in ("channels", "ring") if name in request]
    return {name: get(host, name, ETH) for name in names}


def _plan(request: Request, now: Any) -> Plan:
    return Plan(tuple(Change(name, ETH, value, request[name]) for name, value in now.items()))


def _dependents(host: Host, device: str) -> list[tuple[str, Target]]:
    return [("rps", Target(device, f"rx-{queue}")) for queue in range(4)]


NIC = Family("nic_channels", _read, _plan, dependents=_dependents, remembers=False)


def install(monkeypatch: pytest.MonkeyPatch, family: Family = NIC) -> None:
    """Put the device's knobs and family in the place of the real ones, and leave the disk out."""
    table = {name: FileKnob(name) for name in ("channels", "ring", "rps")}

    def find(name: str) -> Any:
        return table[name] if name in table else real_knob(name)

    for module in (carry_out, rollback):
        monkeypatch.setattr(module, "knob", find)
    monkeypatch.setattr(carry_out, "find_family", lambda name: family)
    monkeypatch.setattr("os.fsync", lambda descriptor: None)


FILES = {
    "/sys/class/net/eth0/address": "aa:bb:cc:00:00:01\n",
    "/sys/class/net/eth0/addr_assign_type": "0\n",
    "/sys/knobs/channels eth0": "4",
    "/sys/knobs/ring eth0": '"256"',
    **{f"/sys/knobs/rps eth0 rx-{queue}": '"0-3"' for queue in range(4)},
}
