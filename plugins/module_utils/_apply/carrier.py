# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting, after a change that cut the link, until it is as it was.

Source: /sys/class/net/IF/carrier, /sys/class/net/IF/bonding_slave, Documentation/networking/bonding.rst.
A slave of a bond carries traffic when the bond sees its link (mii_status), and one of an 802.3ad bond when its port
collects and distributes again: that takes the partner's answer.
"""

from __future__ import annotations

import time
from typing import Callable

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import LinkLostError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

# Auto-negotiation takes seconds, LACP as many more.
WAIT_SECONDS = 60.0
_PAUSE = 0.1
# A driver may report the loss of the link a moment after the request has returned.
_STEADY = 3
# AD_STATE_COLLECTING and AD_STATE_DISTRIBUTING of IEEE 802.3ad, 43.4.2.2
_CARRIES = 0x10 | 0x20


def link_condition(reader: Reader, device: str) -> frozenset[str]:
    """Return what is well with a device's link: "carrier", "mii_status up", "collecting and distributing"."""
    base = f"/sys/class/net/{device}"
    found = set()
    if reader.number(base + "/carrier") == 1:
        found.add("carrier")
    slave = base + "/bonding_slave"
    if reader.word(slave + "/mii_status") == "up":
        found.add("mii_status up")
    if (reader.number(slave + "/ad_actor_oper_port_state") or 0) & _CARRIES == _CARRIES:
        found.add("collecting and distributing")
    return frozenset(found)


def watch_link(host: Host, device: str, seconds: float = WAIT_SECONDS) -> Callable[[], None]:
    """Note how a link is, and return a function that waits until it is so again.

    A link that was down is not waited for. The function raises LinkLostError with what is missing after ``seconds``.
    """
    reader = host.reader()
    before = link_condition(reader, device)

    def wait() -> None:
        deadline = time.monotonic() + seconds
        steady = 0
        while steady < _STEADY:
            missing = before - link_condition(reader, device)
            steady = 0 if missing else steady + 1
            if missing and time.monotonic() >= deadline:
                what = ", ".join(sorted(missing))
                raise LinkLostError(f"{device}: the link did not come back within {seconds:g} s: no {what}")
            if before:
                time.sleep(_PAUSE)

    return wait
