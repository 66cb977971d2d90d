# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.proc_cpu import (
    parse_interrupts,
    parse_schedstat,
    parse_softirqs,
    parse_stat,
    parse_task_stat,
    parse_task_syscall,
)

PROC = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/proc"

ARM = """           CPU0       CPU2
 12:          1          2     GICv3  27 Level     arch_timer
 47:          3          4   ITS-MSI 524289 Edge      eth0-TxRx-0
 48:          0          9   PCI-MSI-edge      eth1-rx-0, i801 smbus
IPI0:         5          6       Rescheduling interrupts
Err:          0
"""


def test_stat_recorded() -> None:
    times = parse_stat((PROC / "stat").read_text())
    assert sorted(times) == [0, 1]
    assert times[0].idle > times[0].softirq


def test_softirqs_recorded() -> None:
    softirqs = parse_softirqs((PROC / "softirqs").read_text())
    assert len(softirqs["NET_RX"]) == 2
    assert sum(softirqs["NET_RX"]) > 0


def test_softirqs_of_a_machine_with_a_gap_in_its_cpus() -> None:
    assert parse_softirqs("    CPU0 CPU2\n NET_RX: 4 5\n") == {"NET_RX": [4, 0, 5]}


def test_interrupts_recorded() -> None:
    rows = {row.irq: row for row in parse_interrupts((PROC / "interrupts").read_text())}
    assert rows["38"].name == "virtio2-input.0"
    assert sorted(rows["38"].counts) == [0, 1]
    assert rows["24"].name == "ACPI:Ged"
    assert rows["LOC"].name == "Local timer interrupts"
    assert rows["ERR"].counts == {0: 0}


def test_interrupts_elsewhere() -> None:
    rows = {row.irq: row for row in parse_interrupts(ARM)}
    assert rows["12"].name == "arch_timer"
    assert rows["47"].counts == {0: 3, 2: 4}
    assert rows["47"].name == "eth0-TxRx-0"
    assert rows["48"].name == "eth1-rx-0, i801 smbus"
    assert rows["Err"].counts == {0: 0}


def test_interrupts_wanted() -> None:
    assert [row.irq for row in parse_interrupts(ARM, {"47", "99"})] == ["47"]


def test_task_recorded() -> None:
    assert parse_schedstat((PROC / "task/schedstat").read_text()).run_ns > 0
    assert len(parse_task_syscall((PROC / "task/syscall").read_text()).arguments) == 6
    stat = parse_task_stat((PROC / "task/stat").read_text())
    assert (stat.name, stat.state) == ("python3", "R")
    assert stat.cpu in (0, 1)


def test_task_syscall_states() -> None:
    assert parse_task_syscall("running\n") == (None, ())
    assert parse_task_syscall("-1 0x7ffc7d0a3a08 0x7f6b1e1b5e2d\n") == (-1, ())


def test_task_name_with_parentheses() -> None:
    text = "12 (a) (b) S 1" + " 0" * 48
    assert parse_task_stat(text).name == "a) (b"
    assert parse_task_stat(text).parent == 1


@pytest.mark.parametrize(
    ("parse", "text"),
    [
        pytest.param(parse_stat, "intr 5\n", id="stat-no-cpu"),
        pytest.param(parse_stat, "cpu0 1 2 3\n", id="stat-short"),
        pytest.param(parse_stat, "cpu4000000 1 2 3 4 5 6 7 8\n", id="stat-cpu"),
        pytest.param(parse_softirqs, "", id="softirqs-empty"),
        pytest.param(parse_softirqs, "CPU0 CPU1\nHI: 1\n", id="softirqs-short"),
        pytest.param(parse_interrupts, "", id="interrupts-empty"),
        pytest.param(parse_interrupts, "CPU0 CPU1\n1: 5 x\n", id="interrupts-word"),
        pytest.param(parse_interrupts, "CPU0\nnothing\n", id="interrupts-colon"),
        pytest.param(parse_schedstat, "1 2", id="schedstat"),
        pytest.param(parse_task_syscall, "", id="syscall-empty"),
        pytest.param(parse_task_syscall, "x 0x1", id="syscall-word"),
        pytest.param(parse_task_stat, "1 (x) R 1", id="task-stat-short"),
    ],
)
def test_bad(parse: object, text: str) -> None:
    assert callable(parse)
    with pytest.raises(ParseError, match=r"^/proc/"):
        parse(text)
