# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a host's findings to the changes that can help, and to what is said where none can.

Only the main and the first loss are acted on, since a loss upstream hides what is lost downstream: the next round sees
the rest. Sizes are the diagnosis' own, which keep to the ceilings of memory and delay; nothing is reckoned anew here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.causes import SLOW_CONSUMER
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import (
    HINT,
    LOSS,
    finding_key,
    order,
    sysctl,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.restarts import merged
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import reason_of
from ansible_collections.rxpath.linux.plugins.module_utils._plan.order import family_rank

Finding = Mapping[str, Any]
Knob = tuple[str, str, str]  # family, interface, name of the sysctl or of the parameter

_SYSCTLS = "sysctl_settings"
# What of a request says where it goes, not what it sets.
_ADDRESS = ("family", "interface", "settings", "param")


class _Wish(NamedTuple):
    """What one advice of one finding asks of one knob."""

    one: Finding
    advice: Mapping[str, Any]
    value: Any


def targeted(entry: Mapping[str, Any], tried: Iterable[Mapping[str, Any]] = ()) -> dict[str, Any]:
    """Return what to change on a host: {"steps", "restarts", "left"}.

    ``entry`` is the host's entry of the report. ``tried`` are requests that were taken back in an earlier round, as a
    step has them under "request" (or with names alone: "settings": [keys], "interface" and "param").

    A step is {"keys", "finding", "request", "what", "why", "restarts", "fill_seconds"}, in the order of the work.
    "restarts" are the processes that need nothing but to be started anew, each with the "key" of its finding; "left"
    are sentences on what nothing is done about.
    """
    spent = {knob for request in tried for knob in knobs_of(request)}
    wishes: dict[Knob, list[_Wish]] = {}
    restarts: list[dict[str, Any]] = []
    left: list[str] = []
    chosen = _chosen(entry)
    for one in chosen:
        wanted, again, vain = _wanted(one, spent)
        for knob, wish in wanted:
            wishes.setdefault(knob, []).append(wish)
        restarts += [row for row in again if row not in restarts]
        if vain or not (wanted or again):
            left.append(_left(one, vain))
    further = _further(entry, chosen)
    steps = [_step(knob, group) for knob, group in wishes.items()]
    ranks = {id(step): (knob[1], family_rank(knob[0])) for knob, step in zip(wishes, steps)}
    steps.sort(key=lambda step: ranks[id(step)])
    return {"steps": steps, "restarts": restarts, "left": left + further}


def knobs_of(request: Mapping[str, Any]) -> list[Knob]:
    """Return the knobs that a request sets; of a device these are the module's parameters."""
    family, interface = str(request.get("family")), str(request.get("interface") or "")
    if family == _SYSCTLS:
        return [(family, "", str(key)) for key in request.get("settings") or ()]
    names = [name for name in request if name not in _ADDRESS]
    if request.get("param"):
        names.append(str(request["param"]))
    return [(family, interface, str(name)) for name in names]


def _chosen(entry: Mapping[str, Any]) -> list[Finding]:
    """Return the findings to act on, in path order: every one of the main loss and of the first."""
    wanted = {entry.get("main_loss"), entry.get("first_loss")} - {None}
    return [one for one in _losses(entry) if one["finding"] in wanted and one["certainty"] != HINT]


def _losses(entry: Mapping[str, Any]) -> list[Finding]:
    losses = [one for one in entry.get("findings") or [] if one["class"] == LOSS and not one.get("ignored")]
    return sorted(losses, key=lambda one: order(one["finding"]))


def _wanted(one: Finding, spent: set[Knob]) -> tuple[list[tuple[Knob, _Wish]], list[dict[str, Any]], list[str]]:
    """Return a finding's wishes by knob, its restarts that need no knob, and the knobs that were tried before."""
    wishes: list[tuple[Knob, _Wish]] = []
    restarts: list[dict[str, Any]] = []
    vain: list[str] = []
    if _slow(one):
        return wishes, restarts, vain
    for advice in one["advice"]:
        if not advice["helps"]:
            continue
        knob = advice.get("knob")
        for name in knobs_of(knob) if knob else ():
            if name in spent:
                said = _name(name)
                vain += [said] if said not in vain else []
                continue
            value = knob["settings"][name[2]] if name[0] == _SYSCTLS else knob[name[2]]
            wishes.append((name, _Wish(one, advice, value)))
        if not knob:
            shown = {"key": finding_key(one), "why": advice["why"], "fill_seconds": advice.get("fill_seconds", 0.0)}
            restarts += [{**row, **shown} for row in advice.get("restart") or ()]
    return wishes, restarts, vain


def _slow(one: Finding) -> bool:
    return bool(one["causes"]) and one["causes"][0] == SLOW_CONSUMER


def _step(knob: Knob, wishes: Sequence[_Wish]) -> dict[str, Any]:
    """Return one step for all that one knob is asked for: the largest value, number by number."""
    family, interface, name = knob
    value = _largest([wish.value for wish in wishes])
    main = max(wishes, key=lambda wish: _numbers(wish.value))
    request: dict[str, Any] = {"family": family, "interface": interface, name: value}
    if family == _SYSCTLS:
        request = sysctl(name, value)
    keys = list(dict.fromkeys(finding_key(wish.one) for wish in wishes))
    why = f"{reason_of(dict(main.one), [])}; {main.advice['why']}"
    if len(keys) > 1:
        why += f"; {len(keys) - 1} more of the findings want it as well, and this is the largest wish"
    return {
        "keys": keys,
        "finding": main.one["finding"],
        "request": request,
        "what": f"{_name(knob)} from {_shown(main.advice['current'])} to {_shown(value)}",
        "why": why,
        "restarts": merged(*(wish.advice.get("restart") or () for wish in wishes)),
        "fill_seconds": round(max(_fill(wish, value) for wish in wishes), 3),
    }


def _fill(wish: _Wish, value: Any) -> float:
    """Return the seconds that the value which was chosen takes to fill at this wish's own loss."""
    seconds = float(wish.advice.get("fill_seconds") or 0.0)
    own, chosen = _numbers(wish.value), _numbers(value)
    return seconds * chosen[0] / own[0] if own and chosen and own[0] else seconds


def _largest(values: Sequence[Any]) -> Any:
    """Return the largest of values of one knob; of several numbers each by itself. Words that are none stay."""
    rows = [_numbers(value) for value in values]
    width = len(rows[0])
    if not width or any(len(row) != width for row in rows):
        return values[0]
    most = [max(column) for column in zip(*rows)]
    return most[0] if width == 1 else " ".join(str(number) for number in most)


def _numbers(value: Any) -> tuple[int, ...]:
    words = str(value).split()
    return tuple(int(word) for word in words) if all(word.isdecimal() for word in words) else ()


def _name(knob: Knob) -> str:
    family, interface, name = knob
    return name if family == _SYSCTLS else f"{name} of {interface} ({family})"


def _shown(value: Any) -> str:
    return "an unknown value" if value is None else str(value)


def _left(one: Finding, vain: Sequence[str]) -> str:
    """Say why nothing is changed for a finding, or not all that could be, and what would help instead."""
    said = reason_of(dict(one), [])
    if vain:
        said += f"; {', '.join(vain)} was changed in an earlier round and taken back, and is not tried again"
    elif not _slow(one):
        said += "; no knob of this host cures it"
    refused = next((advice for advice in one["advice"] if not advice["helps"]), None)
    if _slow(one) and refused:
        said += f"; not {refused['action']}: {refused['why']}"
    helping = [advice for advice in one["advice"] if advice["helps"] and not advice.get("knob")]
    if helping:
        said += "; what would help: " + "; ".join(f"{advice['action']} ({advice['why']})" for advice in helping)
    return said


def _further(entry: Mapping[str, Any], chosen: Sequence[Finding]) -> list[str]:
    """Say which losses wait until the main and the first one are gone."""
    names = list(dict.fromkeys(str(one["finding"]) for one in _losses(entry) if one not in chosen))
    if not names or not chosen:
        return []
    return [f"{', '.join(names)}: smaller, and looked at again once the main and the first loss are gone"]
