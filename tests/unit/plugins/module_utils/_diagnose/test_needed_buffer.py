# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which receive buffer is advised where the loss itself says what a datagram is charged."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host

Make = Callable[..., dict[str, Any]]


@pytest.mark.parametrize("room", [570, 590, 599])
def test_a_buffer_that_overflowed_is_never_called_large_enough(simulate: Make, room: int) -> None:
    """A NIC's datagrams are charged more than those that a host sends itself, by which the charge was measured."""
    sample = simulate(
        lambda now: 6e6 if round(now * 1e4) % 10000 == 5000 else 0.0,  # 600 at once, every second
        lambda _now: 300000.0,
        receive_buffer=room * 832,
    )
    sample["truesize"] = [[2000, 416]]
    # The queue was gone after 2 ms: say that no look saw it.
    own = sample["namespaces"][1]["sockets"][0]["series"]
    own["queued"] = own["memory"] = [0] * len(own["drops"])
    (one,) = diagnose_host(sample, {})["findings"]
    assert one["causes"] == ["arrival_burst"]
    wanted = [advice["recommended"] for advice in one["advice"] if advice["helps"]]
    # 600 datagrams of 832 bytes, and the quarter that a busy reader has not back yet.
    assert wanted
    assert all(600 * 832 <= size <= 1.5 * 600 * 832 / 0.75 for size in wanted), wanted


def test_no_ceiling_below_the_buffer_is_advised_as_a_cure(simulate: Make) -> None:
    """A socket that is larger already than what may be set overflowed: what the ceiling allows is no help."""
    buffer = 599 * 832
    sample = simulate(
        lambda now: 6e6 if round(now * 1e4) % 10000 == 5000 else 0.0,
        lambda _now: 300000.0,
        receive_buffer=buffer,
    )
    sample["truesize"] = [[2000, 416]]
    own = sample["namespaces"][1]["sockets"][0]["series"]
    own["queued"] = own["memory"] = [0] * len(own["drops"])
    (one,) = diagnose_host(sample, {"max_buffer_bytes": 450_000})["findings"]
    assert not [a for a in one["advice"] if a["helps"] and a["recommended"] and 1000 < a["recommended"] <= buffer]
    (refused,) = [advice for advice in one["advice"] if "receive_buffer" in advice["action"] and not advice["helps"]]
    assert "udp_audit_max_buffer_bytes" in refused["why"]
