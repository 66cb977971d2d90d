# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One leg of a path that was probed: where its numbered datagrams stayed. Pure.

What is missing is exact. It is given to places in this order: what the sender was told to have been dropped, what the
receiver's own socket dropped, then what the counters of the hosts on the way rose by, in path order, and what no
counter of any host holds is left to the wire. Behind a forwarder the wire is two, and the forwarder between them may
have read datagrams that it never sent: its own counts of datagrams read and sent tell these apart.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._hops.place import (
    AT_MOST,
    EXACT,
    FORWARDER,
    HINT,
    OWN_DEVICE,
    OWN_FIREWALL,
    OWN_SOCKET,
    SOMEWHERE,
    UNACCOUNTED,
    WIRE,
    Place,
)
from ansible_collections.rxpath.linux.plugins.module_utils._hops.tally import AT_SOCKETS, QDISC, SOFTNET, Loss, Tally
from ansible_collections.rxpath.linux.plugins.module_utils._probe.flow import with_tail

# The counts of a forwarder may differ by this share of the probe (and a few datagrams) before they tell nothing.
_BLUR_SHARE, _BLUR = 0.01, 3
# What IP never delivered is taken for the probe's where it differs by no more than this share from what is missing.
_SAME_SHARE = 0.1


class Way(NamedTuple):
    """The hosts of a leg; ``via`` passes the datagrams on."""

    sender: Tally
    receiver: Tally
    via: Optional[Tally] = None

    @property
    def next(self) -> Tally:
        """Return the host at the other end of the sender's wire."""
        return self.via or self.receiver


class Count(NamedTuple):
    """What sender and receiver counted, over all flows."""

    numbered: int
    handed_over: int
    arrived: int
    own_drops: int
    flows: list[dict[str, Any]]
    foreign: int = 0

    @property
    def missing(self) -> int:
        """Return the datagrams that did not arrive."""
        return self.numbered - self.arrived


def count(sent: Mapping[str, Any], received: Mapping[str, Any]) -> Count:
    """Join what both ends counted. Raises ValueError where the two cannot be of the same probe."""
    if len(sent["flows"]) != len(received["flows"]):
        raise ValueError("%d flows were sent, %d counted" % (len(sent["flows"]), len(received["flows"])))
    flows = [with_tail(flow, one["numbered"]) for flow, one in zip(received["flows"], sent["flows"])]
    return Count(
        numbered=sum(one["numbered"] for one in sent["flows"]),
        handed_over=int(sent["sent"]),
        arrived=sum(flow["arrived"] for flow in flows),
        own_drops=int(received["drops"]),
        flows=flows,
        foreign=int(received.get("foreign") or 0),
    )


def places(sent: Mapping[str, Any], counted: Count, way: Way, background: Optional[float] = None) -> list[Place]:
    """Return where the missing datagrams stayed, in path order; their sum is what is missing.

    ``background`` is how many datagrams of others the forwarder can be expected to have read in its window, None where
    nobody knows.
    """
    account = _Account(counted.missing)
    counters = {tally.host: list(tally.losses) for tally in way if tally is not None}
    account.own(sent, counted, way, counters)
    strangers = False
    for tally in (way.sender, way.via, way.receiver):
        if tally is None:
            continue
        for loss in _of_the_probe(counters[tally.host], tally, way):
            strangers |= account.counter(tally.host, loss)
    if account.rest:
        account.found += _uncounted(account.rest, counted, way, background)
    certainty = AT_MOST if strangers else EXACT
    found = [place._replace(certainty=certainty) if place.certainty == EXACT else place for place in account.found]
    return sorted(found, key=lambda place: _order(place, way))


class _Account:
    """What is missing, and what of it has found its place."""

    def __init__(self, missing: int) -> None:
        self.rest = missing
        self.found: list[Place] = []

    def give(self, place: Place) -> None:
        """Give datagrams to a place, as many of them as are left."""
        packets = min(self.rest, place.packets)
        if packets > 0:
            self.rest -= packets
            self.found.append(place._replace(packets=packets))

    def own(self, sent: Mapping[str, Any], counted: Count, way: Way, counters: dict[str, list[Loss]]) -> None:
        """Give away what both ends know for themselves."""
        here, errors = way.sender.host, sent["errors"]
        forbidden = int(errors.get("EPERM", 0))
        if forbidden:
            self.give(Place(OWN_FIREWALL, here, forbidden, evidence="sendmsg returned EPERM"))
            _take(counters[here], ("ip.policy_drop",), forbidden)
        refused = int(errors.get("ENOBUFS", 0))
        if refused:
            # A full queue says so to the sender, and so does a veth whose other end's backlog is full.
            if _take(counters[here], (QDISC,), refused):
                self.give(
                    Place(QDISC, here, refused, evidence="sendmsg returned ENOBUFS, and the discipline counts it")
                )
            elif _take(counters[way.next.host], SOFTNET, refused):
                evidence = "sendmsg returned ENOBUFS: the device's other end is that host's backlog"
                self.give(Place(SOFTNET[0], way.next.host, refused, evidence=evidence))
            else:
                self.give(Place(OWN_DEVICE, here, refused, evidence="sendmsg returned ENOBUFS"))
        evidence = "SO_MEMINFO of the probe's socket"
        # Where others sent to the port, their datagrams are among those that the socket dropped.
        certainty = AT_MOST if counted.foreign else EXACT
        self.give(Place(OWN_SOCKET, way.receiver.host, counted.own_drops, certainty, evidence=evidence))

    def counter(self, host: str, loss: Loss) -> bool:
        """Give what a counter rose by. True: it rose by more than is left, so that others lost there as well."""
        more = loss.packets > self.rest
        self.give(Place(loss.finding, host, loss.packets, evidence=loss.evidence))
        return more


