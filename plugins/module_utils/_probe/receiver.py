# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The receiving end of a probe: counts what arrives on a socket of its own until it is told to end."""

from __future__ import annotations

import socket
import time
from typing import Any, Callable

from ansible_collections.rxpath.linux.plugins.module_utils._probe import sockets
from ansible_collections.rxpath.linux.plugins.module_utils._probe.flow import Flow
from ansible_collections.rxpath.linux.plugins.module_utils._probe.load import Load
from ansible_collections.rxpath.linux.plugins.module_utils._probe.payload import HEADER, MAGIC

# Between two looks at whether to end, while datagrams come without a pause.
_STRIDE = 4096
# What is still on its way when the end is asked for has this long to arrive (nanoseconds).
_STRAGGLERS = 300 * 10**6


class _End:
    """When to stop: some time after somebody asked for it, or at the latest when the time is up."""

    def __init__(self, seconds: float, ending: Callable[[], bool]) -> None:
        self._ending = ending
        self._latest = time.monotonic_ns() + int(seconds * 10**9)
        self._asked = 0

    @property
    def asked(self) -> bool:
        """Tell whether somebody asked."""
        return bool(self._asked)

    def reached(self, idle: bool) -> bool:
        """Tell whether to stop; ``idle``: the socket is empty. What stands in it is read to its end first."""
        now = time.monotonic_ns()
        if not self._asked and self._ending():
            self._asked = now
        return now >= self._latest or (idle and bool(self._asked) and now - self._asked >= _STRAGGLERS)


class _Times:
    """When datagrams arrived, in nanoseconds; each clock is compared with itself alone."""

    def __init__(self) -> None:
        self.first = self.last = self.longest = 0
        self._lowest = self._highest = 0

    def add(self, moment: int) -> None:
        """Take in a datagram that arrives now and was sent at ``moment`` of another clock."""
        now = time.monotonic_ns()
        transit = now - moment
        if not self.first:
            self.first = self.last = now
            self._lowest = self._highest = transit
        elif now - self.last > self.longest:
            self.longest = now - self.last
        self.last = now
        if transit < self._lowest:
            self._lowest = transit
        elif transit > self._highest:
            self._highest = transit

    def document(self) -> dict[str, Any]:
        """Return seconds: between slowest and quickest datagram, the longest pause, from the first to the last.

        The offset of the two clocks is in both the slowest and the quickest, and so in neither.
        """
        return {
            "delay_range": round((self._highest - self._lowest) / 10**9, 6) if self.first else None,
            "longest_pause": round(self.longest / 10**9, 6),
            "span": round((self.last - self.first) / 10**9, 6),
        }


def receive(sock: socket.socket, token: int, load: Load, seconds: float, ending: Callable[[], bool]) -> dict[str, Any]:
    """Count until ``ending`` says so, ``seconds`` at most, and return the account. The socket is closed.

    A datagram of another run, of no probe, with a number or a length that this probe does not send, is foreign.
    """
    flows = [Flow(load.per_flow) for _flow in range(load.flows)]
    takes = [flow.take for flow in flows]
    count, size, head, flags = load.flows, load.size, HEADER.size, socket.MSG_TRUNC
    buffer = bytearray(head)
    unpack, receive_into = HEADER.unpack_from, sock.recv_into
    times, end, began = _Times(), _End(seconds, ending), time.monotonic()
    foreign = rounds = 0
    while True:
        rounds += 1
        try:
            # With MSG_TRUNC the whole length is returned, however little of it was asked for (man 2 recv).
            length = receive_into(buffer, head, flags)
        except BlockingIOError:
            length = -1
        if (length < 0 or not rounds % _STRIDE) and end.reached(length < 0):
            break
        if length == size:
            magic, run, flow, number, moment = unpack(buffer)
            if magic == MAGIC and run == token and flow < count and takes[flow](number):
                times.add(moment)
                continue
        foreign += length >= 0
    kept = sockets.memory(sock)
    sock.close()
    return {
        "ended": "asked" if end.asked else "time",
        "seconds": round(time.monotonic() - began, 4),
        "foreign": foreign,
        "drops": kept.drops,
        "receive_buffer": kept.receive_buffer,
        **times.document(),
        "flows": [flow.document() for flow in flows],
    }
