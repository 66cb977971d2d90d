# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each driver's knobs after a reboot, as ethtool and the kernel's own files show them."""

from __future__ import annotations

import re

import pytest
import testinfra.host

testinfra_hosts = ["ansible://bookworm"]

VIRTIO, IGB, VMXNET3, E1000E = "enp1s0", "enp2s0", "enp4s0", "enp5s0"


def current(host: testinfra.host.Host, option: str, device: str, field: str) -> int:
    """Return a number of what ethtool lists as the current settings."""
    text = host.check_output(f"ethtool {option} {device}").partition("Current hardware settings:")[2]
    found = re.search(rf"^{field}:\s+(\d+)$", text, re.MULTILINE)
    assert found, text
    return int(found.group(1))


@pytest.mark.parametrize(("device", "size"), [(VIRTIO, 512), (IGB, 104), (VMXNET3, 2048), (E1000E, 4096)])
def test_ring(host: testinfra.host.Host, device: str, size: int) -> None:
    assert current(host, "-g", device, "RX") == size


def test_channels(host: testinfra.host.Host) -> None:
    assert current(host, "-l", IGB, "Combined") == 2


def test_coalescing(host: testinfra.host.Host) -> None:
    assert re.search(r"^rx-usecs:\s+20$", host.check_output(f"ethtool -c {E1000E}"), re.MULTILINE)


def test_hash_fields(host: testinfra.host.Host) -> None:
    assert "L4 bytes 0 & 1" in host.check_output(f"ethtool -n {IGB} rx-flow-hash udp4")


def test_indirection(host: testinfra.host.Host) -> None:
    rows = re.findall(r"^\s*\d+:((?:\s+\d+)+)$", host.check_output(f"ethtool -x {IGB}"), re.MULTILINE)
    entries = [int(entry) for row in rows for entry in row.split()]
    assert (entries.count(0), entries.count(1)) == (32, 96)


def test_steering(host: testinfra.host.Host) -> None:
    assert int(host.file(f"/sys/class/net/{E1000E}/queues/rx-0/rps_cpus").content_string.replace(",", ""), 16) == 0b1110


def test_interrupts(host: testinfra.host.Host) -> None:
    rows = host.check_output(f"grep {IGB}- /proc/interrupts").splitlines()
    queues = {name: row.split(":")[0].strip() for row in rows for name in row.split()[-1:]}
    placed = {
        name: host.file(f"/proc/irq/{number}/smp_affinity_list").content_string.strip()
        for name, number in queues.items()
    }
    assert [cpus for name, cpus in sorted(placed.items()) if re.search(r"-(TxRx|rx)-0$", name)] == ["2"]
    assert [cpus for name, cpus in sorted(placed.items()) if re.search(r"-(TxRx|rx)-1$", name)] == ["3"]
