# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a diagnosis to the steps of a round, through the real diagnosis; and on any entry: never what does not help."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import findings as catalogue
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host
from ansible_collections.rxpath.linux.plugins.module_utils._plan.order import FAMILY_ORDER
from ansible_collections.rxpath.linux.plugins.module_utils._plan.targeted import knobs_of, targeted
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._diagnose.conftest import (
    document,
    namespace,
    simulate,
)
from hypothesis import given
from hypothesis import strategies as st

OVERFLOW = "socket.receive_buffer_overflow"
RMEM_DEFAULT, RMEM_MAX = "net.core.rmem_default", "net.core.rmem_max"
BUSY = {"Udp.InDatagrams": 10000, "Ip.InReceives": 10000, "Ip.InDelivers": 10000}
MIB = 1 << 20


def bursts(length: float = 0.03, **more: Any) -> dict[str, Any]:
    return simulate(lambda now: 400_000.0 if now % 0.5 < length else 0.0, lambda _now: 50_000.0, **more)


def entry_of(sample: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """Return the entry as the controller has it: through JSON."""
    entry: dict[str, Any] = json.loads(json.dumps(diagnose_host(sample, settings)))
    return entry


def with_pod(sample: dict[str, Any], other: dict[str, Any], name: str) -> dict[str, Any]:
    pod = copy.deepcopy(other["namespaces"][1])
    pod.update(name=name, inode=7)
    sample["namespaces"].append(pod)
    return sample


def test_a_pod_that_never_asked_for_a_buffer() -> None:
    sample = bursts()
    sample["namespaces"][1]["sockets"][0]["container"] = "containerd:0123456789ab"
    plan = targeted(entry_of(sample), [])
    (step,) = plan["steps"]
    wanted = step["request"]["settings"][RMEM_DEFAULT]
    assert step["request"] == {"family": "sysctl_settings", "settings": {RMEM_DEFAULT: wanted}}
    assert (step["keys"], step["finding"]) == ([f"{OVERFLOW}|pod-1|"], OVERFLOW)
    assert step["restarts"] == [{"process": "server", "pid": 71, "unit": None, "container": "containerd:0123456789ab"}]
    assert step["what"] == f"{RMEM_DEFAULT} from 212992 to {wanted}"
    assert "832 bytes / 0.75" in step["why"]
    assert "pid 71" in step["why"]
    assert step["fill_seconds"] > 0
    assert plan["restarts"] == plan["left"] == []


def test_raised_already_leaves_the_restart() -> None:
    sample = bursts()
    sample["limits"]["rmem_default"] = 16 * MIB
    plan = targeted(entry_of(sample), [])
    assert plan["steps"] == plan["left"] == []
    (row,) = plan["restarts"]
    assert (row["key"], row["process"], row["pid"]) == (f"{OVERFLOW}|pod-1|", "server", 71)
    assert row["fill_seconds"] > 0


def test_a_slow_consumer_gets_nothing_but_words() -> None:
    plan = targeted(entry_of(simulate(lambda _now: 9000.0, lambda _now: 3000.0)), [])
    assert plan["steps"] == plan["restarts"] == []
    (said,) = plan["left"]
    for words in ("4 consumers", "SO_REUSEPORT", "λ = ", "μ = ", "server", "71", "recvmmsg", "connection id", "AF_XDP"):
        assert words in said, words
    assert "not a larger receive_buffer" in said


def test_a_pending_overflow_gets_nothing_but_words() -> None:
    plan = targeted(entry_of(simulate(lambda _now: 9000.0, lambda _now: 6000.0, receive_buffer=25 << 20)), [])
    assert plan["steps"] == []
    assert "overflows in" in plan["left"][0]


def test_two_pods_share_the_larger_value_and_name_both() -> None:
    large, small = bursts(0.03), bursts(0.01)
    both = targeted(entry_of(with_pod(large, small, "pod-2")), [])
    alone = [targeted(entry_of(one), [])["steps"][0] for one in (bursts(0.03), bursts(0.01))]
    (step,) = both["steps"]
    values = [one["request"]["settings"][RMEM_DEFAULT] for one in alone]
    assert values[0] > values[1]
    assert step["request"]["settings"][RMEM_DEFAULT] == values[0]
    assert step["keys"] == [f"{OVERFLOW}|pod-1|", f"{OVERFLOW}|pod-2|"]
    # The smaller loss fills the larger buffer more slowly.
    assert step["fill_seconds"] == pytest.approx(alone[1]["fill_seconds"] * values[0] / values[1], rel=0.01)
    assert len(step["restarts"]) == 1


def test_two_knobs_of_two_pods_are_two_steps() -> None:
    clamped = bursts(receive_buffer=2 * MIB)
    sample = with_pod(bursts(), clamped, "pod-2")
    sample["limits"]["rmem_max"] = MIB
    steps = targeted(entry_of(sample), [])["steps"]
    assert {tuple(step["request"]["settings"]) for step in steps} == {(RMEM_DEFAULT,), (RMEM_MAX,)}


def test_what_was_taken_back_is_not_asked_for_again_and_said() -> None:
    entry = entry_of(bursts())
    (step,) = targeted(entry, [])["steps"]
    for tried in (step["request"], {"family": "sysctl_settings", "settings": [RMEM_DEFAULT]}):
        plan = targeted(entry, [tried])
        assert plan["steps"] == []
        assert f"{RMEM_DEFAULT} was changed in an earlier round and taken back" in plan["left"][0]
        assert "SO_RCVBUF" in plan["left"][0]
    other = {"family": "sysctl_settings", "settings": {RMEM_MAX: 1}}
    assert targeted(entry, [other])["steps"] == [step]


def ring_loss(lost: int = 800) -> dict[str, Any]:
    sample = document([])
    device = {"name": "eth0", "kind": None, "statistics": {"rx_packets": 9999, "rx_missed_errors": lost}}
    sample["namespaces"][0].update(counters=BUSY, devices=[device])
    sample["facts"] = {"interfaces": {"eth0": {"ring": {"rx": 256, "rx_max": 4096}}}}
    return sample


def test_a_ring_overflow_gets_the_ring_of_its_interface() -> None:
    entry = entry_of(ring_loss())
    (step,) = targeted(entry, [])["steps"]
    assert step["request"] == {"family": "nic_ring", "interface": "eth0", "rx": "max"}
    assert step["keys"] == ["nic.ring_overflow|host|eth0"]
    assert step["what"] == "rx of eth0 (nic_ring) from 256 to max"
    for tried in (step["request"], {"family": "nic_ring", "interface": "eth0", "param": "rx"}):
        assert targeted(entry, [tried])["steps"] == []
    assert targeted(entry, [{**step["request"], "interface": "eth1"}])["steps"] == [step]


def test_first_and_main_loss_are_acted_on_in_the_order_of_the_work_and_no_other() -> None:
    sample = bursts()
    sample["namespaces"][0].update(ring_loss(20)["namespaces"][0])
    sample["facts"] = ring_loss()["facts"]
    sample["softnet"][1].update(dropped=30, processed=100_000)
    entry = entry_of(sample)
    assert (entry["first_loss"], entry["main_loss"]) == ("nic.ring_overflow", OVERFLOW)
    plan = targeted(entry, [])
    assert [step["request"]["family"] for step in plan["steps"]] == ["sysctl_settings", "nic_ring"]
    assert plan["left"] == [
        "softnet.backlog_overflow: smaller, and looked at again once the main and the first loss are gone"
    ]


def test_a_loss_at_the_memory_limit_gets_the_whole_triple() -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    pod = sample["namespaces"][1]
    pod["counters"].pop("Udp.RcvbufErrors")
    pod["counters"]["Udp.InErrors"] = 0
    sample["limits"]["udp_mem"] = [500, 700, 900]
    sample["udp_memory"]["pages_max"] = 500
    (step,) = targeted(entry_of(sample), [])["steps"]
    numbers = [int(word) for word in step["request"]["settings"]["net.ipv4.udp_mem"].split()]
    assert numbers[0] > 500
    assert numbers == [numbers[0], -(-numbers[0] * 4 // 3), 2 * numbers[0]]


def test_a_triple_is_merged_number_by_number() -> None:
    one, two = (made(advice_of({"net.ipv4.udp_mem": value})) for value in ("5 6 30", "4 9 10"))
    two["namespace"] = {"name": "b", "inode": 2, "container": None}
    (step,) = targeted(entry_with([one, two]), [])["steps"]
    assert step["request"]["settings"] == {"net.ipv4.udp_mem": "5 9 30"}


@pytest.mark.parametrize(
    "counters",
    [
        {"Ip.ReasmFails": 40, "Ip.ReasmReqds": 40},
        {"Ip.InHdrErrors": 40},
        {"Udp.InCsumErrors": 40, "Udp.InErrors": 40},
        {"conntrack.drop": 9, "conntrack.insert_failed": 9},
    ],
)
def test_a_loss_that_no_knob_cures_is_said_with_what_helps(counters: dict[str, int]) -> None:
    plan = targeted(entry_of(document([namespace("pod", {**BUSY, **counters})])), [])
    assert plan["steps"] == plan["restarts"] == []
    assert "no knob of this host cures it; what would help: " in plan["left"][0]


@pytest.mark.parametrize("ignore", [{"ports": [53]}, {"namespaces": ["pod-1"]}])
def test_what_the_site_ignores_is_left_alone(ignore: dict[str, Any]) -> None:
    assert targeted(entry_of(bursts(), ignore=ignore), []) == {"steps": [], "restarts": [], "left": []}


def test_a_healthy_host_and_one_without_findings() -> None:
    empty: dict[str, Any] = {"steps": [], "restarts": [], "left": []}
    assert targeted(entry_of(document([namespace("pod", BUSY)])), []) == empty
    assert targeted({"status": "unreachable", "findings": [], "main_loss": None, "first_loss": None}, []) == empty


@pytest.mark.parametrize("share", [0.02, 0.001])
def test_no_step_exceeds_the_ceilings(share: float) -> None:
    sample = bursts()
    sample["host"]["memory_bytes"] = 2 << 30
    entry = entry_of(sample, thresholds={"buffer_memory_share": share})
    steps = targeted(entry, [])["steps"]
    assert bool(steps) == (share == 0.02)
    assert all(value <= share * (2 << 30) for step in steps for value in step["request"]["settings"].values())


# Any entry.


def advice_of(settings: dict[str, Any], helps: bool = True) -> dict[str, Any]:
    knob = {"family": "sysctl_settings", "settings": settings}
    return {"action": "a", "current": 1, "recommended": 2, "helps": helps, "why": "w", "knob": knob}


def made(*advice: dict[str, Any], name: str = "udp.memory_limit", causes: list[str] | None = None) -> dict[str, Any]:
    where = catalogue.Where("a", 1, None)
    return catalogue.finding(name, where, 9, seconds=1.0, causes=causes, advice=list(advice))


def entry_with(findings: list[dict[str, Any]]) -> dict[str, Any]:
    return {"findings": findings, "main_loss": "udp.memory_limit", "first_loss": OVERFLOW}


@pytest.mark.parametrize("unfit", [{"certainty": "hint"}, {"class": "info"}, {"class": "refused"}, {"ignored": True}])
def test_a_hint_a_refusal_and_what_is_ignored_are_never_acted_on(unfit: dict[str, Any]) -> None:
    one = made(advice_of({RMEM_MAX: 1}))
    assert len(targeted(entry_with([one]), [])["steps"]) == 1
    assert targeted(entry_with([{**one, **unfit}]), [])["steps"] == []


KNOBS = st.one_of(
    st.dictionaries(st.sampled_from(["a", "b", "c"]), st.integers(0, 1 << 40), min_size=1).map(
        lambda settings: {"family": "sysctl_settings", "settings": settings}
    ),
    st.builds(
        lambda family, interface, value: {"family": family, "interface": interface, "rx": value},
        st.sampled_from(FAMILY_ORDER[1:]),
        st.sampled_from(["eth0", "eth1"]),
        st.sampled_from(["max", "512", "1024"]),
    ),
)
ADVICE = st.builds(
    lambda helps, knob, fill: {
        **advice_of({}, helps),
        "knob": knob,
        "fill_seconds": fill,
        "restart": [{"process": "p", "pid": 1, "unit": None, "container": None}],
    },
    st.booleans(),
    st.one_of(st.none(), KNOBS),
    st.floats(0, 1e6),
)
FINDINGS = st.builds(
    lambda name, place, causes, advice, ignored, certainty, kind: {
        **made(*advice, name=name, causes=causes),
        "namespace": {"name": place, "inode": 1, "container": None},
        "ignored": ignored,
        "certainty": certainty,
        "class": kind,
    },
    st.sampled_from(["udp.memory_limit", OVERFLOW, "nic.ring_overflow"]),
    st.sampled_from(["host", "pod"]),
    st.sampled_from([[], ["arrival_burst"], ["slow_consumer"], ["reader_stall", "slow_consumer"]]),
    st.lists(ADVICE, max_size=4),
    st.booleans(),
    st.sampled_from(["exact", "bound", "hint"]),
    st.sampled_from(["loss", "refused", "info"]),
)


@given(st.lists(FINDINGS, max_size=6), st.lists(KNOBS, max_size=3))
def test_no_step_was_ever_called_vain_and_none_is_repeated(
    findings: list[dict[str, Any]], tried: list[dict[str, Any]]
) -> None:
    plan = targeted(entry_with(findings), tried)
    allowed: dict[tuple[str, str, str], set[str]] = {}
    for one in findings:
        acted = one["finding"] in ("udp.memory_limit", OVERFLOW) and one["class"] == "loss" and not one["ignored"]
        if not acted or one["certainty"] == "hint" or one["causes"][:1] == ["slow_consumer"]:
            continue
        for advice in one["advice"]:
            for knob in knobs_of(advice["knob"]) if advice["helps"] and advice["knob"] else ():
                allowed.setdefault(knob, set()).add(catalogue.finding_key(one))
    spent = {knob for request in tried for knob in knobs_of(request)}
    planned: dict[tuple[str, str, str], set[str]] = {}
    for step in plan["steps"]:
        (knob,) = knobs_of(step["request"])
        assert knob not in planned
        planned[knob] = set(step["keys"])
        assert step["request"]["family"] in FAMILY_ORDER
        assert step["fill_seconds"] >= 0
    assert planned == {knob: keys for knob, keys in allowed.items() if knob not in spent}


@given(st.lists(FINDINGS, max_size=6))
def test_sysctls_go_first_and_interfaces_one_after_another(findings: list[dict[str, Any]]) -> None:
    steps = [step["request"] for step in targeted(entry_with(findings), [])["steps"]]
    order = [(step.get("interface", ""), FAMILY_ORDER.index(step["family"])) for step in steps]
    assert order == sorted(order)


@given(st.lists(FINDINGS, max_size=6))
def test_every_finding_acted_on_is_answered(findings: list[dict[str, Any]]) -> None:
    """Nothing is passed over in silence: a step, a restart or a sentence for each."""
    entry = entry_with(findings)
    plan = targeted(entry, [])
    keys = {key for step in plan["steps"] for key in step["keys"]} | {row["key"] for row in plan["restarts"]}
    for one in findings:
        acted = one["finding"] in ("udp.memory_limit", OVERFLOW) and one["class"] == "loss" and not one["ignored"]
        if acted and one["certainty"] != "hint" and catalogue.finding_key(one) not in keys:
            assert any(one["finding"] in sentence for sentence in plan["left"])
