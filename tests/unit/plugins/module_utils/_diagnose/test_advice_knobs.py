# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a machine reads of an advice: the request that carries it out, who must be restarted, how long it takes to fill."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import buffer_advice, buffers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import finding_key
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host

Make = Callable[..., dict[str, Any]]
MIB = 1 << 20
BUSY = {"Udp.InDatagrams": 10000, "Ip.InReceives": 10000, "Ip.InDelivers": 10000}


def burst(now: float) -> float:
    return 400_000.0 if now % 0.5 < 0.03 else 0.0


def bursty(simulate: Make, size: int = 212992, limits: dict[str, Any] | None = None, **socket: Any) -> dict[str, Any]:
    sample = simulate(burst, lambda _now: 50_000.0, receive_buffer=size)
    sample["limits"].update(limits or {})
    sample["namespaces"][1]["sockets"][0].update(socket)
    return sample


def first(sample: dict[str, Any], **settings: Any) -> dict[str, Any]:
    found: dict[str, Any] = diagnose_host(sample, settings)["findings"][0]
    return found


def knobs(finding: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in finding["advice"] if "knob" in one]


def test_a_socket_that_never_asked_wants_a_larger_default_and_a_restart(simulate: Make) -> None:
    sample = bursty(simulate, cgroup="/system.slice/nsd.service")
    (one,) = knobs(first(sample))
    wanted = one["recommended"]
    assert one["knob"] == {"family": "sysctl_settings", "settings": {"net.core.rmem_default": wanted}}
    assert one["restart"] == [{"process": "server", "pid": 71, "unit": "nsd.service", "container": None}]
    # 400,000 arrive and 50,000 are read for 30 ms: that many stand in the queue when a burst ends.
    assert wanted >= 350_000 * 0.03 * 832 / 0.75
    lost = sample["namespaces"][1]["sockets"][0]["drops"]
    assert one["fill_seconds"] == pytest.approx(wanted / (lost / 4.0 * 832), rel=0.01)


def test_a_clamped_socket_wants_half_of_it_as_rmem_max(simulate: Make) -> None:
    sample = bursty(simulate, size=2 * MIB, limits={"rmem_max": MIB})
    (one,) = knobs(first(sample))
    assert one["knob"] == {"family": "sysctl_settings", "settings": {"net.core.rmem_max": one["recommended"]}}
    assert 2 * one["recommended"] >= 350_000 * 0.03 * 832 / 0.75
    assert one["restart"][0]["pid"] == 71
    assert "/ 0.75 =" in one["why"]


def test_a_default_that_is_large_enough_wants_the_restart_alone(simulate: Make) -> None:
    found = first(bursty(simulate, limits={"rmem_default": 16 * MIB}))
    assert knobs(found) == []
    (one,) = [advice for advice in found["advice"] if "restart" in advice]
    assert one["helps"] is True
    assert one["restart"] == [{"process": "server", "pid": 71, "unit": None, "container": None}]


def test_a_default_that_was_raised_too_little_is_raised_again(simulate: Make) -> None:
    (one,) = knobs(first(bursty(simulate, limits={"rmem_default": MIB})))
    assert one["knob"]["settings"]["net.core.rmem_default"] > MIB
    assert one["restart"]


def test_what_an_application_asked_for_only_the_application_can_change(simulate: Make) -> None:
    found = first(bursty(simulate, size=300000))
    assert knobs(found) == []
    assert any(one["helps"] for one in found["advice"])


def test_a_closed_socket_needs_no_restart_and_a_kernels_own_gets_no_knob(simulate: Make) -> None:
    (one,) = knobs(first(bursty(simulate, closed=True)))
    assert "restart" not in one
    assert "restart" not in one["action"]
    again = first(bursty(simulate, limits={"rmem_default": 16 * MIB}, closed=True))
    assert not any("restart" in one or "restart" in one["action"] for one in again["advice"])
    assert knobs(first(bursty(simulate, kernel_owned=True, process=None, pid=None))) == []


