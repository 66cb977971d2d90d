# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""irqbalance told to leave tuned devices alone: a list of devices, a policy script, a drop-in of its systemd unit.

The service goes on running as the administrator set it up: the drop-in takes the unit's own command, its variables
(IRQBALANCE_ARGS) included, and adds one option.
"""

from __future__ import annotations

import os
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply import files
from ansible_collections.rxpath.linux.plugins.module_utils._apply.device import device_key
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.irqbalance_script import SCRIPT, VERSION
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State
from ansible_collections.rxpath.linux.plugins.module_utils._facts.irqbalance_ban import (
    DEVICES_PATH,
    DROP_IN,
    DROP_IN_PATH,
    TO_RESTART,
    UNIT,
    parse_devices,
)
from ansible_collections.rxpath.linux.plugins.module_utils._facts.services import irqbalance_installed
from ansible_collections.rxpath.linux.plugins.module_utils._facts.units import parse_start, start_commands
from ansible_collections.rxpath.linux.plugins.module_utils._plan.irqbalance_ban import SCRIPT as SCRIPT_PATH
from ansible_collections.rxpath.linux.plugins.module_utils._plan.irqbalance_ban import BanState

_SELINUX = "/sys/fs/selinux/enforce"
_HEAD = "# Devices whose interrupts irqbalance leaves where they are: PCI address, driver. Written by rxpath.linux."


def read_ban_state(host: Host, device: str) -> BanState:
    """Return all that a plan for a device has to know. Raises KnobError."""
    reader = host.reader()
    key = device_key(host, device)
    address = key[4:].split("/")[0] if key.startswith("pci:") else None
    return BanState(
        installed=irqbalance_installed(reader),
        systemd=host.has_systemd(),
        selinux=(reader.word(_SELINUX) or "0") == "1",
        start=tuple(start_commands(reader, UNIT, without=DROP_IN)),
        address=address,
        driver=reader.link_name(f"/sys/bus/pci/devices/{address}/driver") if address else None,
        current=read_ban(host),
        script=VERSION,
    )


def read_ban(host: Host) -> dict[str, Any] | None:
    """Return the ban as the files have it (see _plan.irqbalance_ban.wanted_ban), None where nothing is there."""
    try:
        devices, script, drop_in = (host.read_text(path) for path in (DEVICES_PATH, SCRIPT_PATH, DROP_IN_PATH))
    except OSError as error:
        raise KnobError(f"could not read {error.filename}: {error.strerror}") from error
    if devices is None and script is None and drop_in is None:
        return None
    return {
        "banned": parse_devices(devices or ""),
        "start": parse_start(drop_in or "", []),
        "script": _version(host, script),
        "restarted": TO_RESTART not in (devices or "").split("\n"),
    }


def write_ban(host: Host, wanted: dict[str, Any] | None) -> None:
    """Write or remove the files, and have irqbalance started with them.

    The list says first that a restart is due and last that it was done, so that a run that is killed in between is
    finished by the next one. Raises KnobError.
    """
    if wanted is None:
        for path in (DROP_IN_PATH, SCRIPT_PATH, DEVICES_PATH):
            _put(host, path, None)
        _restart(host, reload=True)
        return
    before = read_ban(host)
    # Reading all units anew is dear; a device more in the list is no reason.
    known = before is not None and before["restarted"] and before["start"] == wanted["start"]
    _put(host, DEVICES_PATH, _devices(wanted["banned"], restarted=False))
    _put(host, SCRIPT_PATH, SCRIPT if wanted["script"] else None, 0o755)
    if not known:
        _put(host, DROP_IN_PATH, _drop_in(wanted["start"]))
    if _restart(host, reload=not known):
        _put(host, DEVICES_PATH, _devices(wanted["banned"], restarted=True))


def _restart(host: Host, *, reload: bool) -> bool:
    """Restart irqbalance where it runs; return whether it runs, if at all, with what the files say now.

    Where no program may be started it is too early to tell. An image has nothing running: its first boot reads them.
    """
    if not host.runs_systemd():
        return True
    if host.run is None:
        return False
    reloading = [["systemctl", "daemon-reload"]] if reload else []
    for command in [*reloading, ["systemctl", "try-restart", UNIT]]:
        code, _output, errors = host.run(command)
        if code != 0:
            raise KnobError(f"{' '.join(command)} failed: {errors.strip() or f'exit code {code}'}")
    return True


def _version(host: Host, script: str | None) -> str | None:
    if script is None:
        return None
    return VERSION if script == SCRIPT and os.access(host.path(SCRIPT_PATH), os.X_OK) else "changed"


def _devices(banned: dict[str, str], *, restarted: bool) -> str:
    lines = [_HEAD, *([] if restarted else [TO_RESTART])]
    lines += [f"{address} {driver}".rstrip() for address, driver in sorted(banned.items())]
    return "\n".join(lines) + "\n"


def _drop_in(start: list[str]) -> str:
    lines = ["# The unit's own command and one more option. Written by rxpath.linux; tuning_rollback removes it."]
    lines += ["[Service]", "ExecStart=", *(f"ExecStart={command}" for command in start)]
    return "\n".join(lines) + "\n"


def _put(host: Host, path: str, text: str | None, mode: int = 0o644) -> None:
    State.load(host).touch_file(path)
    try:
        if text is None:
            files.remove_file(host, path)
        else:
            files.write_file(host, path, text.encode(), mode)
    except OSError as error:
        raise KnobError(f"could not write {path}: {error.strerror}") from error
