# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The straight way beside the one through a forwarder."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_compared import compared


def probe(sender: str, receiver: str, ratio: float | None, via: str | None = None) -> dict[str, Any]:
    one = {"kind": "probe", "sender": sender, "receiver": receiver, "via": via, "ratio": ratio}
    return one if ratio is None else {**one, "numbered": 1000}


@pytest.mark.parametrize(
    ("straight", "through", "says"),
    [
        (0.0, 0.0, "straight from c to s nothing is lost, by way of p nothing is lost: neither way loses"),
        (0.0, 0.2, "straight from c to s nothing is lost, by way of p 20.0 % are lost: only the way by p loses"),
        (0.1, 0.0, "10.0 % are lost, by way of p nothing is lost: only the way that leaves p out loses"),
        (0.1, 0.00001, "10.0 % are lost, by way of p 0.001 % are lost: both ways lose"),
    ],
)
def test_the_two_ways_are_told_in_one_sentence(straight: float, through: float, says: str) -> None:
    (said,) = compared([probe("c", "p", 0.5), probe("c", "s", straight), probe("c", "s", through, "p")])
    assert said.endswith(says)


def test_the_order_of_the_rounds_does_not_matter() -> None:
    rounds = [probe("c", "s", 0.2, "p"), probe("c", "s", 0.0)]
    assert compared(rounds) == compared(rounds[::-1]) != []


@pytest.mark.parametrize(
    "rounds",
    [
        [],
        [{"kind": "counters", "ratio": 0.1}],
        [probe("c", "s", 0.1)],
        [probe("c", "s", 0.1, "p")],
        [probe("c", "s", None), probe("c", "s", 0.1, "p")],
        [probe("c", "s", 0.1), probe("c", "s", None, "p")],
        [probe("c", "s", 0.1), probe("s", "c", 0.1, "p")],
    ],
)
def test_what_has_no_counterpart_is_not_compared(rounds: list[dict[str, Any]]) -> None:
    assert compared(rounds) == []
