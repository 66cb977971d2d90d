# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every finding beside the overflow, the status, the main loss, and what never outranks what."""

from __future__ import annotations

import copy
from typing import Any, Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import findings as catalogue
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host

Make = Callable[..., dict[str, Any]]


def ids(host: dict[str, Any]) -> list[str]:
    return [one["finding"] for one in host["findings"]]


def device(**more: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "ifindex": 2,
        "name": "eth0",
        "kind": None,
        "driver": "igb",
        "statistics": {"rx_packets": 10000, "rx_dropped": 0, "rx_missed_errors": 0},
        "classified": {},
        "classified_by": "driver",
        "qdiscs": [],
        "xdp": None,
        "rps_cpus": None,
        "recreated": False,
    }
    entry.update(more)
    entry["losses"] = {
        kind: {"packets": sum(value for _name, value in rows), "events": 0}
        for kind, rows in entry["classified"].items()
    }
    entry["losses"].update(more.get("losses", {}))
    return entry


BUSY = {"Udp.InDatagrams": 10000, "Ip.InReceives": 10000, "Ip.InDelivers": 10000}

COUNTERS = [
    pytest.param({"Ip.InHdrErrors": 7}, "ip.header_errors", 7, id="header"),
    pytest.param({"Ip6.InTruncatedPkts": 8}, "ip.header_errors", 8, id="truncated-v6"),
    pytest.param({"Ip.ReasmFails": 4, "Ip.ReasmReqds": 4}, "ip.reassembly_failures", 4, id="reassembly"),
    pytest.param({"IpExt.InNoRoutes": 5}, "ip.no_route", 5, id="no-route"),
    pytest.param({"TcpExt.IPReversePathFilter": 6}, "ip.reverse_path_filter", 6, id="rp-filter"),
    pytest.param({"Ip6.InDiscards": 5}, "ip.discards", 5, id="discards"),
    pytest.param({"conntrack.drop": 9, "conntrack.insert_failed": 0}, "conntrack.table_full", 9, id="conntrack-full"),
    pytest.param({"conntrack.drop": 9, "conntrack.insert_failed": 9}, "conntrack.insert_failed", 9, id="insert-race"),
    pytest.param({"Udp.InCsumErrors": 8, "Udp.InErrors": 8}, "udp.checksum_errors", 8, id="checksum"),
    pytest.param(
        {"Udp.InCsumErrors": 4, "Udp.InErrors": 4, "Udp6.InErrors": 0}, "udp.checksum_errors", 4, id="v6-on-v4"
    ),
    pytest.param({"Udp.MemErrors": 11, "Udp.InErrors": 11}, "udp.memory_limit", 11, id="memory"),
]


@pytest.mark.parametrize(("counters", "expected", "delta"), COUNTERS)
def test_counter_becomes_one_finding(
    namespace: Make, document: Make, counters: dict[str, int], expected: str, delta: int
) -> None:
    received = {**BUSY, **counters}
    host = diagnose_host(document([namespace("pod", received)]), {})
    assert ids(host) == [expected]
    one = host["findings"][0]
    assert one["delta"] == delta
    assert one["namespace"]["name"] == "pod"
    assert host["main_loss"] == expected
    assert host["status"] == ("fail" if expected == "udp.memory_limit" else "warn")
    assert not [advice for advice in one["advice"] if "receive_buffer" in advice["action"] and advice["helps"]]


@pytest.mark.parametrize(("counters", "expected"), [({"Udp.NoPorts": 500}, "udp.no_listener")])
def test_refused_is_no_loss(namespace: Make, document: Make, counters: dict[str, int], expected: str) -> None:
    host = diagnose_host(document([namespace("pod", {**BUSY, **counters})]), {})
    assert ids(host) == [expected]
    assert (host["status"], host["main_loss"], host["first_loss"]) == ("pass", None, None)


