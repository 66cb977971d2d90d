# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The window of a report: its counters and, for each losing or filling socket, its time series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import attribution, buffers

_MOST_SERIES = 12


def window(sample: Mapping[str, Any], label: str) -> dict[str, Any]:
    """Return one window as the report shows it."""
    softnet: dict[str, int] = {}
    for row in sample.get("softnet") or []:
        for key in ("processed", "dropped", "time_squeeze", "flow_limit"):
            softnet[key] = softnet.get(key, 0) + int(row.get(key) or 0)
    namespaces: dict[str, dict[str, Any]] = {}
    for namespace in sample.get("namespaces") or []:
        counters = {key: value for key, value in (namespace.get("counters") or {}).items() if value}
        namespaces[_key(namespace, namespaces)] = counters
    return {
        "label": label,
        "seconds": sample["window"]["seconds"],
        "started_at": sample["window"].get("started_at"),
        "extended_seconds": sample["window"].get("extended_seconds", 0.0),
        "counters": {"namespaces": namespaces, "softnet": softnet},
        "series": _series(sample),
    }


def _key(namespace: Mapping[str, Any], taken: Mapping[str, Any]) -> str:
    """Return a name that no other namespace of the window has."""
    name = str(namespace["name"])
    return name if name not in taken else "{} [{}]".format(name, namespace.get("inode"))


def _series(sample: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the series of the worst sockets, by namespace, address and inode."""
    rows = []
    for namespace in sample.get("namespaces") or []:
        columns = namespace.get("series") or {}
        for socket in namespace.get("sockets") or []:
            own = socket.get("series")
            if own and columns.get("t") and ((socket.get("drops") or 0) > 0 or socket.get("queue_max")):
                rows.append((int(socket.get("drops") or 0), namespace, socket))
    rows.sort(key=lambda row: -row[0])
    table = sample.get("truesize") or []
    return {
        f"{namespace['name']} {socket.get('local')} {socket.get('inode')}": _one(namespace, socket, table)
        for _loss, namespace, socket in rows[:_MOST_SERIES]
    }


def _one(namespace: Mapping[str, Any], socket: Mapping[str, Any], table: Any) -> dict[str, Any]:
    columns: Mapping[str, Any] = namespace["series"]
    own: Mapping[str, Any] = socket["series"]
    queue = list(own.get("memory") or [])
    alone, _because = attribution.alone(namespace, [socket])
    return {
        "namespace": namespace["name"],
        "socket": socket.get("local"),
        "inode": socket.get("inode"),
        "process": socket.get("process"),
        "receive_buffer": socket.get("receive_buffer"),
        "t": columns["t"],
        "arrivals": _arrivals(namespace, own, table) if alone else None,
        "reads": columns.get("reads") if alone else None,
        "drops": own.get("drops"),
        "queue": queue,
    }


def _arrivals(namespace: Mapping[str, Any], own: Mapping[str, Any], table: Any) -> list[int | None]:
    """Return what arrived in each interval: read, lost, and left in the queue."""
    columns: Mapping[str, Any] = namespace["series"]
    payload = buffers.mean_payload(namespace.get("counters") or {})
    truesize = buffers.DEFAULT_TRUESIZE if payload is None else buffers.truesize_of(payload, table)
    last: int | None = None
    arrived: list[int | None] = []
    queued = own.get("queued") or own.get("memory") or []
    for index, read in enumerate(columns.get("reads") or []):
        level = queued[index] if index < len(queued) else None
        grown = 0.0 if level is None or last is None else (level - last) / truesize
        lost = (columns.get("overflows") or [])[index] if index < len(columns.get("overflows") or []) else 0
        arrived.append(max(0, round((read or 0) + (lost or 0) + grown)))
        last = level if level is not None else last
    return arrived
