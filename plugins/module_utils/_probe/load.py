# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a probe is asked to send, checked once: a probe is a load, so each of its numbers has an end."""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._probe.payload import MAX_SIZE, MIN_SIZE
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import OptionError

MAX_RATE = 200000
MAX_SECONDS = 60.0
MAX_FLOWS = 64
# What a gigabit link carries in half a minute.
MAX_BYTES = 4 * 10**9
MAX_DSCP = 63
# A receiver waits this much longer than the probe lasts, at most, for a sender that begins late.
MAX_GRACE = 300.0
MAX_BUFFER = 1 << 30


class Load(NamedTuple):
    """Datagrams of ``size`` bytes of payload, ``rate`` a second over all ``flows``, for ``duration`` seconds."""

    rate: int = 1000
    duration: float = 5.0
    size: int = 200
    flows: int = 1
    dscp: int = 0
    fragment: bool = False

    @property
    def total(self) -> int:
        """Return the number of datagrams."""
        return max(1, int(self.rate * self.duration))

    @property
    def per_flow(self) -> int:
        """Return the datagrams of the longest flow; they are dealt out in turn."""
        return -(-self.total // self.flows)


def check(load: Load) -> Load:
    """Return the load. Raises OptionError where it is none that a probe may be."""
    _whole("rate", load.rate, 1, MAX_RATE)
    # Refuses NaN as well.
    if not 0.0 < load.duration <= MAX_SECONDS:
        raise OptionError("duration: %g is not possible; it must be more than 0 and at most %g" % (load.duration, 60))
    _whole("size", load.size, MIN_SIZE, MAX_SIZE)
    _whole("flows", load.flows, 1, MAX_FLOWS)
    _whole("dscp", load.dscp, 0, MAX_DSCP)
    if load.total < load.flows:
        raise OptionError("flows: %d are more than the %d datagrams of the probe" % (load.flows, load.total))
    if load.total * load.size > MAX_BYTES:
        raise OptionError(
            "rate, duration, size: %d datagrams of %d bytes are more than the %d bytes that a probe may send"
            % (load.total, load.size, MAX_BYTES)
        )
    return load


def check_receiver(port: int, buffer: int, grace: float) -> None:
    """Raise OptionError for a port, a receive buffer (bytes) or a grace (seconds) that cannot be."""
    _whole("port", port, 0, 65535)
    _whole("receive_buffer", buffer, 0, MAX_BUFFER)
    if not 0.0 <= grace <= MAX_GRACE:
        raise OptionError("grace: %g is not possible; it must be at least 0 and at most %g" % (grace, MAX_GRACE))


def _whole(name: str, value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise OptionError("%s: %d is not possible; it must be at least %d and at most %d" % (name, value, low, high))
