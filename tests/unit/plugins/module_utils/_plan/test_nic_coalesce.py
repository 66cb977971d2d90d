# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

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
    wanted = {**VALUES, "rx_usecs": 8, "adaptive_tx": True}
    result = plan(rx_usecs="8", rx_frames="keep", adaptive_tx="on", adaptive_rx="off")
    assert result == Plan((Change("coalesce", Target("eth0", ""), VALUES, wanted),))


def test_nothing_to_do() -> None:
    assert plan() == plan(rx_usecs="3", adaptive_rx=False) == plan(adaptive_rx="keep") == Plan()


def test_what_the_driver_lacks_is_named_by_parameter() -> None:
    result = plan(frozenset({"rx_usecs"}), rx_usecs=8, tx_usecs=8, adaptive_rx="on", tx_frames=0)
    assert result.changes[0].wanted == {**VALUES, "rx_usecs": 8}
    assert result.unsupported == (
        "eth0 (e1000e): the driver cannot set tx_usecs to 8",
        "eth0 (e1000e): the driver cannot set adaptive_rx to on",
    )


def test_no_coalescing() -> None:
    result = plan(values=None, rx_usecs=8)
    assert result.unsupported == ("eth0 (e1000e): the driver has no interrupt coalescing that can be set",)
    assert result == Plan(unsupported=result.unsupported, lacking=("rx_usecs",))


def test_adaptive_makes_the_time_a_wish() -> None:
    (warning,) = plan(values={**VALUES, "adaptive_rx": True}, rx_usecs=8).warnings
    assert "adaptive_rx is on" in warning
