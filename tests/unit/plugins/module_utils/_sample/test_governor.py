# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._sample.governor import MIN_SHARE, Governor


class Cpu:
    def __init__(self) -> None:
        self.spent = 0.0

    def __call__(self) -> float:
        return self.spent


def _looks(governor: Governor, cpu: Cpu, cost: float, times: int) -> float:
    interval = 0.05
    for _ in range(times):
        governor.begin(interval)
        cpu.spent += cost
        interval = governor.next_interval(0.05)
    return interval


def test_cheap_looks_are_not_stretched() -> None:
    cpu = Cpu()
    governor = Governor(0.10, 10.0, 0.01, cpu)
    assert _looks(governor, cpu, 0.001, 50) == 0.05
    assert governor.stretched is False


def test_dear_looks_are_stretched_to_the_share() -> None:
    cpu = Cpu()
    governor = Governor(0.10, 10.0, 0.0, cpu)
    interval = _looks(governor, cpu, 0.02, 50)
    assert 0.02 / interval <= 0.10 + 1e-9
    assert governor.stretched is True


def test_dear_ends_leave_the_looks_a_share() -> None:
    cpu = Cpu()
    governor = Governor(0.10, 1.0, 5.0, cpu)
    assert 0.01 / _looks(governor, cpu, 0.01, 50) >= MIN_SHARE - 1e-9


def test_quiet_looks_wait_for_their_allowance() -> None:
    governor = Governor(0.10, 10.0, 0.0, Cpu())
    assert not governor.may_look_at_quiet()
    governor.begin(0.05)
    assert governor.may_look_at_quiet()
    governor.spent_on_quiet(0.1)
    governor.begin(0.05)
    assert not governor.may_look_at_quiet()
    for _ in range(200):
        governor.begin(0.05)
    assert governor.may_look_at_quiet()
