# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a sample document says of a host on a path."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._hops.tally import tally

STATISTICS = {"rx_packets": 1000, "tx_packets": 900, "rx_dropped": 0, "rx_missed_errors": 0, "tx_dropped": 0}


def device(name: str, kind: str = "", **statistics: int) -> dict[str, Any]:
    return {
        "ifindex": 2,
        "name": name,
        "kind": kind,
        "driver": None,
        "master": None,
        "statistics": {**STATISTICS, **statistics},
        "qdiscs": [],
        "xdp": None,
        "recreated": False,
        "appeared": False,
        "mtu": 1500,
        "operstate": "up",
        "rps_cpus": None,
        "peer_netnsid": None,
        "peer_namespace": None,
        "ethtool": {},
        "classified": {},
        "classified_by": None,
        "losses": {},
        "qstats": None,
    }


def namespace(name: str, counters: dict[str, int], *devices: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "inode": 1,
        "kind": "host" if name == "host" else "container",
        "container": None,
        "seconds": 5.0,
        "counters": counters,
        "totals": {},
        "resets": [],
        "conntrack": None,
        "sysctls": {},
        "devices": list(devices),
        "nft": None,
        "traits": {"tunnels": [], "wireguard": False, "forwarding": False},
        "sockets": [],
        "socket_summary": {"count": 0, "listed": 0, "drops": 0, "closed_drops": 0},
        "series": None,
    }


def sample(*namespaces: dict[str, Any], dropped: int = 0, rest: dict[str, int] | None = None) -> dict[str, Any]:
    return {
        "schema": 1,
        "host": {},
        "window": {"seconds": 5.0, "started_at": 0.0, "extended_seconds": 0.0},
        "limits": {"netdev_max_backlog": 1000},
        "truesize": [[1, 768]],
        "udp_memory": {"pages_start": 0, "pages_end": 0, "pages_max": 0},
        "cpus": [],
        "softnet": [{"cpu": 0, "processed": 5000, "dropped": dropped, "time_squeeze": 0, "flow_limit": 0}],
        "irqs": [],
        "namespaces": list(namespaces),
        "rest": {"namespaces": 0, "sockets": 0, "counters": rest or {}},
        "unknowns": [],
        "blind_spots": [],
        "facts": None,
    }


def test_numbers_are_of_the_host_and_datagrams_of_all_its_namespaces() -> None:
    own = namespace(
        "host",
        {
            "Ip.InReceives": 800,
            "Ip6.InReceives": 11,
            "Ip.OutRequests": 70,
            "Udp.InDatagrams": 5,
            "Udp.OutDatagrams": 4,
            "Ip.ForwDatagrams": 3,
        },
        device("eth0"),
        device("lo"),
        device("vlan7", "vlan"),
    )
    pod = namespace("pod", {"Udp.InDatagrams": 600, "Udp6.InDatagrams": 20, "Udp.OutDatagrams": 500})
    found = tally("web1", sample(own, pod, rest={"Udp.InDatagrams": 30}))
    assert (found.nic_in, found.nic_out) == (1000, 900), "loopback and what is stacked on a NIC count nothing"
    assert (found.ip_in, found.ip_out) == (811, 70)
    assert (found.read, found.sent, found.forwarded) == (655, 504, 3)
    assert (found.taken, found.passed_on, found.forwards) == (655, 504, False)
    assert (found.losses, found.seconds) == ((), 5.0)


def test_losses_are_those_of_the_diagnosis() -> None:
    counters = {"Udp.InDatagrams": 600, "Udp.InErrors": 40, "Udp.RcvbufErrors": 40, "Ip.InReceives": 640}
    own = namespace("host", counters, device("eth0"))
    own["devices"][0]["qdiscs"] = [
        {"kind": "mq", "handle": "0:", "parent": "root", "packets": 9, "drops": 7, "overlimits": 0, "qlen": 0},
        {"kind": "fq_codel", "handle": "1:", "parent": "0:1", "packets": 9, "drops": 7, "overlimits": 0, "qlen": 0},
    ]
    found = tally("web1", sample(own))
    assert {(loss.finding, loss.packets, loss.leaving) for loss in found.losses} == {
        ("socket.receive_buffer_overflow", 40, False),
        ("qdisc.drop", 7, True),
    }
    assert found.lost_inside == 40


def test_what_ip_never_delivered_and_no_counter_explains() -> None:
    counters = {"Ip.InReceives": 1000, "Ip.InDelivers": 900}
    found = tally("web1", sample(namespace("host", counters, device("eth0"))))
    assert (found.losses, found.vanished) == ((), 100)
    counters["Ip.InDelivers"] = 1000
    assert tally("web1", sample(namespace("host", counters, device("eth0")))).vanished == 0


def test_of_softnet_only_what_shows_on_the_hosts_devices_is_its_own() -> None:
    """softnet_stat is the machine's, and the same in every container; the device's rx_dropped counts it again."""
    busy = sample(namespace("host", {}, device("eth0", rx_dropped=30)), dropped=100)
    assert [(loss.finding, loss.packets) for loss in tally("a", busy).losses] == [("softnet.backlog_overflow", 30)]
    other = sample(namespace("host", {}, device("eth0")), dropped=100)
    assert tally("b", other).losses == ()


def test_a_kernel_that_forwards() -> None:
    found = tally(
        "gw", sample(namespace("host", {"Ip.ForwDatagrams": 500, "Udp.InDatagrams": 3, "Udp.OutDatagrams": 2}))
    )
    assert (found.forwards, found.taken, found.passed_on) == (True, 500, 500)
