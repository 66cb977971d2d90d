# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the datagrams of a probe stayed: against journeys of which every loss is known."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._hops.leg import Count, Way, count, places
from ansible_collections.rxpath.linux.plugins.module_utils._hops.place import (
    AT_MOST,
    EXACT,
    FORWARDER,
    HINT,
    OWN_DEVICE,
    OWN_FIREWALL,
    OWN_SOCKET,
    SOMEWHERE,
    WIRE,
)
from ansible_collections.rxpath.linux.plugins.module_utils._hops.tally import QDISC, SOFTNET, Loss, Tally
from hypothesis import given
from hypothesis import strategies as st

SOCKET = "socket.receive_buffer_overflow"
lost = st.one_of(st.just(0), st.integers(0, 300))


class Journey(NamedTuple):
    """Datagrams lost at each place between client, proxy and server."""

    firewall: int = 0
    queue: int = 0
    wire: int = 0
    softnet: int = 0
    socket: int = 0
    forwarder: int = 0
    out: int = 0
    wire_behind: int = 0
    softnet_behind: int = 0
    own_socket: int = 0


def host(name: str, read: int = 0, sent: int = 0, forwarded: int = 0, **losses: int) -> Tally:
    """Return a host with losses, by the finding's id with _ for the dot."""
    names = {
        "qdisc": QDISC,
        "softnet": SOFTNET[0],
        "socket": SOCKET,
        "policy": "ip.policy_drop",
        "ring": "nic.ring_overflow",
    }
    found = tuple(
        Loss(names[key], packets, f"{key} rose", refused=key == "policy") for key, packets in losses.items() if packets
    )
    return Tally(name, 5.0, 0, 0, 0, 0, forwarded, read, sent, found)


def travel(journey: Journey, numbered: int) -> tuple[dict[str, Any], Count, Way]:
    """Return what both ends and the hosts' counters say of a journey by way of a proxy, without other traffic."""
    handed_over = numbered - journey.firewall - journey.queue
    reached = handed_over - journey.wire
    read = reached - journey.softnet - journey.socket
    sent_on = read - journey.forwarder
    arrived = sent_on - journey.out - journey.wire_behind - journey.softnet_behind - journey.own_socket
    errors = {"EPERM": journey.firewall, "ENOBUFS": journey.queue}
    client = host("client", sent=handed_over, qdisc=journey.queue, policy=journey.firewall)
    proxy = host("proxy", read, sent_on, softnet=journey.softnet, socket=journey.socket, qdisc=journey.out)
    server = host("server", arrived, softnet=journey.softnet_behind, socket=journey.own_socket)
    sent = {"errors": {name: number for name, number in errors.items() if number}}
    counted = Count(numbered, handed_over, arrived, journey.own_socket, [])
    return sent, counted, Way(client, server, proxy)


@given(st.builds(Journey, *[lost] * 10), st.integers(0, 10**6))
def test_every_loss_of_a_journey_is_found(journey: Journey, arrived: int) -> None:
    found = places(*travel(journey, sum(journey) + arrived), background=0.0)
    truth = {
        (OWN_FIREWALL, "client", None): journey.firewall,
        (QDISC, "client", None): journey.queue,
        (WIRE, "proxy", "client"): journey.wire,
        (SOFTNET[0], "proxy", None): journey.softnet,
        (SOCKET, "proxy", None): journey.socket,
        (FORWARDER, "proxy", None): journey.forwarder,
        (QDISC, "proxy", None): journey.out,
        (WIRE, "server", "proxy"): journey.wire_behind,
        (SOFTNET[0], "server", None): journey.softnet_behind,
        (OWN_SOCKET, "server", None): journey.own_socket,
    }
    assert {(one.kind, one.host, one.before): one.packets for one in found} == {
        key: packets for key, packets in truth.items() if packets
    }
    assert all(one.certainty == EXACT for one in found)
    assert [one.host for one in found] == sorted((one.host for one in found), key=["client", "proxy", "server"].index)


