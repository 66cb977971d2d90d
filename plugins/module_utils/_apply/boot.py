# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a boot makes again: the requests, in /etc/rxpath-linux/tuning.json, by family and device.

An entry is a request with the key of its device ("device"), so that a renamed device finds its own. An entry that is
made where the devices are not those of the later boot (an image, another root) is bound to the name; one for the
interface "auto" holds for every physical NIC that has none of its own for that family.
"""

from __future__ import annotations

import json
import os
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply import files, install
from ansible_collections.rxpath.linux.plugins.module_utils._apply.boot_files import AUTO
from ansible_collections.rxpath.linux.plugins.module_utils._apply.device import device_key
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.incarnation import mark_applied
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State

SCHEMA = 1
REQUESTS = "/etc/rxpath-linux/tuning.json"
# What makes the requests, among the families.
CODE = "code"
_DEVICE = "device"


def available(host: Host) -> str:
    """Return why nothing can be made again at boot here, and "" where it can."""
    return "" if host.has_systemd() else "this host does not run systemd"


def remembered(host: Host) -> list[dict[str, Any]]:
    """Return the requests in the order in which they were first made. Raises KnobError."""
    return [_request(entry) for entry in _entries(host)]


def find(host: Host, family: str, interface: str) -> dict[str, Any] | None:
    """Return the request that is remembered for a family and a device, under the device's present name."""
    entry = _place(_entries(host), family, _keys(host, interface))
    return None if entry is None else _request(entry, interface)


def requests_for(host: Host, name: str) -> list[dict[str, Any]]:
    """Return the requests that hold for a device, under its present name: its own, then those for all."""
    entries = _entries(host)
    keys = _keys(host, name)
    if _is_physical(host, name):
        keys.append(AUTO)
    families = dict.fromkeys(entry["family"] for entry in entries)
    found = [_place(entries, family, keys) for family in families]
    return [_request(entry, name) for entry in found if entry is not None]


def remember(host: Host, request: dict[str, Any]) -> bool:
    """Keep a request in the place of the one for the same family and device, with all that a boot needs to make it.

    Returns whether it differs from what was there.
    """
    keys = _keys(host, str(request.get("interface", "")))
    entries = _entries(host)
    entry = {**request, _DEVICE: keys[0]}
    old = _place(entries, request["family"], keys)
    if old is None:
        entries.append(entry)
    elif old != entry:
        entries[entries.index(old)] = entry
    if old != entry:
        _write(host, entries)
    install.install(host, [item[_DEVICE] for item in entries])
    _mark(host, str(request.get("interface", "")))
    return old != entry


def forget(host: Host, family: str, interface: str) -> None:
    """Drop the request for a family and a device."""
    entries = _entries(host)
    old = _place(entries, family, _keys(host, interface))
    if old is not None:
        entries.remove(old)
        _write(host, entries)
        install.install(host, [item[_DEVICE] for item in entries])


def is_outdated(host: Host) -> bool:
    """Tell whether requests are remembered, and what would make them at boot is another release's or incomplete."""
    entries = _entries(host)
    return bool(entries) and not install.is_current(host, [item[_DEVICE] for item in entries])


def refresh(host: Host) -> None:
    """Install what makes the requests at boot anew."""
    install.install(host, [item[_DEVICE] for item in _entries(host)])


def _keys(host: Host, interface: str) -> list[str]:
    """Return the keys that an entry for an interface may have, the one that a new entry gets first."""
    if interface == AUTO:
        return [AUTO]
    by_name = f"name:{interface}"
    if not host.runs_systemd():
        return [by_name]
    try:
        key = device_key(host, interface)
    except KnobError:
        return [by_name]
    return [key] if key == by_name else [key, by_name]


def _mark(host: Host, interface: str) -> None:
    """Note that the devices of an entry need nothing made for them until they appear anew: who asks for an entry says
    himself what is to be done to the running device.
    """
    if not host.runs_systemd():
        return
    names = host.reader().names("/sys/class/net") if interface == AUTO else [interface]
    for name in names:
        if _is_physical(host, name) or interface != AUTO:
            mark_applied(host, name)


def _place(entries: list[dict[str, Any]], family: str, keys: list[str]) -> dict[str, Any] | None:
    """Return the entry of a family with the first of the keys that one has."""
    for key in keys:
        for entry in entries:
            if (entry["family"], entry[_DEVICE]) == (family, key):
                return entry
    return None


def _request(entry: dict[str, Any], interface: str | None = None) -> dict[str, Any]:
    request = {name: value for name, value in entry.items() if name != _DEVICE}
    return request if interface is None else {**request, "interface": interface}


def _is_physical(host: Host, name: str) -> bool:
    return "/devices/virtual/" not in os.path.realpath(host.path(f"/sys/class/net/{name}"))


def _entries(host: Host) -> list[dict[str, Any]]:
    found = files.read_file(host, REQUESTS)
    if found is None:
        return []
    try:
        document = json.loads(found.data)
        if document["schema"] != SCHEMA:
            raise KnobError(f"{REQUESTS} has version {document['schema']}, and this release knows version {SCHEMA}")
        return [{_DEVICE: f"name:{entry.get('interface', '')}", **entry} for entry in document["requests"]]
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise KnobError(f"{REQUESTS} is damaged: {error}") from error


def _write(host: Host, entries: list[dict[str, Any]]) -> None:
    State.load(host).touch_file(REQUESTS)
    data = json.dumps({"schema": SCHEMA, "requests": entries}, indent=2) + "\n"
    try:
        files.write_file(host, REQUESTS, data.encode())
    except OSError as error:
        raise KnobError(f"could not write {REQUESTS}: {error.strerror}") from error
