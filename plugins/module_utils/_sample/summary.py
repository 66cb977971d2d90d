# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is told whole and what is summed, so that the document stays small however many namespaces there are.

Losers, holders of a queue and the top talkers are told whole. Should that still be too much, series are made
coarser before anything is left out.
"""

from __future__ import annotations

import json
from typing import Any, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._sample.counters import Counted
from ansible_collections.rxpath.linux.plugins.module_utils._sample.devices import lost_on
from ansible_collections.rxpath.linux.plugins.module_utils._sample.watch import STEADY, Watch

# What is sent back to the controller for each host, with a little room for the module's own keys.
MAX_BYTES = 250 * 1024
MAX_LISTED = 24
# Devices that neither lost nor are a NIC, in one namespace.
MAX_DEVICES = 16
# Devices that did, those that lost most first, and NICs.
MAX_DROPPING = 128
_LOSSES = ("Errors", "drop", "Discards", "Fails", "NoRoutes", "InHdrErrors", "NoPorts", "IPReversePathFilter")


class Candidate(NamedTuple):
    """A namespace before it is decided how it is told.

    ``drops`` is what its sockets dropped, ``below`` what was dropped before its IP layer; both only order.
    """

    watch: Watch
    counted: Counted
    drops: int
    below: int
    sockets: int
    standing: bool
    talkers: int = 4

    @property
    def lost(self) -> int:
        """Return a number that grows with what a namespace lost; it only orders."""
        losses = [value or 0 for key, value in self.counted.gains.items() if key.endswith(_LOSSES)]
        return self.drops + self.below + sum(losses)

    @property
    def received(self) -> int:
        """Return the datagrams read."""
        return self.watch.rows.total[0]


class Chosen(NamedTuple):
    """Namespaces told whole, the own one first, and the ``rest`` part."""

    listed: list[Candidate]
    rest: dict[str, Any]


def choose(candidates: list[Candidate]) -> Chosen:
    """Order namespaces by what they lost and read; those that did nothing are summed."""
    told: list[Candidate] = []
    rest: list[Candidate] = []
    few = len(candidates) <= MAX_LISTED
    for candidate in sorted(
        candidates, key=lambda one: (not one.watch.found.own, -one.lost, -one.drops, -one.received)
    ):
        must = candidate.watch.found.own or candidate.lost or candidate.standing or candidate.watch.state != STEADY
        talks = candidate.received and len(told) < MAX_LISTED
        (told if must or talks or few else rest).append(candidate)
    counters: dict[str, int] = {}
    for candidate in rest:
        for key, value in candidate.counted.gains.items():
            if value:
                counters[key] = counters.get(key, 0) + value
    summed = {"namespaces": len(rest), "sockets": sum(one.sockets for one in rest), "counters": counters}
    return Chosen([one._replace(talkers=8 if few else 4) for one in told], summed)


def size(document: Any) -> int:
    """Return the bytes of a document as it is sent."""
    return len(json.dumps(document, separators=(",", ":")))


def fit(document: dict[str, Any], limit: int = MAX_BYTES) -> dict[str, Any]:
    """Return the document made small enough, step by step, the namespaces that lost least first.

    First zeros are left out, then series made coarser, then sockets that lost nothing taken out; last of all whole
    namespaces are summed. Only what changed is measured again: a large document takes no longer than a few passes.
    """
    namespaces = document["namespaces"]
    for namespace in namespaces:
        namespace["devices"] = _devices(namespace["devices"])
    sizes = [size(namespace) for namespace in namespaces]
    total = size({**document, "namespaces": []}) + sum(sizes)
    for reduce in (_leave_out_zeros, _coarsen, _take_out_quiet_sockets, _take_out_quiet_series, _coarsen_further):
        for index in reversed(range(len(namespaces))):
            if total <= limit:
                return document
            if reduce(namespaces[index]):
                smaller = size(namespaces[index])
                total += smaller - sizes[index]
                sizes[index] = smaller
    while total > limit and len(namespaces) > 1:
        total -= sizes.pop()
        _sum_up(document, namespaces.pop())
    return document


def _devices(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    rows = sorted(rows, key=lambda row: (-lost_on(row), bool(row["kind"]), row["kind"] == "veth"))
    must = [row for row in rows if lost_on(row) or row["classified_by"]]
    rest = [row for row in rows if not (lost_on(row) or row["classified_by"])]
    return must[:MAX_DROPPING] + rest[:MAX_DEVICES]


def _leave_out_zeros(namespace: dict[str, Any]) -> bool:
    """Leave out counters that did not move."""
    namespace["counters"] = {key: value for key, value in namespace["counters"].items() if value != 0}
    return True


def _coarsen(namespace: dict[str, Any], longest: int = 100) -> bool:
    """Halve the resolution of a series until it is shorter than ``longest``. Tells whether there was one."""
    changed = False
    while namespace["series"] and len(namespace["series"]["t"]) >= longest:
        halve(namespace)
        changed = True
    return changed


def _coarsen_further(namespace: dict[str, Any]) -> bool:
    return _coarsen(namespace, 30)


def halve(namespace: dict[str, Any]) -> None:
    """Join each two intervals of a namespace's series, and of its sockets', into one."""
    series = namespace["series"]
    series["t"] = series["t"][1::2] + ([series["t"][-1]] if len(series["t"]) % 2 else [])
    for column in ("reads", "overflows", "errors", "mem_errors"):
        series[column] = [sum(pair) for pair in _pairs(series[column])]
    for socket in namespace["sockets"]:
        own = socket["series"]
        if own:
            for column in ("memory", "queued"):
                own[column] = [next((v for v in reversed(pair) if v is not None), None) for pair in _pairs(own[column])]
            own["drops"] = [_sum_known(pair) for pair in _pairs(own["drops"])]


def _pairs(values: list[Any]) -> list[list[Any]]:
    return [values[index : index + 2] for index in range(0, len(values), 2)]


def _sum_known(values: list[Optional[int]]) -> Optional[int]:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _take_out_quiet_sockets(namespace: dict[str, Any]) -> bool:
    """Take out the sockets that lost nothing and held no queue. Tells whether there were any."""
    before = len(namespace["sockets"])
    namespace["sockets"] = [one for one in namespace["sockets"] if one["drops"] or one["queue_max"]]
    namespace["socket_summary"]["listed"] = len(namespace["sockets"])
    return len(namespace["sockets"]) != before


def _take_out_quiet_series(namespace: dict[str, Any]) -> bool:
    """Take out the series of sockets that lost nothing, and of a namespace without any loser."""
    quiet = [one for one in namespace["sockets"] if not one["drops"] and one["series"]]
    for socket in quiet:
        socket["series"] = None
    idle = bool(namespace["series"]) and not any(one["series"] for one in namespace["sockets"])
    if idle:
        namespace["series"] = None
    return bool(quiet) or idle


def _sum_up(document: dict[str, Any], namespace: dict[str, Any]) -> None:
    """Sum a namespace with the rest."""
    rest = document["rest"]
    rest["namespaces"] += 1
    rest["sockets"] += namespace["socket_summary"]["count"]
    for key, value in namespace["counters"].items():
        if value:
            rest["counters"][key] = rest["counters"].get(key, 0) + value