numbers = st.integers(0, 2000)
anything = st.builds(
    lambda *values: host("x", *values[:3], softnet=values[3], socket=values[4], qdisc=values[5], ring=values[6]),
    *[numbers] * 7,
)


@given(anything, anything, st.one_of(st.none(), anything), numbers, numbers, st.lists(numbers, min_size=3, max_size=3))
def test_whatever_the_counters_say_the_sum_is_what_is_missing(
    first: Tally, last: Tally, middle: Tally | None, arrived: int, missing: int, own: list[int]
) -> None:
    way = Way(
        first._replace(host="client"), last._replace(host="server"), middle._replace(host="proxy") if middle else None
    )
    sent = {"errors": {"EPERM": own[0], "ENOBUFS": own[1]}}
    counted = Count(arrived + missing, max(0, arrived + missing - own[0] - own[1]), arrived, own[2], [])
    found = places(sent, counted, way)
    assert sum(one.packets for one in found) == missing
    assert all(one.packets > 0 for one in found)
    assert all(one.says() for one in found)


def only(sent: dict[str, Any], counted: Count, way: Way, background: float = 0.0) -> tuple[str, str, int, str]:
    (one,) = places(sent, counted, way, background)
    return one.kind, one.host, one.packets, one.certainty


QUIET: dict[str, Any] = {"errors": {}}


def test_straight_what_no_counter_holds_was_lost_on_the_wire() -> None:
    way = Way(host("a", sent=100), host("b", read=90))
    (one,) = places(QUIET, Count(100, 100, 90, 0, []), way)
    assert one.says() == "lost on the wire between a and b"
    assert (one.packets, one.certainty) == (10, EXACT)


def test_what_the_receivers_ip_took_in_and_never_delivered_did_not_stay_on_the_wire() -> None:
    firewalled = host("b", read=0)._replace(vanished=103)
    (one,) = places(QUIET, Count(100, 100, 0, 0, []), Way(host("a", sent=100), firewalled))
    assert (one.kind, one.host, one.packets, one.certainty) == ("ip.unaccounted", "b", 100, HINT)
    assert one.says() == "lost at b's IP layer, by what has no counter"
    assert one.evidence.startswith("IP of b received 103 packets that it neither delivered nor counted as lost")


@pytest.mark.parametrize(("arrived", "vanished"), [(0, 0), (98, 0), (0, 40), (0, 200), (98, 40)])
def test_another_number_that_ip_never_delivered_is_of_others(arrived: int, vanished: int) -> None:
    way = Way(host("a", sent=100), host("b", read=arrived)._replace(vanished=vanished))
    assert only(QUIET, Count(100, 100, arrived, 0, []), way) == (WIRE, "b", 100 - arrived, EXACT)


def test_a_loss_of_others_on_the_way_is_at_most_the_probes() -> None:
    way = Way(host("a", sent=100), host("b", read=90, ring=500))
    assert only(QUIET, Count(100, 100, 90, 0, []), way) == ("nic.ring_overflow", "b", 10, AT_MOST)


def test_other_sockets_of_the_receiver_lost_nothing_of_the_probe() -> None:
    way = Way(host("a", sent=100), host("b", read=90, socket=500))
    assert only(QUIET, Count(100, 100, 90, 0, []), way) == (WIRE, "b", 10, EXACT)


def test_where_strangers_sent_to_the_port_their_datagrams_may_be_among_the_drops() -> None:
    way = Way(host("a", sent=100), host("b", read=90, socket=10))
    assert only(QUIET, Count(100, 100, 90, 10, []), way) == (OWN_SOCKET, "b", 10, EXACT)
    assert only(QUIET, Count(100, 100, 90, 10, [], foreign=3), way) == (OWN_SOCKET, "b", 10, AT_MOST)