def test_scan_noise_a_hundred_times_the_loss_never_hides_it(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    pod = sample["namespaces"][1]
    pod["counters"]["Udp.NoPorts"] = 100 * pod["counters"]["Udp.RcvbufErrors"]
    host = diagnose_host(sample, {})
    assert host["status"] == "fail"
    assert host["main_loss"] == host["first_loss"] == "socket.receive_buffer_overflow"


def test_silent_memory_limit_of_6_18(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    pod = sample["namespaces"][1]
    lost = pod["counters"].pop("Udp.RcvbufErrors")
    pod["counters"]["Udp.InErrors"] = 0
    sample["udp_memory"]["pages_max"] = sample["limits"]["udp_mem"][0]
    host = diagnose_host(sample, {})
    assert ids(host) == ["udp.memory_limit"]
    one = host["findings"][0]
    assert (one["delta"], one["certainty"], host["status"]) == (lost, "exact", "fail")
    assert any("udp_mem" in advice["action"] and advice["helps"] for advice in one["advice"])


def test_memory_limit_of_a_cgroup_is_told_from_the_machines(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    pod = sample["namespaces"][1]
    pod["counters"].pop("Udp.RcvbufErrors")
    pod["counters"]["Udp.InErrors"] = 0
    one = diagnose_host(sample, {})["findings"][0]
    assert one["finding"] == "udp.memory_limit"
    assert any("cgroup" in advice["action"] for advice in one["advice"])


def test_overflow_with_drops_read_a_moment_later_is_no_memory_limit(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    pod = sample["namespaces"][1]
    pod["socket_summary"]["drops"] += 20
    assert ids(diagnose_host(sample, {})) == ["socket.receive_buffer_overflow"]


def test_socket_filter_is_refused(namespace: Make, document: Make, simulate: Make) -> None:
    socket = copy.deepcopy(simulate(lambda _now: 100.0, lambda _now: 9000.0)["namespaces"][1]["sockets"][0])
    socket["drops"] = 50
    pod = namespace("pod", {**BUSY, "Udp.InErrors": 50}, sockets=[socket])
    host = diagnose_host(document([pod]), {})
    assert ids(host) == ["udp.socket_filter"]
    assert host["findings"][0]["sockets"][0]["inode"] == socket["inode"]
    assert host["status"] == "pass"


def test_backlog_less_flow_limit(document: Make, namespace: Make) -> None:
    sample = document([namespace("pod", BUSY, devices=[device(kind="veth", statistics={"rx_dropped": 30})])])
    sample["softnet"][1].update(dropped=30, flow_limit=12)
    host = diagnose_host(sample, {})
    assert [(one["finding"], one["delta"]) for one in host["findings"]] == [
        ("softnet.backlog_overflow", 18),
        ("softnet.flow_limit", 12),
    ]
    assert host["findings"][0]["cpu"] == 1
    assert host["findings"][0]["namespace"]["name"] == "pod"
    assert host["status"] == "warn"


def test_shares_of_softnet_and_socket(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    lost = sample["namespaces"][1]["counters"]["Udp.RcvbufErrors"]
    sample["softnet"][0]["dropped"] = lost // 100
    host = diagnose_host(sample, {})
    assert (host["first_loss"], host["main_loss"]) == ("softnet.backlog_overflow", "socket.receive_buffer_overflow")
    shares = [one["share"] for one in host["findings"]]
    assert sum(shares) == pytest.approx(1.0, abs=1e-5)
    assert shares[1] == pytest.approx(lost / (lost + lost // 100), abs=1e-5)


def test_rps_that_fills_the_backlog_is_named(document: Make, namespace: Make) -> None:
    veth = device(kind="veth", name="eth0", rps_cpus=[1], statistics={"rx_dropped": 40})
    sample = document([namespace("pod", BUSY, devices=[veth])])
    sample["softnet"][1]["dropped"] = 40
    advice = diagnose_host(sample, {})["findings"][0]["advice"]
    assert any("rps_cpus" in one["action"] and one["helps"] for one in advice)


@pytest.mark.parametrize(
    ("more", "expected", "delta"),
    [
        ({"classified": {"ring_full": [["rx_queue_0_drops", 5]]}}, "nic.ring_overflow", 5),
        ({"statistics": {"rx_packets": 9, "rx_missed_errors": 8}}, "nic.ring_overflow", 8),
        ({"classified": {"outside_host": [["bw_in_allowance_exceeded", 3]]}}, "nic.outside_host", 3),
        ({"classified": {"link_error": [["rx_crc_errors", 2]]}}, "nic.link_errors", 2),
        ({"kind": "veth", "classified": {"xdp_drop": [["rx_queue_0_xdp_drops", 500]]}}, "nic.xdp_drop", 500),
        ({"kind": "veth", "qdiscs": [{"kind": "clsact", "drops": 500, "packets": 1}]}, "tc.drop", 500),
        ({"kind": "veth", "qdiscs": [{"kind": "tbf", "drops": 430, "packets": 70}]}, "qdisc.drop", 430),
    ],
)
def test_device(document: Make, namespace: Make, more: dict[str, Any], expected: str, delta: int) -> None:
    host = diagnose_host(document([namespace("pod", BUSY, devices=[device(**more)])]), {})
    assert [(one["finding"], one["delta"]) for one in host["findings"]] == [(expected, delta)]
    assert host["findings"][0]["interface"] == "eth0"
    assert host["status"] == "warn"


def test_shaping_of_what_a_host_sends_is_no_loss_on_its_receive_path(document: Make, namespace: Make) -> None:
    sample = document([namespace("pod", BUSY, devices=[device(qdiscs=[{"kind": "fq", "drops": 9, "packets": 1}])])])
    assert diagnose_host(sample, {})["findings"] == []


def test_residual_is_a_hint_and_a_witness_names_the_policy(document: Make, namespace: Make) -> None:
    counters = {"Udp.InDatagrams": 100, "Ip.InReceives": 600, "Ip.InDelivers": 100}
    host = diagnose_host(document([namespace("pod", counters)]), {})
    assert [(one["finding"], one["class"], one["certainty"]) for one in host["findings"]] == [
        ("ip.unaccounted", "info", "hint")
    ]
    assert host["status"] == "pass"
    rule = {
        "family": "inet",
        "table": "f",
        "chain": "in",
        "hook": "input",
        "handle": 4,
        "verdict": "drop",
        "packets": 500,
    }
    host = diagnose_host(document([namespace("pod", counters, nft={"rules": [rule], "chains": []})]), {})
    assert [(one["finding"], one["class"], one["delta"]) for one in host["findings"]] == [
        ("ip.policy_drop", "refused", 500)
    ]


def test_idle_host_is_inconclusive_and_history_passes(document: Make, namespace: Make) -> None:
    assert diagnose_host(document([namespace("pod", {"Udp.InDatagrams": 0})]), {})["status"] == "inconclusive"
    old = namespace("pod", {**BUSY, "Udp.RcvbufErrors": 0}, totals={"Udp.RcvbufErrors": 10**9})
    host = diagnose_host(document([old]), {})
    assert (host["status"], host["findings"]) == ("pass", [])


def test_reset_counter_is_no_number(document: Make, namespace: Make) -> None:
    host = diagnose_host(
        document([namespace("pod", {**BUSY, "Udp.RcvbufErrors": None}, resets=["Udp.RcvbufErrors"])]), {}
    )
    assert host["findings"] == []


def test_reboot_within_the_window_is_said(document: Make, namespace: Make) -> None:
    sample = document([namespace("pod", BUSY)])
    sample["rebooted"] = True
    host = diagnose_host(sample, {})
    assert host["status"] == "inconclusive"
    assert "rebooted" in host["reason"]


def test_pending_fails_with_the_predicted_time(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 6000.0, receive_buffer=25 << 20)
    host = diagnose_host(sample, {})
    assert host["status"] == "fail"
    one = host["findings"][0]
    assert one["pending"] is True
    assert one["causes"] == ["slow_consumer"]
    # 3000 more arrive than are read, 832 bytes each.
    expected = ((25 << 20) - sample["namespaces"][1]["sockets"][0]["queue_end"]) / (3000 * 832)
    assert one["sockets"][0]["seconds_to_overflow"] == pytest.approx(expected, rel=0.25)
    assert not any(advice["helps"] for advice in one["advice"] if "receive_buffer" in advice["action"])


def test_a_buffer_that_could_not_be_read_is_not_named(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    sample["namespaces"][1]["sockets"][0]["receive_buffer"] = None
    (one,) = diagnose_host(sample, {})["findings"]
    (vain,) = [advice["why"] for advice in one["advice"] if "receive_buffer" in advice["action"]]
    assert "fill in" not in vain
    assert "buys" in vain


def test_slow_consumer_says_rates_and_workers(simulate: Make) -> None:
    one = diagnose_host(simulate(lambda _now: 9000.0, lambda _now: 3000.0), {})["findings"][0]
    socket = one["sockets"][0]
    assert socket["arrival_rate"] == pytest.approx(9000, rel=0.05)
    assert socket["service_rate"] == pytest.approx(3000, rel=0.05)
    assert socket["service_time"] == pytest.approx(1 / 3000, rel=0.05)
    assert socket["consumers_needed"] == 4
    assert any("SO_REUSEPORT" in advice["action"] and advice["helps"] for advice in one["advice"])
    assert any("RFS" in advice["action"] and not advice["helps"] for advice in one["advice"])


def test_two_busy_sockets_have_no_rates(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    pod = sample["namespaces"][1]
    other = copy.deepcopy(pod["sockets"][0])
    other.update(inode=99, local="10.0.0.1:54", drops=0, pid=72)
    pod["sockets"].append(other)
    socket = diagnose_host(sample, {})["findings"][0]["sockets"][0]
    assert (socket["arrival_rate"], socket["service_rate"]) == (None, None)
    assert "2 sockets" in socket["rates_unknown_because"]


def test_reuseport_imbalance_stands_beside_the_overflow(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    pod = sample["namespaces"][1]
    pod["sockets"][0]["reuseport_group"] = "g"
    idle = copy.deepcopy(pod["sockets"][0])
    idle.update(inode=99, drops=0, queue_max=0, queue_end=0, series=None, consumer=None)
    pod["sockets"].append(idle)
    host = diagnose_host(sample, {})
    assert ids(host) == ["socket.receive_buffer_overflow", "socket.reuseport_imbalance"]
    assert host["main_loss"] == "socket.receive_buffer_overflow"


def test_drops_that_no_living_socket_explains_are_said(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    pod = sample["namespaces"][1]
    pod["sockets"][0]["drops"] -= 100
    pod["socket_summary"].update(drops=pod["sockets"][0]["drops"], closed=1)
    one = diagnose_host(sample, {})["findings"][0]
    assert any("100 of these no living socket explains" in sentence for sentence in one["evidence"])


@pytest.mark.parametrize(
    ("size", "limits", "helps", "vain"),
    [
        (212992, {}, "rmem_default", "rmem_max"),
        (8388608, {}, "rmem_max", "rmem_default"),
        (212992, {"rmem_default": 16 << 20}, "restart", "rmem_default"),
        (300000, {}, "receive_buffer", "rmem_default"),
    ],
)
def test_advice_names_the_knob_that_this_socket_follows(
    simulate: Make, size: int, limits: dict[str, int], helps: str, vain: str
) -> None:
    sample = simulate(lambda now: 400_000.0 if now % 0.5 < 0.03 else 0.0, lambda _now: 50_000.0, receive_buffer=size)
    sample["limits"].update(limits)
    if size == 8388608:
        sample["namespaces"][1]["sockets"][0]["receive_buffer"] = size
    advice = diagnose_host(sample, {})["findings"][0]["advice"]
    assert any(helps in one["action"] and one["helps"] for one in advice)
    assert any(vain in one["action"] and not one["helps"] for one in advice)


@pytest.mark.parametrize(
    "ignore",
    [{"ports": [53]}, {"processes": ["server"]}, {"namespaces": ["pod-1"]}],
)
def test_ignored_is_out_of_the_verdict_but_in_the_report(simulate: Make, ignore: dict[str, Any]) -> None:
    host = diagnose_host(simulate(lambda _now: 9000.0, lambda _now: 3000.0), {"ignore": ignore})
    assert host["status"] == "pass"
    assert ids(host) == ["socket.receive_buffer_overflow"]


def test_fail_on_and_bounds(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    assert diagnose_host(sample, {"fail_on": []})["status"] == "warn"
    assert diagnose_host(sample, {"max_loss_ratio": 0.9})["status"] == "pass"
    assert diagnose_host(sample, {"min_drops": 10**9})["status"] == "pass"


def test_unknown_threshold_is_named() -> None:
    with pytest.raises(ValueError, match="no_such"):
        diagnose_host({}, {"thresholds": {"no_such": 1}})


def test_inexact_never_outranks_exact(document: Make, namespace: Make) -> None:
    counters = {**BUSY, "Ip.ReasmFails": 900, "Ip.ReasmReqds": 900, "Ip.InDiscards": 500, "Ip.InHdrErrors": 20}
    host = diagnose_host(document([namespace("pod", counters)]), {})
    assert host["main_loss"] == "ip.header_errors"


def test_ids_are_unique_and_in_path_order() -> None:
    assert len(set(catalogue.FINDING_IDS)) == len(catalogue.FINDING_IDS)
    assert catalogue.order("nic.link_errors") == 0
    assert catalogue.order("softnet.backlog_overflow") < catalogue.order("conntrack.table_full")


def test_a_loss_in_namespaces_that_were_only_summed_fails_the_host(document: Make, namespace: Make) -> None:
    sample = document([namespace("pod", BUSY)])
    sample["rest"] = {"namespaces": 200, "sockets": 900, "counters": {"Udp.RcvbufErrors": 7, "Udp.InErrors": 7}}
    host = diagnose_host(sample, {})
    assert (host["status"], host["main_loss"]) == ("fail", "socket.receive_buffer_overflow")
    assert host["findings"][0]["namespace"]["name"] == "200 more namespaces"


def test_counters_of_the_same_frames_count_once(document: Make, namespace: Make) -> None:
    igb = device(
        classified={"ring_full": [["rx_queue_0_drops", 5], ["rx_missed_errors", 5]]},
        losses={"ring_full": {"packets": 5, "events": 0}},
    )
    one = diagnose_host(document([namespace("pod", BUSY, devices=[igb])]), {})["findings"][0]
    assert (one["delta"], one["unit"]) == (5, "packets")


def test_events_are_not_packets(document: Make, namespace: Make) -> None:
    ena = device(
        driver="ena",
        classified={"ring_full": [["queue_0_rx_empty_rx_ring", 7]]},
        losses={"ring_full": {"packets": 0, "events": 7}},
    )
    one = diagnose_host(document([namespace("pod", BUSY, devices=[ena])]), {})["findings"][0]
    assert (one["delta"], one["unit"], one["share"]) == (7, "events", None)


def test_a_few_drops_between_two_readings_are_no_memory_limit(namespace: Make, document: Make, simulate: Make) -> None:
    socket = copy.deepcopy(simulate(lambda _now: 100.0, lambda _now: 9000.0)["namespaces"][1]["sockets"][0])
    socket["drops"] = 5
    host = diagnose_host(document([namespace("pod", BUSY, sockets=[socket])]), {})
    assert "udp.memory_limit" not in ids(host)


@pytest.mark.parametrize(("mtu", "certainty"), [(1500, "bound"), (9000, "exact")])
def test_jumbo_frames_are_not_taken_for_merged_packets(simulate: Make, mtu: int, certainty: str) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    pod = sample["namespaces"][1]
    pod["counters"]["IpExt.InOctets"] = pod["counters"]["Ip.InReceives"] * 8000
    pod["devices"] = [device(kind="veth", mtu=mtu), device(kind=None, name="lo", mtu=65536, driver=None)]
    assert diagnose_host(sample, {})["findings"][0]["certainty"] == certainty
