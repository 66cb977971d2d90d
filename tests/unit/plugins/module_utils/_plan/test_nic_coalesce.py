# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_coalesce import CoalesceState, plan_coalesce

VALUES = {
    "rx_usecs": 3,
    "rx_frames": 0,
    "tx_usecs": 0,
    "tx_frames": 0,
    "adaptive_rx": False,
    "adaptive_tx": False,
}


def plan(settable: frozenset[str] | None = None, values: dict[str, Any] | None = VALUES, **asked: Any) -> Plan:
    return plan_coalesce(asked, CoalesceState("eth0", "e1000e", values, settable))


def test_what_is_not_named_keeps_its_value() -> None:
    wanted = {**VALUES, "rx_usecs": 18, "adaptive_tx": True}
    result = plan(rx_usecs="18", rx_frames="keep", adaptive_tx="on", adaptive_rx="off")
    assert result == Plan((Change("coalesce", Target("eth0", ""), VALUES, wanted),))


def test_nothing_to_do() -> None:
    assert plan() == plan(rx_usecs="3", adaptive_rx=False) == plan(adaptive_rx="keep") == Plan()


def test_what_the_driver_lacks_is_named_by_parameter() -> None:
    result = plan(frozenset({"rx_usecs"}), rx_usecs=18, tx_usecs=8, adaptive_rx="on", tx_frames=0)
    assert result.changes[0].wanted == {**VALUES, "rx_usecs": 18}
    assert result.unsupported == (
        "eth0 (e1000e): the driver cannot set tx_usecs to 8",
        "eth0 (e1000e): the driver cannot set adaptive_rx to on",
    )


def test_no_coalescing() -> None:
    result = plan(values=None, rx_usecs=18)
    assert result.unsupported == ("eth0 (e1000e): the driver has no interrupt coalescing that can be set",)
    assert result == Plan(unsupported=result.unsupported, lacking=("rx_usecs",))


def test_adaptive_makes_the_time_a_wish() -> None:
    (warning,) = plan(values={**VALUES, "adaptive_rx": True}, rx_usecs=18).warnings
    assert "adaptive_rx is on" in warning


@pytest.mark.parametrize(
    ("driver", "taken", "refused", "told"),
    [
        ("igb", (0, 1, 3, 10, 10000), (2, 4, 9, 10001), "0, 1, 3 and 10 to 10000"),
        ("igc", (0, 1, 3, 10, 10000), (2, 4, 9, 10001), "0, 1, 3 and 10 to 10000"),
        ("e1000e", (0, 1, 3, 4, 10, 10000), (2, 5, 9, 10001), "0, 1, 3, 4 and 10 to 10000"),
    ],
)
def test_times_that_the_driver_is_known_to_refuse(
    driver: str, taken: tuple[int, ...], refused: tuple[int, ...], told: str
) -> None:
    """Check mode once announced a change that the run then called unsupported."""
    state = CoalesceState("eth0", driver, {**VALUES, "rx_usecs": 20}, None)
    for time in taken:
        (change,) = plan_coalesce({"rx_usecs": time}, state).changes
        assert change.wanted["rx_usecs"] == time
    for time in refused:
        assert plan_coalesce({"rx_usecs": str(time)}, state) == Plan(
            unsupported=(f"eth0 ({driver}): the driver cannot set rx_usecs to {time}, it takes {told}",),
            lacking=("rx_usecs",),
        )


def test_what_an_unknown_driver_takes_is_found_out_by_asking() -> None:
    state = CoalesceState("eth0", "mlx5_core", VALUES, None)
    (change,) = plan_coalesce({"rx_usecs": 5, "tx_usecs": 70000}, state).changes
    assert (change.wanted["rx_usecs"], change.wanted["tx_usecs"]) == (5, 70000)