def test_what_a_veth_refuses_is_the_other_ends_softnet() -> None:
    """veth_xmit returns what the other end's backlog made of the packet (drivers/net/veth.c)."""
    way = Way(host("a", sent=90), host("b", read=90, softnet=10))
    assert only({"errors": {"ENOBUFS": 10}}, Count(100, 90, 90, 0, []), way) == (SOFTNET[0], "b", 10, EXACT)


def test_what_no_discipline_and_no_backlog_counts_the_device_refused() -> None:
    way = Way(host("a", sent=90), host("b", read=90))
    assert only({"errors": {"ENOBUFS": 10}}, Count(100, 90, 90, 0, []), way) == (OWN_DEVICE, "a", 10, EXACT)


def test_other_traffic_of_a_forwarder_hides_where() -> None:
    way = Way(host("a", sent=1000), host("b", read=900), host("p", read=9000, sent=2000))
    kind, where, packets, certainty = only(QUIET, Count(1000, 1000, 900, 0, []), way)
    assert (kind, where, packets, certainty) == (SOMEWHERE, "b", 100, HINT)


def test_a_few_datagrams_of_others_do_not_hide_where() -> None:
    way = Way(host("a", sent=1003), host("b", read=902), host("p", read=1002, sent=902))
    kind, where, packets, certainty = only(QUIET, Count(1000, 1000, 900, 0, []), way)
    assert (kind, where, packets, certainty) == (FORWARDER, "p", 100, HINT)


def test_without_an_idea_of_the_other_traffic_nothing_behind_a_forwarder_is_certain() -> None:
    way = Way(host("a", sent=1000), host("b", read=900), host("p", read=1000, sent=900))
    (one,) = places(QUIET, Count(1000, 1000, 900, 0, []), way)
    assert (one.kind, one.packets, one.certainty) == (FORWARDER, 100, HINT)


def test_other_traffic_that_was_seen_before_hides_where() -> None:
    way = Way(host("a", sent=1000), host("b", read=800), host("p", read=900, sent=800))
    counted = Count(1000, 1000, 800, 0, [])
    assert {one.kind for one in places(QUIET, counted, way, 0.0)} == {WIRE, FORWARDER}
    assert only(QUIET, counted, way, 100.0) == (SOMEWHERE, "b", 200, HINT)


def test_a_kernel_that_forwards_reads_nothing() -> None:
    """Address translation, IPVS: ForwDatagrams takes the place of what a process reads and sends."""
    way = Way(host("a", sent=1000), host("b", read=900), host("p", read=3, sent=2, forwarded=1000))
    assert only(QUIET, Count(1000, 1000, 900, 0, []), way) == (WIRE, "b", 100, EXACT)
    way = way._replace(via=host("p", read=3, sent=2, forwarded=900))
    assert only(QUIET, Count(1000, 1000, 900, 0, []), way) == (WIRE, "p", 100, EXACT)


FLOW = {
    "arrived": 9,
    "duplicated": 0,
    "reordered": 0,
    "furthest": 0,
    "next": 9,
    "missing": 0,
    "runs": [],
    "run_lengths": [],
}


def test_both_ends_are_joined() -> None:
    sent = {"sent": 18, "flows": [{"numbered": 9}, {"numbered": 11}]}
    counted = count(sent, {"drops": 1, "flows": [FLOW, FLOW]})
    assert (counted.numbered, counted.arrived, counted.missing, counted.own_drops) == (20, 18, 2, 1)
    assert [flow["missing"] for flow in counted.flows] == [0, 2]


def test_ends_of_two_probes_do_not_fit() -> None:
    with pytest.raises(ValueError, match="1 flows were sent, 2 counted"):
        count({"sent": 9, "flows": [{"numbered": 9}]}, {"drops": 0, "flows": [FLOW, FLOW]})
    with pytest.raises(ValueError, match="number 8 arrived of 5"):
        count({"sent": 5, "flows": [{"numbered": 5}]}, {"drops": 0, "flows": [FLOW]})
