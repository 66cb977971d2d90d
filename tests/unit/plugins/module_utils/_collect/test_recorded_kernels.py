# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Debian 12's and Debian 13's kernels and four drivers say, as tests/hosts/machines/record.py kept it."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect import (
    cgroup,
    conntrack,
    driver_counters,
    ethtool_message,
    netdev_stats,
    proc_cpu,
    proc_udp,
    rtnetlink,
    snmp,
    sock_diag,
    softnet,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import iter_bodies

FIXTURES = Path(__file__).parents[3] / "fixtures"
KERNELS = ["6.1.176-x86_64", "6.12.107-x86_64"]
MODELS = ["virtio", "igb", "vmxnet", "e1000e"]
DRIVERS = {"virtio": "virtio_net", "igb": "igb", "vmxnet": "vmxnet3", "e1000e": "e1000e"}
NICS = {"enp1s0", "enp2s0", "enp3s0", "enp4s0", "enp5s0", "mgmt0", "lo"}

each_kernel = pytest.mark.parametrize("kernel", KERNELS)
each_model = pytest.mark.parametrize("model", MODELS)


def _proc(kernel: str, name: str) -> str:
    return (FIXTURES / kernel / "proc" / name).read_text()


def _answer(kernel: str, model: str, name: str) -> bytes | None:
    """Return the answer of a driver, None where it has no such operation."""
    path = FIXTURES / kernel / f"ethtool/{model}_{name}.bin"
    return path.read_bytes() if path.exists() else None


def _given(kernel: str, model: str, name: str) -> bytes:
    answer = _answer(kernel, model, name)
    assert answer is not None
    return answer


@each_kernel
def test_counters(kernel: str) -> None:
    # Bursts of 300 to each of five interfaces, where nobody listened; on 6.12 igb had no room for 73 of them.
    lost = {"6.1.176-x86_64": 0, "6.12.107-x86_64": 73}[kernel]
    counters = snmp.parse_snmp(_proc(kernel, "net/snmp"))
    assert counters["Udp.NoPorts"] == 5 * 300 - lost
    assert snmp.UdpColumns(_proc(kernel, "net/snmp").encode()).read(_proc(kernel, "net/snmp").encode())
    assert "Udp6.RcvbufErrors" in snmp.parse_snmp6(_proc(kernel, "net/snmp6"))
    assert "IpExt.InOctets" in snmp.parse_snmp(_proc(kernel, "net/netstat"))
    assert {"sockets", "UDP", "FRAG"} <= set(snmp.parse_sockstat(_proc(kernel, "net/sockstat")))
    assert "UDP6" in snmp.parse_sockstat(_proc(kernel, "net/sockstat6"))
    assert set(netdev_stats.parse_proc_net_dev(_proc(kernel, "net/dev"))) == NICS
    rows = softnet.parse_softnet(_proc(kernel, "net/softnet_stat"), [0, 1, 2, 3])
    assert [row.cpu for row in rows] == [0, 1, 2, 3]
    assert all(row.processed > 0 for row in rows)
    assert conntrack.parse_conntrack_stat(_proc(kernel, "net/stat/nf_conntrack"))["entries"] == 6


@each_kernel
def test_sockets(kernel: str) -> None:
    for name, family, local in (("udp", "ipv4", "127.0.0.1:5300"), ("udp6", "ipv6", "[::1]:5300")):
        [shown] = proc_udp.parse_proc_udp(_proc(kernel, f"net/{name}"), family)
        recorded = FIXTURES / kernel / "netlink" / f"udp{family[-1]}.bin"
        [dumped] = sock_diag.parse_udp([recorded.read_bytes()])
        assert (shown.local, dumped.local, dumped.receive_buffer) == (local, local, 212992)
        assert shown.inode == dumped.inode