@pytest.mark.parametrize(("size", "more"), [(100_000, False), (212_992, False), (212_993, True)])
def test_no_request_lowers_what_is_there(size: int, more: bool) -> None:
    socket, limits = {"receive_buffer": 212992, "process": "server"}, {"rmem_default": 212992, "rmem_max": 4 * MIB}
    advice = buffer_advice.enlarge(socket, limits, buffer_advice.need_of(size, 832, 10, 1.0), False)
    assert any("knob" in one for one in advice) is more


@pytest.mark.parametrize(
    ("settings", "host"),
    [
        ({"max_buffer_bytes": 12 * MIB}, {}),
        ({"max_queue_delay": 0.3}, {}),
        ({}, {"memory_bytes": 700 * MIB}),
    ],
)
def test_no_request_exceeds_the_ceilings_of_memory_and_delay(
    simulate: Make, settings: dict[str, Any], host: dict[str, Any]
) -> None:
    sample = bursty(simulate)
    sample["host"].update(host)
    (one,) = knobs(first(sample, **settings))
    wanted = one["knob"]["settings"]["net.core.rmem_default"]
    tops = [
        settings.get("max_buffer_bytes") or 1 << 40,
        0.02 * sample["host"]["memory_bytes"],
        0.25 * sample["limits"]["udp_mem"][0] * 4096,
        50_000 * 832 * settings.get("max_queue_delay", 1.0) * 1.1,
    ]
    assert wanted <= min(tops)


@pytest.mark.parametrize("settings", [{"max_buffer_bytes": 4 * MIB}, {"max_queue_delay": 0.05}])
def test_beyond_a_ceiling_there_is_no_request(simulate: Make, settings: dict[str, Any]) -> None:
    found = first(bursty(simulate), **settings)
    assert found["causes"][0] == "slow_consumer"
    assert knobs(found) == []


