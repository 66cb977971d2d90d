# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two neighbours on a path by their counters alone: what one sends against what the next takes in. Pure.

Counters do not say who sent what. What a host counts as lost is exact; that something is missing between two hosts is
a hint, since the first may send to others as well; and where more arrives than is sent there is no telling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._hops.place import EXACT, FORWARDER, HINT, WIRE, Place
from ansible_collections.rxpath.linux.plugins.module_utils._hops.tally import Tally

# Two windows of the same length do not begin and end at the same moment: so much of a rate, and so many datagrams a
# second, is no difference (besides the part of the windows that they do not share).
_BLUR_SHARE, _BLUR_RATE = 0.02, 2.0
# Below this share in common the two windows say nothing of each other.
_LEAST_COMMON = 0.5


class Part(NamedTuple):
    """One part of a path: its name and its hosts."""

    name: str
    hosts: Sequence[Tally]

    def rate(self, column: str) -> float:
        """Return the sum over the hosts of one of a tally's numbers, a second."""
        return sum(int(getattr(host, column)) / host.seconds for host in self.hosts)


def losses(part: Part) -> list[Place]:
    """Return what the hosts of a part counted as lost. Exact."""
    return [
        Place(loss.finding, host.host, loss.packets, EXACT, evidence=loss.evidence)
        for host in part.hosts
        for loss in host.losses
        if not loss.refused
    ]


def judge(before: Part, after: Part, common: float, forwards: bool) -> dict[str, Any]:
    """Return the handoff from one part to the next. ``common`` is the share of the windows that all hosts have shared.

    ``forwards``: the second part is to pass on what it takes, since it is not the last.
    """
    sent, arrived = before.rate("passed_on"), after.rate("taken") + after.rate("lost_inside")
    blur = max(_BLUR_RATE, (_BLUR_SHARE + max(0.0, 1.0 - common)) * max(sent, arrived))
    seconds = max(host.seconds for host in after.hosts)
    places = losses(after)
    hint = ""
    if common < _LEAST_COMMON:
        hint = "the windows have only %.0f %% of their time in common" % (100 * common)
    elif arrived > sent + blur:
        hint = "%.0f/s more arrive at %s than %s sends: others send there as well" % (
            arrived - sent,
            after.name,
            before.name,
        )
    elif sent > arrived + blur:
        evidence = "%.0f/s leave %s and %.0f/s arrive at %s, unless some of it is for others" % (
            sent,
            before.name,
            arrived,
            after.name,
        )
        places.append(Place(WIRE, after.name, round((sent - arrived) * seconds), HINT, before.name, evidence))
    if forwards:
        places += _never(after, common)
    return {
        "kind": "handoff",
        "before": before.name,
        "after": after.name,
        "rates": {
            "sent": round(sent, 1),
            "ip_out": round(before.rate("ip_out") + before.rate("forwarded"), 1),
            "nic_out": round(before.rate("nic_out"), 1),
            "nic_in": round(after.rate("nic_in"), 1),
            "ip_in": round(after.rate("ip_in"), 1),
            "taken": round(after.rate("taken"), 1),
            "passed_on": round(after.rate("passed_on"), 1),
        },
        "blur": round(blur, 1),
        "places": [place.document() for place in places],
        "undecided": hint or None,
    }


def _never(part: Part, common: float) -> list[Place]:
    """Return what forwarders read and did not send, as a hint: they may have answered some of it themselves."""
    found = []
    for host in part.hosts:
        blur = max(_BLUR_RATE * host.seconds, (_BLUR_SHARE + max(0.0, 1.0 - common)) * host.taken)
        # One that sends nothing at all is no forwarder of datagrams: it ends them.
        if host.passed_on and host.taken > host.passed_on + blur:
            evidence = "%s reads %.0f/s and sends %.0f/s" % (
                host.host,
                host.taken / host.seconds,
                host.passed_on / host.seconds,
            )
            found.append(Place(FORWARDER, host.host, host.taken - host.passed_on, HINT, evidence=evidence))
    return found