@each_kernel
def test_processors(kernel: str) -> None:
    assert sorted(proc_cpu.parse_stat(_proc(kernel, "stat"))) == [0, 1, 2, 3]
    assert len(proc_cpu.parse_softirqs(_proc(kernel, "softirqs"))["NET_RX"]) == 4
    names = {row.name for row in proc_cpu.parse_interrupts(_proc(kernel, "interrupts"))}
    # igb, vmxnet3, e1000e and virtio_net name their queues' interrupts in four ways.
    assert {"enp2s0-rx-3", "enp4s0-rxtx-3", "enp4s0-event-4", "enp5s0-rx-0", "enp5s0"} <= names
    assert any(name.startswith("virtio") and name.endswith("-input.3") for name in names)
    proc_cpu.parse_task_stat(_proc(kernel, "task/stat"))
    proc_cpu.parse_schedstat(_proc(kernel, "task/schedstat"))
    proc_cpu.parse_task_syscall(_proc(kernel, "task/syscall"))
    assert cgroup.parse_proc_cgroup(_proc(kernel, "task/cgroup"))


@each_kernel
def test_links_and_qdiscs(kernel: str) -> None:
    netlink = FIXTURES / kernel / "netlink"
    links = rtnetlink.parse_links(iter_bodies((netlink / "links.bin").read_bytes()))
    assert {link.name for link in links} == NICS
    indexes = {link.ifindex for link in links}
    qdiscs = rtnetlink.parse_qdiscs(iter_bodies((netlink / "qdiscs.bin").read_bytes()))
    assert {qdisc.ifindex for qdisc in qdiscs} == indexes
    assert {qdisc.kind for qdisc in qdiscs} == {"noqueue", "mq", "fq_codel"}


@each_kernel
@each_model
def test_settings(kernel: str, model: str) -> None:
    assert ethtool_message.parse_driver(_given(kernel, model, "driver")).name == DRIVERS[model]
    ring = ethtool_message.parse_ring(_given(kernel, model, "ring"))
    expected = {"virtio": (1024, 1024), "igb": (4096, 256), "vmxnet": (4096, 1024), "e1000e": (4096, 256)}
    assert (ring.rx_max, ring.rx) == expected[model]
    channels = _answer(kernel, model, "channels")
    most = ethtool_message.parse_channels(channels)[2::4] if channels else None
    assert most == {"virtio": (4, 4), "igb": (8, 4), "vmxnet": (4, 4), "e1000e": None}[model]
    fields = _answer(kernel, model, "flow_hash")
    letters = ethtool_message.parse_rx_flow_hash(fields) if fields else None
    assert letters == {"virtio": "sdfn", "igb": "sd", "vmxnet": None, "e1000e": "sd"}[model]
    coalescing = _answer(kernel, model, "coalescing")
    usecs = ethtool_message.parse_coalesce(coalescing).rx_usecs if coalescing else None
    assert usecs == {"virtio": 0, "igb": 3, "vmxnet": None, "e1000e": 3}[model]
    names = ethtool_message.parse_strings(_given(kernel, model, "feature_names"))
    assert ethtool_message.parse_features(_given(kernel, model, "features"), names)["rx-gro"]


@each_kernel
@each_model
def test_indirection(kernel: str, model: str) -> None:
    answer = _answer(kernel, model, "indirection")
    if model == "e1000e":
        assert answer is None
        return
    assert answer is not None
    functions = ethtool_message.parse_strings(_given(kernel, model, "hash_functions"))
    rss = ethtool_message.parse_rss(answer, functions)
    assert (len(rss[0] or ()), set(rss[0] or ())) == (128, {0, 1, 2, 3})
    assert rss[2] == (40 if model == "virtio" else 0)
    assert rss.hash_function == "toeplitz"


@each_kernel
@each_model
def test_statistics(kernel: str, model: str) -> None:
    names = ethtool_message.parse_strings(_given(kernel, model, "strings"))
    values = ethtool_message.parse_statistics(_given(kernel, model, "statistics"))
    assert len(names) == len(values) > 40
    counters = driver_counters.distinct(list(zip(names, values)))
    assert len({name for name, _ in counters}) == len(counters)
    classified = driver_counters.classify(DRIVERS[model], counters)
    assert driver_counters.classified_by(DRIVERS[model]) == "driver"
    assert "driver_drop" in classified
    # Only what lies in the ring is lost to a full one: virtio's overflow shows at the other end, in the tap.
    assert ("ring_full" in classified) == (model != "virtio")
    assert not [row for row in driver_counters.totals(DRIVERS[model], classified).items() if row[1].events]
