# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which sysctls a host is asked for, from the settings and from what the host is.

``survey`` has memory, page_size, sysctls (running values as text), links, interfaces, agents, image (no kernel of its
own runs here: a chroot).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.numbers import count
from ansible_collections.rxpath.linux.plugins.module_utils._plan.backlog import backlog
from ansible_collections.rxpath.linux.plugins.module_utils._plan.buffers import (
    LARGEST_STOCK_RMEM_MAX,
    rmem_max_for,
    size_buffer,
    udp_mem_for,
)

AUTO, KEEP = "auto", "keep"
RMEM_MAX, RMEM_DEFAULT, UDP_MEM = "net.core.rmem_max", "net.core.rmem_default", "net.ipv4.udp_mem"
BUDGET, BUDGET_USECS = "net.core.netdev_budget", "net.core.netdev_budget_usecs"
BACKLOG = "net.core.netdev_max_backlog"
_STOCK_BUDGET = 300


class Wishes(NamedTuple):
    """Keys and the values asked for, and what there is to say about them."""

    values: dict[str, str]
    notes: list[str]
    warnings: list[str]
    refused: list[str]


def host_sysctls(settings: Mapping[str, Any], survey: Mapping[str, Any]) -> Wishes:
    """Return the sysctls to ask for. ``settings`` are resolved (nothing is left to the profile).

    What the host has higher already is left out, unless lowering was asked for, so that no file of ours lowers at
    boot what the kernel or an administrator set.
    """
    wishes = Wishes({}, [], [], [])
    _buffers(settings, survey, wishes)
    _backlog(settings, survey, wishes)
    _budget(settings, survey, wishes)
    wishes.values.update({key: str(value) for key, value in settings["sysctls"].items()})
    return wishes


def _running(survey: Mapping[str, Any], key: str) -> str | None:
    value = None if survey["image"] else survey["sysctls"].get(key)
    return None if value is None else str(value)


def _number(survey: Mapping[str, Any], key: str) -> int | None:
    words = (_running(survey, key) or "").split()
    return int(words[0]) if words and words[0].isdecimal() else None


def _ask(wishes: Wishes, settings: Mapping[str, Any], survey: Mapping[str, Any], key: str, value: int) -> None:
    now = _number(survey, key)
    if now is not None and now > value and not settings["lower"]:
        wishes.notes.append(f"{key} kept at {count(now)}: more than the {count(value)} that the workload needs")
        return
    wishes.values[key] = str(value)


def _buffers(settings: Mapping[str, Any], survey: Mapping[str, Any], wishes: Wishes) -> None:
    knobs = {key: settings[name] for name, key in (("rmem_max", RMEM_MAX), ("rmem_default", RMEM_DEFAULT))}
    wishes.values.update({key: str(value) for key, value in knobs.items() if value not in (AUTO, KEEP)})
    if settings["udp_mem"] not in (AUTO, KEEP):
        wishes.values[UDP_MEM] = str(settings["udp_mem"])
    if AUTO not in (*knobs.values(), settings["udp_mem"]):
        return
    # The memory of the machine that builds an image says nothing of those that will boot it.
    memory = None if survey["image"] else survey["memory"]
    workload = {**settings, "may_raise": settings["udp_mem"] == AUTO}
    pages = _number(survey, UDP_MEM)
    if settings["udp_mem"] not in (AUTO, KEEP):
        pages = int(str(settings["udp_mem"]).split()[0])
    sizing = size_buffer(workload, memory, pages, survey["page_size"])
    wishes.notes.extend(sizing.notes)
    wishes.warnings.extend(sizing.warnings)
    if knobs[RMEM_MAX] == AUTO:
        half = rmem_max_for(sizing.receive_buffer)
        if survey["image"]:
            half = max(half, LARGEST_STOCK_RMEM_MAX)
            wishes.notes.append(f"{RMEM_MAX} is at least {count(half)} in an image: no kernel's default is higher")
        wishes.notes.append(f"{RMEM_MAX}: half of the buffer, since the kernel doubles what SO_RCVBUF asks for")
        _ask(wishes, settings, survey, RMEM_MAX, half)
        _say_what_is_allowed(wishes, settings, survey, memory)
    if knobs[RMEM_DEFAULT] == AUTO:
        wishes.notes.append(
            f"{RMEM_DEFAULT}: the whole buffer, for servers that never ask; raw, packet, netlink and unix sockets"
            " that do not ask get it as well"
        )
        _ask(wishes, settings, survey, RMEM_DEFAULT, sizing.receive_buffer)
    if settings["udp_mem"] == AUTO:
        _udp_mem(wishes, survey, sizing.pages, memory)


