# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is said of the places at which a path loses datagrams, and of what hosts cannot see."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._hops.place import AT_MOST, HINT, WIRE

# What a host cannot see, as far as a note tells it; the report has all.
_HIDDEN = 3
# What could not be read and hides no loss.
_NO_PLACE = ("the memory that a datagram takes",)
_ABOUT = {AT_MOST: "at most ", HINT: "about "}


def sentence(place: Mapping[str, Any]) -> str:
    """Return how many datagrams were lost at a place, and where that is."""
    number = f"{place['packets']:,}"
    about = _ABOUT.get(str(place["certainty"]), "")
    return f"{about}{number} {place['says']}"


def hosts_of_wires(places: Sequence[Mapping[str, Any]], groups: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the hosts at the receiving end of the wires among places; by counters alone that is a whole group."""
    members = {str(one["name"]): [str(host) for host in one["hosts"]] for one in groups}
    ends = [str(place["host"]) for place in places if place["kind"] == WIRE]
    return [host for end in dict.fromkeys(ends) for host in members.get(end, [end])]


def unseen(names: Sequence[str], hosts: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return what could not be seen on hosts: what is lost there looks as if the wire to the host had lost it."""
    notes = []
    for name in names:
        unread = [one for one in hosts[name].get("unread") or [] if not one.startswith(_NO_PLACE)]
        hidden = [*(hosts[name].get("blind_spots") or []), *unread]
        if hidden:
            more = f", and {len(hidden) - _HIDDEN} more" if len(hidden) > _HIDDEN else ""
            notes.append(f"what {name} cannot see looks like the wire to it: {'; '.join(hidden[:_HIDDEN])}{more}")
    return notes
