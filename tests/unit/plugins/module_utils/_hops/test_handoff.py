# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Two neighbours by their counters alone: what is certain, what is a hint, and what cannot be told."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._hops.handoff import Part, judge
from ansible_collections.rxpath.linux.plugins.module_utils._hops.tally import Loss, Tally
from hypothesis import given
from hypothesis import strategies as st

SOCKET = "socket.receive_buffer_overflow"


def host(name: str, read: int, sent: int, lost: int = 0, seconds: float = 10.0) -> Tally:
    losses = (Loss(SOCKET, lost, "RcvbufErrors rose", refused=False),) if lost else ()
    return Tally(name, seconds, 0, 0, 0, 0, 0, read, sent, losses)


def handoff(before: Tally, after: Tally, common: float = 1.0, forwards: bool = False) -> dict[str, Any]:
    return judge(Part("clients", [before]), Part("proxies", [after]), common, forwards)


def told(one: dict[str, Any]) -> list[tuple[str, str, int, str]]:
    return [(place["kind"], place["host"], place["packets"], place["certainty"]) for place in one["places"]]


def test_what_is_sent_arrives() -> None:
    one = handoff(host("c", 0, 10000), host("p", 9950, 0))
    assert (told(one), one["undecided"]) == ([], None)
    assert one["rates"]["sent"] == 1000.0


def test_what_a_host_counts_as_lost_is_certain() -> None:
    one = handoff(host("c", 0, 10000), host("p", 7000, 0, lost=3000))
    assert (told(one), one["undecided"]) == ([(SOCKET, "p", 3000, "exact")], None)


def test_what_is_missing_in_between_is_a_hint() -> None:
    one = handoff(host("c", 0, 10000), host("p", 9000, 0))
    assert told(one) == [("wire", "proxies", 1000, "hint")]
    assert one["places"][0]["says"] == "lost on the wire between clients and proxies"
    assert "unless some of it is for others" in one["places"][0]["evidence"]


def test_where_others_send_as_well_nothing_can_be_told() -> None:
    one = handoff(host("c", 0, 1000), host("p", 9000, 0))
    assert told(one) == []
    assert one["undecided"] == "800/s more arrive at proxies than clients sends: others send there as well"


def test_windows_that_share_too_little_say_nothing_of_each_other() -> None:
    one = handoff(host("c", 0, 10000), host("p", 5000, 0), common=0.3)
    assert (told(one), one["undecided"]) == ([], "the windows have only 30 % of their time in common")


def test_a_forwarder_that_reads_more_than_it_sends() -> None:
    before, after = host("c", 0, 10000), host("p", 10000, 8000)
    assert told(handoff(before, after, forwards=True)) == [("forwarder", "p", 2000, "hint")]
    assert told(handoff(before, after, forwards=False)) == [], "the last of the path forwards to nobody"
    assert told(handoff(before, host("p", 10000, 0), forwards=True)) == [], "it ends datagrams, and forwards none"


@pytest.mark.parametrize("common", [1.0, 0.8])
def test_windows_of_different_lengths_are_compared_by_their_rates(common: float) -> None:
    one = handoff(host("c", 0, 5000, seconds=5.0), host("p", 10000, 0, seconds=10.0), common)
    assert (told(one), one["undecided"]) == ([], None)


numbers = st.integers(0, 10**6)


@given(numbers, numbers, numbers, numbers, st.floats(0, 1), st.booleans())
def test_a_hint_is_never_larger_than_what_was_sent(
    sent: int, read: int, lost: int, passed_on: int, common: float, forwards: bool
) -> None:
    one = handoff(host("c", 0, sent), host("p", read, passed_on, lost), common, forwards)
    for place in one["places"]:
        if place["kind"] == "wire":
            assert 0 < place["packets"] <= sent
            assert one["undecided"] is None
        elif place["kind"] == "forwarder":
            assert 0 < place["packets"] <= read
        else:
            assert place["packets"] == lost
