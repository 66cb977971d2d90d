# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every variable of the role, after a reboot: what the system's own tools show of each."""

from __future__ import annotations

import re

import pytest
import testinfra.host

testinfra_hosts = ["ansible://trixie"]

NIC = "enp2s0"
SYSCTLS = {
    "net.core.rmem_max": "8388608",
    "net.core.rmem_default": "425984",
    "net.core.netdev_max_backlog": "2000",
    "net.core.netdev_budget": "600",
    "net.core.netdev_budget_usecs": "8000",
    "net.ipv4.udp_rmem_min": "8192",
}


@pytest.mark.parametrize("key", SYSCTLS)
def test_sysctls(host: testinfra.host.Host, key: str) -> None:
    assert host.check_output(f"sysctl -n {key}") == SYSCTLS[key]
    assert host.file("/etc/sysctl.d/99-udp-tuning-site.conf").contains(f"^{key} *= *{SYSCTLS[key]}")


def test_ring(host: testinfra.host.Host) -> None:
    current = host.check_output(f"ethtool -g {NIC}").partition("Current hardware settings:")[2]
    assert re.search(r"^RX:\s+2048$", current, re.MULTILINE)
    assert re.search(r"^TX:\s+512$", current, re.MULTILINE)


def test_channels(host: testinfra.host.Host) -> None:
    current = host.check_output(f"ethtool -l {NIC}").partition("Current hardware settings:")[2]
    assert re.search(r"^Combined:\s+2$", current, re.MULTILINE)


def test_coalescing(host: testinfra.host.Host) -> None:
    assert re.search(r"^rx-usecs:\s+50$", host.check_output(f"ethtool -c {NIC}"), re.MULTILINE)


def test_hash_fields(host: testinfra.host.Host) -> None:
    assert "L4 bytes 0 & 1" in host.check_output(f"ethtool -n {NIC} rx-flow-hash udp4")


def test_indirection_uses_both_queues_alike(host: testinfra.host.Host) -> None:
    rows = re.findall(r"^\s*\d+:((?:\s+\d+)+)$", host.check_output(f"ethtool -x {NIC}"), re.MULTILINE)
    entries = [int(entry) for row in rows for entry in row.split()]
    assert len(entries) == 128
    assert entries.count(0) == entries.count(1) == 64


def test_interrupts_leave_the_first_cpu_alone(host: testinfra.host.Host) -> None:
    rows = host.check_output(f"grep -E '{NIC}-.*(rx|tx|TxRx)' /proc/interrupts").splitlines()
    files = " ".join(f"/proc/irq/{row.split(':')[0].strip()}/smp_affinity_list" for row in rows)
    assert rows
    assert set(host.check_output(f"cat {files}").split()) <= {"1", "2", "3"}


def test_irqbalance_runs_on(host: testinfra.host.Host) -> None:
    assert host.service("irqbalance").is_running
