# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A round of the hops as a row of stations: hosts, or parts of the path, with the wires between them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._hops.place import (
    AT_MOST,
    FORWARDER,
    HINT,
    OWN_DEVICE,
    OWN_FIREWALL,
    OWN_SOCKET,
    SOMEWHERE,
    WIRE,
    place_name,
)

# What a station shows in one word, by its state. The strongest stands first.
MARKS = {
    "main": "main loss",
    "loss": "loss",
    "hint": "a hint, not counted",
    "pending": "cannot be told",
    "own": "the probe's own loss",
    "quiet": "no loss reported",
}
_SHORT = {
    WIRE: "lost",
    FORWARDER: "never forwarded",
    OWN_SOCKET: "at the probe's socket",
    OWN_DEVICE: "refused by the device",
    OWN_FIREWALL: "forbidden by the firewall",
}
_ABOUT = {AT_MOST: "at most ", HINT: "about "}


class Station(NamedTuple):
    """A host, a part of the path or a wire: its state, one of MARKS, and what to say about it."""

    label: str
    state: str
    notes: list[str]
    wire: bool = False


def stations(one: Mapping[str, Any], path: Sequence[Mapping[str, Any]]) -> list[Station]:
    """Return a round's stations from left to right. ``path`` are the parts of the path, as the report has them."""
    row = list(_of_parts(one, path) if one["kind"] == "counters" else _of_hosts(one))
    return _marked(row, [place for place in one["places"] if is_certain(one, place)])


def is_certain(one: Mapping[str, Any], place: Mapping[str, Any]) -> bool:
    """Tell whether a place has lost datagrams of the path for certain: not the probe's own, not by a mere hint.

    Of a probe the number is certain even where its place follows from other numbers.
    """
    return bool(place["kind"] != OWN_SOCKET and (one["kind"] == "probe" or place["certainty"] != HINT))


class _Draft(NamedTuple):
    label: str
    notes: list[str]
    places: list[Mapping[str, Any]]
    wire: bool = False
    unknown: bool = False


def _of_hosts(one: Mapping[str, Any]) -> Iterator[_Draft]:
    hosts, places = one["hosts"], one["places"]
    open_end = any(place["kind"] == SOMEWHERE for place in places)
    before = None
    for name, host in hosts.items():
        if before is not None:
            here = [place for place in places if place["kind"] == WIRE and place["host"] == name]
            yield _Draft("wire", [], here, wire=True, unknown=open_end or "numbered" not in one)
        here = [place for place in places if place["kind"] not in (WIRE, SOMEWHERE) and place["host"] == name]
        missing = host["outcome"] != "measured"
        notes = [f"not measured: {host['reason']}"] if missing else _of_host(name, host, one)
        yield _Draft(name, notes, here, unknown=missing or (open_end and name == one["via"]))
        before = name


def _of_host(name: str, host: Mapping[str, Any], one: Mapping[str, Any]) -> list[str]:
    if "numbered" not in one:
        return []
    if name == one["sender"]:
        return [f"{one['numbered']:,} sent"]
    if name == one["receiver"]:
        return [f"{one['arrived']:,} arrived"]
    ip, udp = host["ip"], host["udp"]
    # As the tally has it: the kernel forwards, or a process does.
    inward, outward = (ip["forwarded"],) * 2 if ip["forwarded"] > udp["sent"] else (udp["read"], udp["sent"])
    return [f"{inward:,} taken in", f"{outward:,} passed on"]


def _of_parts(one: Mapping[str, Any], path: Sequence[Mapping[str, Any]]) -> Iterator[_Draft]:
    handoffs = {row["before"]: row for row in one.get("handoffs") or []}
    leading = {row["after"]: row for row in handoffs.values()}
    for index, part in enumerate(path):
        name, hosts = part["name"], part["hosts"]
        into, out = leading.get(name), handoffs.get(name)
        if index:
            places = into["places"] if into else []
            here = [place for place in places if place["kind"] == WIRE]
            yield _Draft("wire", [], here, wire=True, unknown=not into or bool(into["undecided"]))
        notes = [] if hosts == [name] else [f"{len(hosts)} host{'' if len(hosts) == 1 else 's'}"]
        notes += [f"{into['rates']['taken']:,.0f}/s taken in"] if into else []
        if out:
            notes.append(f"{out['rates']['sent']:,.0f}/s {'passed on' if into else 'sent'}")
        gone = [host for host in hosts if (one["hosts"].get(host) or {}).get("outcome") != "measured"]
        if gone:
            notes.append(f"not measured: {', '.join(gone)}")
        here = [place for place in one["places"] if place["kind"] not in (WIRE, SOMEWHERE) and place["host"] in hosts]
        yield _Draft(name, notes, here, unknown=bool(gone))


def _marked(row: Sequence[_Draft], certain: Sequence[Mapping[str, Any]]) -> list[Station]:
    """Give each its state; the largest loss that is certain is the main one."""
    largest = max((place["packets"] for place in certain), default=0)
    found = []
    for draft in row:
        state = "pending" if draft.unknown else "quiet"
        if draft.places:
            sure = [place["packets"] for place in draft.places if place in certain]
            unsure = "hint" if any(place["kind"] != OWN_SOCKET for place in draft.places) else "own"
            state = unsure if not sure else "main" if largest in sure else "loss"
        notes = draft.notes + [_short(place) for place in draft.places]
        found.append(Station(draft.label, state, notes, draft.wire))
    return found


def _short(place: Mapping[str, Any]) -> str:
    number = f"{_ABOUT.get(str(place['certainty']), '')}{place['packets']:,}"
    if place["kind"] in _SHORT:
        return f"{number} {_SHORT[place['kind']]}"
    return f"{number} lost at the {place_name(place['kind'])}"
