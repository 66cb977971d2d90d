# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool_message import Rss
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netdev_genl import Napi, Queue
from ansible_collections.rxpath.linux.plugins.module_utils._facts.gather import gather_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.hardware import indirection_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.interfaces import UnknownInterfaceError
from ansible_collections.rxpath.linux.plugins.module_utils._facts.irq_names import serves
from ansible_collections.rxpath.linux.plugins.module_utils._facts.napi import join

Tree = Callable[..., str]


def test_virtio(tree: Tree) -> None:
    facts, unknowns = gather_facts(root=tree("virtio-6.18.44"))
    assert unknowns == []
    assert facts["other_interfaces"] == {"loopback": 1}
    nic = facts["interfaces"]["eth0"]
    assert (nic["kind"], nic["driver"], nic["numa_node"], nic["local_cpus"]) == ("nic", "virtio_net", None, "0-1")
    assert nic["speed"] is None
    assert nic["threaded_napi"] is False
    assert nic["rps"] == [{"queues": "0", "cpus": ""}]
    assert "xps" not in nic
    assert nic["irqs"] == [
        {"irq": 37, "serves": None, "asked": "0-1", "effective": "0", "name": "virtio2-config"},
        {"irq": 38, "serves": "rx-0", "asked": "0-1", "effective": "1"},
        {"irq": 39, "serves": "tx-0", "asked": "0-1", "effective": "0"},
    ]


def test_igb(tree: Tree) -> None:
    facts, unknowns = gather_facts(root=tree("igb-bond"))
    assert unknowns == []
    nic = facts["interfaces"]["eth2"]
    assert (nic["driver"], nic["numa_node"], nic["local_cpus"], nic["master"]) == ("igb", 1, "4-7", "bond0")
    assert nic["rps"] == [{"queues": "0", "cpus": "0-3"}, {"queues": "1-3", "cpus": ""}]
    assert nic["rfs"] == [{"queues": "0-3", "flows": 0}]
    assert [run["cpus"] for run in nic["xps"]] == ["4", "5", "6", "7"]
    # The interrupt with the bare name of the interface tells of link changes.
    assert [irq["serves"] for irq in nic["irqs"]] == [None, "rx-0 tx-0", "rx-1 tx-1", "rx-2 tx-2", "rx-3 tx-3"]
    assert nic["irqs"][0]["name"] == "eth2"


def test_stack(tree: Tree) -> None:
    facts, _unknowns = gather_facts(root=tree("igb-bond"))
    interfaces = facts["interfaces"]
    assert sorted(interfaces) == ["bond0", "bond0.100", "br0", "eth1", "eth2"]
    assert facts["other_interfaces"] == {"virtual": 1}
    for name, kind in (("bond0", "bond"), ("bond0.100", "vlan"), ("br0", "bridge")):
        assert (interfaces[name]["kind"], interfaces[name]["below"]) == (kind, ["eth1", "eth2"])
    assert interfaces["bond0"]["bond"] == {
        "mode": "802.3ad",
        "slaves": ["eth1", "eth2"],
        "active_slave": None,
        "hash_policy": "layer3+4",
    }
    assert interfaces["bond0.100"]["master"] == "br0"


def test_cpus_and_services(tree: Tree) -> None:
    facts, _unknowns = gather_facts(root=tree("igb-bond"))
    assert facts["cpus"] == {
        "online": "0-7",
        "possible": "0-7",
        "isolated": "6-7",
        "nohz_full": "",
        "packages": {"0": "0-3", "1": "4-7"},
        "nodes": {"0": "0-3", "1": "4-7"},
        "siblings": ["0-1", "2-3", "4-5", "6-7"],
    }
    balance = facts["irqbalance"]
    assert (balance["installed"], balance["enabled"], balance["running"]) == (True, True, True)
    assert balance["banned_modules"] == ["igb"]
    # What it was started with, not what its file says since.
    assert balance["banned_irqs"] == ["44"]
    assert balance["banned_cpus"] == "6-7"
    assert (facts["tuned"]["profile"], facts["tuned"]["running"]) == ("network-latency", False)


def test_asked_for_by_name(tree: Tree) -> None:
    root = tree("igb-bond")
    facts, _unknowns = gather_facts(["bond0.100"], root)
    assert sorted(facts["interfaces"]) == ["bond0.100", "eth1", "eth2"]
    facts, _unknowns = gather_facts(["veth1a"], root)
    assert facts["interfaces"]["veth1a"]["kind"] == "virtual"
    with pytest.raises(UnknownInterfaceError, match=r"^no such network interface: eth7 \(this host has: bond0, "):
        gather_facts(["eth1", "eth7"], root)


def test_hidden_processes_are_an_unknown(tree: Tree) -> None:
    facts, unknowns = gather_facts(root=tree(None, r"/proc/4711/comm|python3\n"))
    assert facts["irqbalance"]["running"] is None
    assert [item["remedy"] for item in unknowns] == ["run as root (become: true)"]