def _of_the_probe(losses: list[Loss], tally: Tally, way: Way) -> list[Loss]:
    """Return the losses of a host that the probe can have met: on its way out, in, or both."""
    if tally is way.sender:
        return [loss for loss in losses if loss.leaving or loss.finding == "tc.drop"]
    if tally is way.receiver:
        # Sockets of the receiver that are not the probe's lost nothing of it; its own has told.
        return [loss for loss in losses if not loss.leaving and loss.finding not in AT_SOCKETS]
    return sorted(losses, key=lambda loss: loss.leaving)


def _take(losses: list[Loss], findings: tuple[str, ...], packets: int) -> bool:
    """Take packets out of the first loss that is one of these findings and has so many. False: there is none."""
    for index, loss in enumerate(losses):
        if loss.finding in findings and loss.packets >= packets:
            losses[index] = loss._replace(packets=loss.packets - packets)
            return True
    return False


def _uncounted(rest: int, counted: Count, way: Way, background: Optional[float]) -> list[Place]:
    """Return where the datagrams stayed that no counter of a loss holds."""
    first, last, via = way.sender.host, way.receiver.host, way.via
    if via is None:
        vanished = way.receiver.vanished
        if vanished and abs(vanished - rest) <= max(_BLUR, _SAME_SHARE * rest):
            evidence = (
                "IP of %s received %d packets that it neither delivered nor counted as lost: a firewall rule without "
                "a counter looks like this" % (last, vanished)
            )
            return [Place(UNACCOUNTED, last, rest, HINT, evidence=evidence)]
        return [Place(WIRE, last, rest, before=first, evidence="no counter of either host holds them")]
    inside = sum(loss.packets for loss in via.losses if not loss.leaving)
    leaving = sum(loss.packets for loss in via.losses if loss.leaving)
    behind = sum(loss.packets for loss in way.receiver.losses if loss.finding not in AT_SOCKETS and not loss.leaving)
    # Their sum is the rest. What others send to the forwarder takes from the first and adds to one of the others.
    parts = [
        counted.handed_over - (via.taken + inside),
        via.taken - via.passed_on,
        via.passed_on - leaving - (counted.arrived + counted.own_drops + behind),
    ]
    blur = max(-sum(part for part in parts if part < 0), background or 0.0)
    evidence = "%s took in %d and passed on %d datagrams in its window" % (via.host, via.taken, via.passed_on)
    if blur > max(_BLUR, _BLUR_SHARE * counted.numbered):
        said = "%s, of which the probe's are at most %d" % (evidence, counted.numbered)
        return [Place(SOMEWHERE, last, rest, HINT, before=first, evidence=said)]
    # A part no larger than what others can have made of it is none; the largest bears the difference.
    parts = [part if part > (2 * blur if blur else 0) else 0 for part in parts]
    largest = parts.index(max(parts))
    parts[largest] += rest - sum(parts)
    certainty = EXACT if background is not None and not blur else HINT
    found = [
        Place(WIRE, via.host, parts[0], certainty, before=first, evidence=evidence),
        Place(FORWARDER, via.host, parts[1], certainty, evidence=evidence),
        Place(WIRE, last, parts[2], certainty, before=via.host, evidence=evidence),
    ]
    return [place for place in found if place.packets > 0]


def _order(place: Place, way: Way) -> tuple[int, int]:
    """Return the position of a place on the way: by its host, on it by how far the datagram has come."""
    hosts = [way.sender.host, *([way.via.host] if way.via else []), way.receiver.host]
    late = {WIRE: 0, SOMEWHERE: 0, FORWARDER: 2, QDISC: 3, OWN_DEVICE: 3, OWN_SOCKET: 3}
    return hosts.index(place.host), late.get(place.kind, 1)
