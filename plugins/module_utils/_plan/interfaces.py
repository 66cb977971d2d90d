# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which devices are tuned: the hardware under bonds, VLANs and bridges, and in which order.

``interfaces`` are _facts.interfaces' descriptions by name, ``links`` every device of the namespace by name:
{"kind": rtnetlink's kind, "up": administratively up}.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

AUTO = "auto"
# Kinds whose devices are named one by one where they are left alone; of others a node can have hundreds.
_NAMED_KINDS = ("bond", "bridge", "vlan")


class Choice(NamedTuple):
    """Devices to tune, in order of name; virtual ones that were asked for by name; what is left alone, and why."""

    chosen: list[str]
    virtual: list[str]
    skipped: list[dict[str, str]]
    notes: list[str]


class NoSuchInterfaceError(ValueError):
    """A name that was asked for is no device of this host."""


def choose(wanted: Sequence[str], interfaces: Mapping[str, Any], links: Mapping[str, Any]) -> Choice:
    """Return the devices that ``wanted`` (names, or "auto" alone) means. Raises NoSuchInterfaceError."""
    if list(wanted) == [AUTO]:
        return _automatic(interfaces, links)
    missing = [name for name in wanted if name not in links]
    if missing:
        raise NoSuchInterfaceError(
            f"udp_tuning_interfaces: no such network interface: {', '.join(missing)}"
            f" (this host has: {', '.join(sorted(links)[:20])})"
        )
    chosen: set[str] = set()
    virtual, skipped, notes = [], [], []
    for name in wanted:
        facts = interfaces.get(name) or {}
        if facts.get("kind") == "nic":
            chosen.add(name)
        elif facts.get("below"):
            chosen.update(facts["below"])
            notes.append(f"{name} ({facts['kind']}) stands for the devices below it: {', '.join(facts['below'])}")
        else:
            kind = links[name].get("kind") or facts.get("kind") or "virtual"
            virtual.append(name)
            skipped.append({"interface": name, "why": f"a virtual device ({kind}): of its knobs RPS alone can be set"})
    return Choice(sorted(chosen), virtual, skipped, notes)


def _automatic(interfaces: Mapping[str, Any], links: Mapping[str, Any]) -> Choice:
    """Every NIC that is administratively up, or below something that is.

    Not the carrier decides: a cable that is out while the role runs must not change what is set up for good.
    """
    chosen, skipped = [], []
    for name, facts in sorted(interfaces.items()):
        if facts["kind"] != "nic":
            continue
        above = [other for other, its in interfaces.items() if name in (its.get("below") or ())]
        if _up(links, name) or any(_up(links, other) for other in above):
            chosen.append(name)
        else:
            skipped.append({"interface": name, "why": "down, and nothing that is up stands on it"})
    others: Counter[str] = Counter()
    for name, link in sorted(links.items()):
        facts = interfaces.get(name) or {}
        if facts.get("kind") == "nic":
            continue
        kind = link.get("kind") or facts.get("kind") or "virtual"
        if facts.get("kind") in _NAMED_KINDS or facts.get("below"):
            below = ", ".join(facts.get("below") or ()) or "none"
            skipped.append({"interface": name, "why": f"a virtual device ({kind}); the hardware below it: {below}"})
        elif name != "lo":
            others[kind] += 1
    for kind, number in sorted(others.items()):
        skipped.append(
            {"interface": f"{number} of kind {kind}", "why": "virtual devices have no ring and no interrupt"}
        )
    return Choice(chosen, [], skipped, [])


def meant_by_auto(chosen: Sequence[str]) -> str:
    """Say which devices "auto" stands for: what each of them is for cannot be seen from the host."""
    return (
        f"{AUTO} stands for {', '.join(chosen)}, one for management alone included; name the others in"
        " udp_tuning_interfaces to leave it out"
    )


def _up(links: Mapping[str, Any], name: str) -> bool:
    return bool((links.get(name) or {}).get("up"))


def in_turn(chosen: Sequence[str], interfaces: Mapping[str, Any]) -> list[str]:
    """Return the order of work: by name, the active slave of each bond after its other slaves.

    A bond that works by active-backup then fails over once, to a slave that is tuned and has its carrier back.
    """
    active = {facts["bond"].get("active_slave") for facts in interfaces.values() if facts.get("bond")}
    return sorted(chosen, key=lambda name: (name in active, name))


def master_of(interfaces: Mapping[str, Any], name: str) -> str | None:
    """Return the bond or bridge that a device belongs to."""
    master = (interfaces.get(name) or {}).get("master")
    return str(master) if master else None