def test_garbled_tree(tree: Tree) -> None:
    root = tree(
        None,
        r"/proc/1/comm|x\n",
        r"/sys/devices/system/cpu/online|0-\n",
        r"/sys/class/net/eth0/device/irq|x\n",
        r"/sys/class/net/eth0/mtu|many\n",
        r"/sys/class/net/eth0/queues/rx-0/rps_cpus|zz\n",
    )
    facts, unknowns = gather_facts(root=root)
    assert facts["interfaces"]["eth0"]["mtu"] is None
    assert sorted(item["what"].rpartition("/")[2] for item in unknowns) == ["mtu", "online", "rps_cpus"]


def nic_lines(name: str, queues: int, state: str) -> list[str]:
    base = f"/sys/class/net/{name}"
    lines = [rf"{base}/operstate|{state}\n", rf"{base}/device/numa_node|0\n"]
    for queue in range(queues):
        irq = 1000 + 200 * int(name[3:]) + queue
        lines += [
            rf"{base}/queues/rx-{queue}/rps_cpus|0\n",
            rf"{base}/queues/tx-{queue}/xps_cpus|{1 << queue % 32:x}\n",
            rf"{base}/device/msi_irqs/{irq}|msix\n",
            rf"/sys/kernel/irq/{irq}/actions|mlx5_comp{queue}@pci:0000:41:00.0\n",
            rf"/proc/irq/{irq}/smp_affinity_list|0-127\n",
            rf"/proc/irq/{irq}/effective_affinity_list|{queue}\n",
        ]
    return lines


def test_128_queues_are_small(tree: Tree) -> None:
    facts, unknowns = gather_facts(root=tree(None, r"/proc/1/comm|x\n", *nic_lines("eth0", 128, "up")))
    assert len(json.dumps(facts)) < 16 * 1024
    assert unknowns == []


def test_many_nics_stay_below_the_limit(tree: Tree) -> None:
    lines = [line for number in range(10) for line in nic_lines(f"eth{number}", 96, "down" if number == 3 else "up")]
    facts, unknowns = gather_facts(root=tree(None, r"/proc/1/comm|x\n", *lines))
    assert len(json.dumps(facts)) < 64 * 1024
    assert len(facts["interfaces"]) == 10
    assert unknowns[0]["what"] == "detail of eth3"
    assert "irqs" not in facts["interfaces"]["eth3"]
    assert facts["interfaces"]["eth3"]["queues"] == {"rx": 96, "tx": 96}


@pytest.mark.parametrize(
    ("name", "queues"),
    [
        ("eth0-TxRx-3", ["rx-3", "tx-3"]),
        ("i40e-eth0-TxRx-12", ["rx-12", "tx-12"]),
        ("ice-ens1f0np0-TxRx-0", ["rx-0", "tx-0"]),
        ("ens5-Tx-Rx-7", ["rx-7", "tx-7"]),
        ("ens192-rxtx-1", ["rx-1", "tx-1"]),
        ("ens192-event-4", None),
        ("renamed-rx-2", ["rx-2"]),
        ("eth0-tx-2", ["tx-2"]),
        ("mlx5_comp5@pci:0000:01:00.0", ["rx-5", "tx-5"]),
        ("mlx5_comp5", ["rx-5", "tx-5"]),
        ("mlx5_async0@pci:0000:01:00.0", None),
        ("mana_q4@pci:7870:00:00.0", ["rx-4", "tx-4"]),
        ("gve-ntfy-blk3@pci:0000:00:04.0", ["tx-3"]),
        ("gve-ntfy-blk4@pci:0000:00:04.0", ["rx-0"]),
        ("virtio0-input.2", ["rx-2"]),
        ("virtio0-output.2", ["tx-2"]),
        ("virtio4-input", None),
        ("eth0", None),
        ("", None),
    ],
)
def test_interrupt_names(name: str, queues: object) -> None:
    assert serves(name, "eth0", tx_queues=4, alone=False) == queues


def test_only_interrupt() -> None:
    assert serves("eth0", "eth0", tx_queues=1, alone=True) == ["rx-0", "tx-0"]


def test_napi() -> None:
    queues = [
        Queue(2, "rx", 1, 9),
        Queue(2, "rx", 0, 8),
        Queue(2, "tx", 0, 8),
        Queue(3, "rx", 0, 7),
        Queue(3, "tx", 0, None),
    ]
    napis = [Napi(2, 8, 50, None), Napi(2, 9, 51, None), Napi(3, 7, None, None)]
    assert join(queues, napis) == {2: {"50": ["rx-0", "tx-0"], "51": ["rx-1"]}}


def test_indirection() -> None:
    even = Rss(
        indirection=[0, 1, 2] * 42 + [0, 1], indirection_size=128, key_size=40, hash_function="toeplitz", input_xfrm=0
    )
    fact = indirection_facts(even)
    assert fact["even"] is True
    assert fact["weights"] == [{"queues": "0-1", "slots": 43}, {"queues": "2", "slots": 42}]
    assert indirection_facts(even._replace(indirection=[0] * 100 + [1] * 28))["even"] is False
