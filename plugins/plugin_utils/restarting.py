# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Restart what must be started anew to get a new setting: only what the site allowed, by unit or by container."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

Result = Mapping[str, Any]
# Name and arguments of a module → its result.
Run = Callable[[str, dict[str, Any]], Result]

_ENGINES = ("docker", "podman")
_SHORTEST_ID = 8


def is_allowed(row: Mapping[str, Any], allowed: Iterable[str]) -> bool:
    """Tell whether a site allows to restart this: ``allowed`` holds units (".service" may be left out) and containers.

    A container is named as the report does, "runtime:id", or by its id, which may be shortened to eight digits.
    """
    unit, container = str(row.get("unit") or ""), str(row.get("container") or "")
    number = container.partition(":")[2]
    for name in allowed:
        if unit and name in (unit, unit.rpartition(".")[0]):
            return True
        if container and (name in (container, number) or (len(name) >= _SHORTEST_ID and number.startswith(name))):
            return True
    return False


def why_not(row: Mapping[str, Any], allowed: Iterable[str]) -> str:
    """Return why a process is not restarted, or an empty string where it may be."""
    if not name_of(row):
        return "it belongs to no systemd unit and no container"
    return "" if is_allowed(row, allowed) else f"udp_audit_restart_services does not name {name_of(row)}"


def name_of(row: Mapping[str, Any]) -> str:
    """Return what a process is restarted by, or an empty string."""
    return str(row.get("unit") or row.get("container") or "")


def restart(
    run: Run, rows: Sequence[Mapping[str, Any]], allowed: Iterable[str], done: dict[str, str] | None = None
) -> list[dict[str, Any]]:
    """Restart each that is allowed, and return the rows with "restarted" and "why".

    ``done`` remembers over several calls what became of a unit or container: each is restarted once.
    """
    names = list(allowed)
    known = {} if done is None else done
    told = []
    for row in rows:
        why = why_not(row, names)
        if not why:
            name = name_of(row)
            if name not in known:
                known[name] = _restart(run, row, names)
            why = known[name]
        told.append({**row, "restarted": not why, "why": why})
    return told


def _restart(run: Run, row: Mapping[str, Any], allowed: Iterable[str]) -> str:
    """Restart one; return why it could not be, or an empty string."""
    # A container that a unit runs is restarted as the site named it.
    if row.get("container") and not is_allowed({"unit": row.get("unit")}, allowed):
        engine, _colon, number = str(row["container"]).partition(":")
        if engine not in _ENGINES:
            return f"a container of {engine} is restarted by what runs it, not by us"
        result = run("ansible.builtin.command", {"argv": [engine, "restart", number]})
    else:
        result = run("ansible.builtin.systemd_service", {"name": row["unit"], "state": "restarted"})
    return str(result.get("msg") or "the restart failed") if result.get("failed") else ""