def test_a_slow_consumer_gets_no_knob_and_everything_that_helps_instead(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    found = first(sample)
    assert found["causes"] == ["slow_consumer"]
    assert knobs(found) == []
    helping = [one["action"] for one in found["advice"] if one["helps"]]
    for word in ("4 consumers", "SO_REUSEPORT", "recvmmsg", "connection id", "AF_XDP"):
        assert any(word in action for action in helping), word
    assert all("server" in action for action in helping)
    assert any(not one["helps"] and "receive_buffer" in one["action"] for one in found["advice"])


def test_a_slow_consumer_under_a_quota_is_told_of_the_quota(simulate: Make) -> None:
    sample = simulate(lambda _now: 10_000.0, lambda now: 0.0 if now % 0.1 < 0.06 else 20_000.0, throttled=True)
    found = first(sample)
    (quota,) = [one for one in found["advice"] if "CPU quota of server" in one["action"]]
    assert quota["helps"]
    assert quota["recommended"] > quota["current"] == 0.5
    assert knobs(found) == []


def test_a_reader_that_waits_gains_nothing_from_a_bypass_of_the_stack(simulate: Make) -> None:
    sample = simulate(lambda _now: 10_000.0, lambda now: 0.0 if now % 0.1 < 0.08 else 20_000.0, blocked_in="write")
    (bypass,) = [one for one in first(sample)["advice"] if "AF_XDP" in one["action"]]
    assert bypass["helps"] is False


def softnet(document: Make, namespace: Make, lost: int, **cpu: Any) -> dict[str, Any]:
    sample = document([namespace("pod", BUSY)])
    sample["softnet"][1].update(dropped=lost, processed=100_000)
    sample["cpus"][1].update(cpu)
    return sample


def test_a_backlog_is_sized_by_what_it_lost(document: Make, namespace: Make) -> None:
    (one,) = knobs(first(softnet(document, namespace, 700)))
    assert one["knob"] == {"family": "sysctl_settings", "settings": {"net.core.netdev_max_backlog": 1700}}
    assert "restart" not in one


def test_a_backlog_keeps_within_what_its_cpu_works_off(document: Make, namespace: Make) -> None:
    sample = softnet(document, namespace, 90_000, softirq_share=0.5)
    # 100,000 in half of 4 s: 50,000 a second.
    (one,) = knobs(first(sample, max_queue_delay=0.1))
    assert one["recommended"] == 5000
    assert "cut to 5,000" in one["why"]
    found = first(sample, max_queue_delay=0.01)
    assert knobs(found) == []
    assert not any(one["helps"] for one in found["advice"] if "netdev_max_backlog" in one["action"])


def test_the_backlog_of_a_busy_cpu_is_left(document: Make, namespace: Make) -> None:
    assert knobs(first(softnet(document, namespace, 700, softirq_share=0.95))) == []


def test_a_backlog_whose_length_is_not_to_be_read_is_told_without_one(document: Make, namespace: Make) -> None:
    sample = softnet(document, namespace, 700)
    sample["limits"]["netdev_max_backlog"] = None
    found = first(sample)
    assert knobs(found) == []
    (one,) = [one for one in found["advice"] if "netdev_max_backlog" in one["action"]]
    assert "cannot be read" in one["why"]
    assert not any("None" in sentence for sentence in [*found["evidence"], one["action"], one["why"]])


def nic(document: Make, namespace: Make, ring: dict[str, int] | None, place: str = "host") -> dict[str, Any]:
    device = {"name": "eth0", "kind": None, "statistics": {"rx_packets": 9999, "rx_missed_errors": 800}}
    if place == "host":
        sample = document([])
        sample["namespaces"][0].update(counters=BUSY, devices=[device])
    else:
        sample = document([namespace(place, BUSY, devices=[device])])
    if ring is not None:
        sample["facts"] = {"interfaces": {"eth0": {"ring": ring}}}
    return sample


def test_a_ring_below_its_maximum_is_enlarged(document: Make, namespace: Make) -> None:
    (one,) = knobs(first(nic(document, namespace, {"rx": 256, "rx_max": 4096})))
    assert one["knob"] == {"family": "nic_ring", "interface": "eth0", "rx": "max"}
    assert one["fill_seconds"] == pytest.approx(4096 / 200)


@pytest.mark.parametrize(
    ("ring", "place"),
    [({"rx": 4096, "rx_max": 4096}, "host"), (None, "host"), ({"rx": 256, "rx_max": 4096}, "pod")],
)
def test_a_ring_at_its_maximum_unknown_or_in_a_pod_is_left(
    document: Make, namespace: Make, ring: dict[str, int] | None, place: str
) -> None:
    assert knobs(first(nic(document, namespace, ring, place))) == []


def test_the_ring_of_a_busy_cpu_is_left(document: Make, namespace: Make) -> None:
    sample = nic(document, namespace, {"rx": 256, "rx_max": 4096})
    sample["cpus"][0]["softirq_share"] = 0.95
    found = first(sample)
    assert found["causes"] == ["slow_consumer"]
    assert knobs(found) == []


def at_limit(simulate: Make, limit: int = 500) -> dict[str, Any]:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    pod = sample["namespaces"][1]
    pod["counters"].pop("Udp.RcvbufErrors")
    pod["counters"]["Udp.InErrors"] = 0
    sample["limits"]["udp_mem"] = [limit, 900_000, 1_000_000]
    sample["udp_memory"]["pages_max"] = limit
    return sample


def test_the_memory_of_all_sockets_is_raised_as_a_whole_triple(simulate: Make) -> None:
    sample = at_limit(simulate)
    lost = sample["namespaces"][1]["sockets"][0]["drops"]
    (one,) = knobs(first(sample))
    pages = 500 - (-lost * 832 // 4096)
    assert one["knob"]["settings"] == {"net.ipv4.udp_mem": f"{pages} 900000 1000000"}
    assert one["recommended"] == pages
    assert one["fill_seconds"] == pytest.approx(4.0, rel=0.01)
    assert "unit" in first(sample)["sockets"][0]


def test_the_memory_of_all_sockets_keeps_to_its_share(simulate: Make) -> None:
    sample = at_limit(simulate)
    sample["host"]["memory_bytes"] = 8 * 600 * 4096
    (one,) = knobs(first(sample))
    assert one["recommended"] == 600
    sample["host"]["memory_bytes"] = 8 * 500 * 4096
    assert knobs(first(sample)) == []


def test_a_cgroups_memory_is_none_of_our_knobs(simulate: Make) -> None:
    sample = at_limit(simulate)
    sample["udp_memory"]["pages_max"] = 10
    sample["limits"]["udp_mem"] = [200_000, 300_000, 400_000]
    found = first(sample)
    assert found["finding"] == "udp.memory_limit"
    assert knobs(found) == []


def test_triple_keeps_the_kernels_proportions_and_lowers_nothing() -> None:
    assert buffers.udp_mem_triple(300, [100, 150, 200]) == "300 400 600"
    assert buffers.udp_mem_triple(300, [400, 150, 900]) == "400 400 900"


def conntrack(document: Make, namespace: Make, place: str, count: int) -> dict[str, Any]:
    counters = {**BUSY, "conntrack.drop": 400, "conntrack.insert_failed": 0}
    sample = document([] if place == "host" else [namespace(place, {})])
    sample["namespaces"][-1].update(counters=counters, conntrack={"count": count, "max": 65536})
    return sample


def test_a_full_table_of_the_host_gets_room_for_what_it_refused(document: Make, namespace: Make) -> None:
    (one,) = knobs(first(conntrack(document, namespace, "host", 65536)))
    # 100 a second, each of which would have stood there for 30 s.
    assert one["knob"]["settings"] == {"net.netfilter.nf_conntrack_max": 65536 + 3000}
    assert one["fill_seconds"] == pytest.approx(30)


@pytest.mark.parametrize(("place", "count"), [("pod", 65536), ("host", 10)])
def test_a_table_elsewhere_or_not_full_is_left(document: Make, namespace: Make, place: str, count: int) -> None:
    assert knobs(first(conntrack(document, namespace, place, count))) == []


def test_every_socket_beyond_the_third_is_among_the_restarts(simulate: Make) -> None:
    sample = bursty(simulate)
    sockets = sample["namespaces"][1]["sockets"]
    for number in range(1, 6):
        other = copy.deepcopy(sockets[0])
        other.update(inode=4711 + number, pid=71 + number, local=f"10.0.0.1:{53 + number}")
        sockets.append(other)
    sample["namespaces"][1]["counters"]["Udp.RcvbufErrors"] *= 6
    sample["namespaces"][1]["counters"]["Udp.InErrors"] *= 6
    found = first(sample)
    assert len(knobs(found)) == 3
    assert {row["pid"] for one in knobs(found) for row in one["restart"]} == set(range(71, 77))


def test_key_is_the_same_in_another_namespace_of_that_name() -> None:
    one = {"finding": "nic.ring_overflow", "namespace": {"name": "host", "inode": 1}, "interface": "eth0"}
    assert finding_key(one) == finding_key({**one, "namespace": {"name": "host", "inode": 2}})
    assert finding_key(one) == "nic.ring_overflow|host|eth0"
    assert (
        finding_key({"finding": "softnet.flow_limit", "namespace": None, "interface": None}) == "softnet.flow_limit||"
    )


SCHEMA = json.loads((Path(__file__).parents[5] / "docs/report.schema.json").read_text(encoding="utf-8"))


def test_what_a_machine_reads_is_as_the_schema_has_it(simulate: Make, document: Make, namespace: Make) -> None:
    # The Pythons of hosts have no more than the tests of what runs there need.
    jsonschema = pytest.importorskip("jsonschema")
    samples = [
        bursty(simulate, cgroup="/system.slice/nsd.service"),
        simulate(lambda _now: 9000.0, lambda _now: 3000.0),
        at_limit(simulate),
        nic(document, namespace, {"rx": 256, "rx_max": 4096}),
        conntrack(document, namespace, "host", 65536),
    ]
    hosts = {f"h{number}": diagnose_host(sample, {}) for number, sample in enumerate(samples)}
    report = {"schema": 1, "generated_at": "2026-01-01T00:00:00Z", "hosts": hosts}
    check = jsonschema.Draft202012Validator(SCHEMA)
    check.validate(report)
    advice = knobs(hosts["h0"]["findings"][0])[0]
    for broken in ({"helps": False}, {"knob": {"family": "hope"}}, {"restart": [{"pid": "x"}]}, {"fill_seconds": -1}):
        kept = copy.deepcopy(advice)
        advice.update(broken)
        assert not check.is_valid(report), broken
        advice.clear()
        advice.update(kept)