def _udp_mem(wishes: Wishes, survey: Mapping[str, Any], pages: int, memory: int | None) -> None:
    """Raise the limit of all UDP sockets where it is below what they may hold; ``pages`` are within the share."""
    running = _running(survey, UDP_MEM)
    if running is None or memory is None:
        wishes.notes.append(f"{UDP_MEM} kept: neither memory nor limit of the host are known here")
        return
    raised = udp_mem_for(pages, running)
    if raised is not None:
        wishes.values[UDP_MEM] = raised
    elif int(running.split()[0]) == pages:
        # Raised to this by an earlier run: still asked for, so that a second run asks for the same.
        wishes.values[UDP_MEM] = " ".join(running.split())
    else:
        wishes.notes.append(f"{UDP_MEM} kept: {running.split()[0]} pages hold the {count(pages)} that are needed")


def _say_what_is_allowed(
    wishes: Wishes, settings: Mapping[str, Any], survey: Mapping[str, Any], memory: int | None
) -> None:
    """Warn where a value that was there before lets sockets take more than their share."""
    allowed = max(int(wishes.values.get(RMEM_MAX, 0)), _number(survey, RMEM_MAX) or 0) * 2 * int(settings["sockets"])
    share = int((memory or 0) * settings["memory_share"])
    if share and RMEM_MAX not in wishes.values and allowed > share:
        wishes.warnings.append(
            f"{RMEM_MAX} is higher than udp_tuning_memory_share allows: {settings['sockets']} sockets of twice that"
            f" are {count(allowed)} bytes, the share is {count(share)}; it is not lowered (udp_tuning_lower)"
        )


def _backlog(settings: Mapping[str, Any], survey: Mapping[str, Any], wishes: Wishes) -> None:
    knob = settings["netdev_max_backlog"]
    if knob == KEEP:
        return
    owner = next((agent for agent in survey["agents"] if BACKLOG in agent["owns"]), None)
    if owner and not settings["force"]:
        wishes.refused.append(f"{BACKLOG}: {owner['name']} sets it itself ({owner['sign']})")
    elif knob == AUTO:
        wanted, why = backlog(settings, survey)
        if wanted is None:
            wishes.notes.append(f"{BACKLOG} kept: {why}")
        else:
            wishes.notes.append(f"{BACKLOG}: {why}")
            _ask(wishes, settings, survey, BACKLOG, wanted)
    else:
        wishes.values[BACKLOG] = str(knob)


def _budget(settings: Mapping[str, Any], survey: Mapping[str, Any], wishes: Wishes) -> None:
    """Auto is the kernel's own default: a squeezed budget loses nothing by itself, so that no profile raises it."""
    for name, key in (("netdev_budget", BUDGET), ("netdev_budget_usecs", BUDGET_USECS)):
        knob = settings[name]
        if knob not in (AUTO, KEEP):
            wishes.values[key] = str(knob)
        elif knob == AUTO and key == BUDGET:
            _ask(wishes, settings, survey, key, _STOCK_BUDGET)
        elif knob == AUTO:
            wishes.notes.append(f"{key} kept: the kernel's default of two ticks is also the least that it takes")
