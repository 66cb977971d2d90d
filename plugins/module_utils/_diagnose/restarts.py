# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who must be started anew before a setting reaches a socket: an open one keeps the buffer it was created with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cgroup import service_unit

Restart = dict[str, Any]


def unit_of(socket: Mapping[str, Any]) -> str | None:
    """Return the systemd unit that a socket's owner runs in, where its control group names one."""
    return service_unit(str(socket.get("cgroup") or ""))


def restart_of(socket: Mapping[str, Any]) -> list[Restart]:
    """Return the restart that a socket needs: one row, or none where it is closed and the next one is another."""
    if socket.get("closed"):
        return []
    return [
        {
            "process": socket.get("process"),
            "pid": socket.get("pid"),
            "unit": unit_of(socket),
            "container": socket.get("container"),
        }
    ]


def merged(*groups: Iterable[Restart]) -> list[Restart]:
    """Return the rows of all groups, each process once, in the order in which they came."""
    rows: list[Restart] = []
    for group in groups:
        rows += [row for row in group if row not in rows]
    return rows


def join(advice: list[dict[str, Any]], more: Iterable[Mapping[str, Any]]) -> None:
    """Add the restarts that further sockets need to the advice that they share: what it says is not said again."""
    for other in more:
        for one in advice:
            same = one["helps"] and other["helps"] and _settings(one) == _settings(other)
            if same and one.get("restart") and other.get("restart"):
                one["restart"] = merged(one["restart"], other["restart"])
                break


def _settings(advice: Mapping[str, Any]) -> list[str]:
    return sorted((advice.get("knob") or {}).get("settings") or ())
