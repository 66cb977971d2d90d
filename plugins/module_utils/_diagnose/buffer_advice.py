# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Advice on a receive buffer: which knob this socket would follow, which it would not, and why.

Facts: net/core/sock.c. A socket gets ``rmem_default`` when it is created; SO_RCVBUF is clamped to ``rmem_max`` and
doubled; neither is read again later.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import buffers, numbers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import advise, sysctl
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.restarts import restart_of

DEFAULT = "default"  # never asked: rmem_default rules
CLAMPED = "clamped"  # asked for more than rmem_max
BEFORE = "opened_before"  # has the old default: opened before rmem_default was changed
OWN = "own"  # asked for just this much

Advice = dict[str, Any]


def origin(socket: Mapping[str, Any], limits: Mapping[str, Any]) -> str:
    """Return where a socket's buffer size comes from, as far as the sizes tell."""
    size = socket.get("receive_buffer")
    if size == limits.get("rmem_default"):
        return DEFAULT
    if limits.get("rmem_max") and size == 2 * int(limits["rmem_max"]):
        return CLAMPED
    if size == buffers.STOCK_RMEM_DEFAULT:
        return BEFORE
    return OWN


def origin_sentence(socket: Mapping[str, Any], limits: Mapping[str, Any]) -> str:
    """Say where the size comes from."""
    size = numbers.size(socket.get("receive_buffer") or 0)
    kind = origin(socket, limits)
    if kind == DEFAULT:
        return f"its receive buffer of {size} is rmem_default: the application never asked for another"
    if kind == CLAMPED:
        return f"its receive buffer of {size} is twice rmem_max: the application asked for more and was clamped"
    if kind == BEFORE:
        return (
            "its receive buffer of {} is the kernel's stock default, rmem_default is now {}: it was opened before"
            " the change"
        ).format(
            size,
            numbers.size(limits.get("rmem_default") or 0),
        )
    return f"its receive buffer of {size} was asked for by the application (the kernel doubles what is asked)"


class Need(NamedTuple):
    """The buffer that would have lost nothing: bytes, how they were found, and how long it takes to fill."""

    size: int
    truesize: int
    fill_seconds: float

    @property
    def arithmetic(self) -> str:
        """Say how the size was found."""
        held = numbers.count(self.size * buffers.BUSY_READER_SHARE // self.truesize)
        return (
            f"the replay of the window needs room for {held} datagrams x {numbers.count(self.truesize)} bytes"
            f" / {buffers.BUSY_READER_SHARE:g} = {numbers.size(self.size)}"
        )


def need_of(size: int, truesize: int, lost: int, seconds: float) -> Need:
    """Return a need with the time in which ``size`` bytes fill, were the loss of the window to go into them."""
    excess = lost * truesize / seconds if seconds > 0 else 0.0
    return Need(size, truesize, size / excess if excess > 0 else 0.0)


def enlarge(socket: Mapping[str, Any], limits: Mapping[str, Any], need: Need, in_pod: bool) -> list[Advice]:
    """Advise how this socket gets the buffer that it needs; what a sysctl can do carries the request for it."""
    kind = origin(socket, limits)
    size = int(socket.get("receive_buffer") or 0)
    who = socket.get("process") or "the application"
    rmem_max, rmem_default = limits.get("rmem_max"), limits.get("rmem_default")
    asked = -(-need.size // 2)
    place = " on the node (it is read-only in the pod's namespace)" if in_pod else ""
    short = rmem_max is not None and int(rmem_max) < asked
    restart = restart_of(socket)
    then = f", then restart {who}" if restart else " (the socket is closed: the next one gets it)"
    if kind == BEFORE and rmem_default and int(rmem_default) >= need.size:
        return [
            advise(
                f"restart {who}, so that its socket gets the new rmem_default as its receive_buffer"
                if restart
                else f"measure again: the next socket of {who} gets the new rmem_default as its receive_buffer",
                size,
                int(rmem_default),
                True,
                "an open socket keeps the buffer it was created with; rmem_default is already large enough:"
                f" {need.arithmetic}",
                restart=restart,
                fill_seconds=need.fill_seconds,
            ),
            _vain(
                "net.core.rmem_default", rmem_default, "it is raised already; the open socket does not read it again"
            ),
        ]
    if kind == CLAMPED:
        return [
            advise(
                f"raise net.core.rmem_max{place}{then}",
                rmem_max,
                asked,
                True,
                f"the application asks for more than rmem_max grants; {need.arithmetic}, and the kernel doubles what"
                " it grants, so half of it will do",
                **_knob(socket, "net.core.rmem_max", rmem_max, asked, need),
            ),
            _vain("net.core.rmem_default", rmem_default, "a socket that asked for a size does not read it"),
        ]
    advice = [
        advise(
            f"let {who} ask for {numbers.count(asked)} bytes with SO_RCVBUF, which makes its receive_buffer"
            f"{' (and raise net.core.rmem_max to that)' if short else ''}",
            size,
            need.size,
            True,
            f"{numbers.size(need.size)} hold what came while the reader was behind; the kernel doubles what is asked"
            f" for{f', within rmem_max (now {numbers.size(int(rmem_max or 0))})' if short else ''}",
        )
    ]
    if kind in (DEFAULT, BEFORE):
        advice.append(
            advise(
                f"or raise net.core.rmem_default{place}{then}",
                rmem_default,
                need.size,
                True,
                f"a socket that never asks gets rmem_default when it is created: {need.arithmetic}; it also enlarges"
                " every other socket that does not ask (raw, packet, netlink, unix)",
                **_knob(socket, "net.core.rmem_default", rmem_default, need.size, need),
            )
        )
        advice.append(_vain("net.core.rmem_max", rmem_max, "this socket never asked, so rmem_max does not rule it"))
    else:
        advice.append(_vain("net.core.rmem_default", rmem_default, "a socket that asked for a size does not read it"))
    return advice


def _knob(socket: Mapping[str, Any], key: str, now: Any, wanted: int, need: Need) -> dict[str, Any]:
    """Return what a machine needs to do it; nothing where it is no raise, or nobody can start the owner anew."""
    if now is None or int(now) >= wanted or socket.get("kernel_owned"):
        return {}
    return {"knob": sysctl(key, wanted), "restart": restart_of(socket), "fill_seconds": need.fill_seconds}


def refuse(socket: Mapping[str, Any], why: str) -> Advice:
    """Say that no buffer helps."""
    return advise(
        "a larger receive_buffer (SO_RCVBUF, net.core.rmem_max, net.core.rmem_default)",
        socket.get("receive_buffer"),
        None,
        False,
        why,
    )


def _vain(action: str, current: Any | None, why: str) -> Advice:
    return advise(f"raise {action} alone", current, None, False, why)
