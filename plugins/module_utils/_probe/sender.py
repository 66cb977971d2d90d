# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sending end of a probe: numbered datagrams at an even rate, and what became of handing each to the kernel."""

from __future__ import annotations

import errno
import socket
import time
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._probe import sockets
from ansible_collections.rxpath.linux.plugins.module_utils._probe.load import Load
from ansible_collections.rxpath.linux.plugins.module_utils._probe.pace import Pace
from ansible_collections.rxpath.linux.plugins.module_utils._probe.payload import HEADER, Header, build
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import OptionError

# A sender that is too slow ends after this many times its duration and these seconds.
_STRETCH, _SLACK = 1.5, 2.0
# Dropped before the wire: by the queueing discipline or the device, or by a rule of the firewall's output.
_DROPPED_HERE = (errno.ENOBUFS, errno.EPERM)
# What may pass, if not often: an ICMP message, or a queue that stood still for as long as a send may take.
_TOLD = (errno.ECONNREFUSED, errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EAGAIN)
_TIMES = 20
# Before a datagram is tried again (seconds).
_PAUSE = 0.01
TOO_SLOW = "the host or its link is too slow for this rate"


class Target(NamedTuple):
    """Where to: an address as text, a port, and the token that the receiver there counts by."""

    address: str
    port: int
    token: int


class _Tally:
    """What became of the datagrams of the flows."""

    def __init__(self, flows: int) -> None:
        # Numbers given, and among them those that the kernel said to have dropped.
        self.numbered = [0] * flows
        self.dropped = [0] * flows
        self.errors: dict[str, int] = {}
        self.stopped = ""


def send(target: Target, load: Load) -> dict[str, Any]:
    """Send the load and return what was sent. Raises OptionError where it cannot be sent at all.

    ``dropped`` are datagrams that the kernel said to have dropped before the wire: the queueing discipline was full,
    the device did not take them (of a veth: the backlog at its other end), or the firewall forbade them.
    """
    links = _open(target, load)
    try:
        _check_size(links[0], load)
        tally = _Tally(load.flows)
        began = time.monotonic_ns()
        spent = time.process_time()
        sent, pace, longest = _run(links, target, load, tally, began)
        seconds = (time.monotonic_ns() - began) / 10**9
        return {
            "asked": load.total,
            "sent": sent - sum(tally.dropped),
            "dropped": sum(tally.dropped),
            "errors": tally.errors,
            "stopped": tally.stopped or None,
            "seconds": round(seconds, 4),
            # The last datagram goes one interval before the time is over: without it the rate would come out too high.
            "rate": round(sent / max(seconds, sent / load.rate), 1) if sent else 0.0,
            "behind": round(pace.given_up / 10**9, 4),
            "longest_burst": longest,
            "cpu_seconds": round(time.process_time() - spent, 4),
            "path_mtu": sockets.path_mtu(links[0]),
            "flows": [
                {"port": link.getsockname()[1], "numbered": numbered, "dropped": dropped}
                for link, numbered, dropped in zip(links, tally.numbered, tally.dropped)
            ],
        }
    finally:
        for link in links:
            link.close()


def _open(target: Target, load: Load) -> list[socket.socket]:
    links: list[socket.socket] = []
    try:
        for _flow in range(load.flows):
            links.append(sockets.open_sender(target.address, target.port, load))
    except OSError as error:
        for link in links:
            link.close()
        raise OptionError("address: no way to %s: %s" % (target.address, error.strerror)) from error
    return links


def _check_size(link: socket.socket, load: Load) -> None:
    """Raise OptionError where a datagram would be cut into fragments that nobody asked for."""
    mtu = sockets.path_mtu(link)
    room = mtu - (48 if link.family == socket.AF_INET6 else 28)
    if not load.fragment and load.size > room:
        raise OptionError(
            "size: %d bytes do not fit into the path's MTU of %d; at most %d do, or allow fragments"
            % (load.size, mtu, room)
        )


def _run(links: list[socket.socket], target: Target, load: Load, tally: _Tally, began: int) -> tuple[int, Pace, int]:
    """Send; return how many numbers were given, the pace, and the most that went at once."""
    total, count, clock = load.total, load.flows, time.monotonic_ns
    data = bytearray(build(Header(target.token, 0, 0, 0), load.size))
    pack, sends = HEADER.pack_into, [link.send for link in links]
    magic, token, numbered = bytes(data[:2]), target.token, tally.numbered
    limit = began + int((load.duration * _STRETCH + _SLACK) * 10**9)
    pace = Pace(load.rate, began)
    sent = longest = 0
    while sent < total:
        now = clock()
        if now > limit:
            tally.stopped = TOO_SLOW
            break
        ready = min(pace.due(now, sent), total - sent)
        if not ready:
            pause = pace.pause(now, sent)
            if pause:
                time.sleep(pause / 10**9)
            continue
        longest = max(longest, ready)
        for number in range(sent, sent + ready):
            flow = number % count
            now = clock()
            # A link that is full lets each call wait: what is due at once may take longer than the probe may last.
            if now > limit:
                tally.stopped = TOO_SLOW
                return number, pace, longest
            pack(data, 0, magic, token, flow, numbered[flow], now)
            try:
                sends[flow](data)
            except OSError as error:
                if not _again(error, sends[flow], data, tally, flow):
                    return number, pace, longest
            numbered[flow] += 1
        sent += ready
    return sent, pace, longest


def _again(error: OSError, send_one: Any, data: bytearray, tally: _Tally, flow: int) -> bool:
    """Handle a refused datagram. True: its number was given, whether it went out or was dropped here."""
    while True:
        name = errno.errorcode.get(error.errno or 0, "error")
        tally.errors[name] = tally.errors.get(name, 0) + 1
        if error.errno in _DROPPED_HERE:
            tally.dropped[flow] += 1
            return True
        # What the kernel heard of earlier datagrams (ICMP) it says of the next, which it does not send.
        if error.errno not in _TOLD or tally.errors[name] > _TIMES:
            tally.stopped = error.strerror or name
            return False
        time.sleep(_PAUSE)
        try:
            send_one(data)
        except OSError as next_error:
            error = next_error
        else:
            return True
