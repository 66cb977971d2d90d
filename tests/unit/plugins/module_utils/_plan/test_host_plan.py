# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A host's plan: which devices, in which order, what is left alone and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._plan.host_plan import host_plan
from ansible_collections.rxpath.linux.plugins.module_utils._plan.interfaces import (
    NoSuchInterfaceError,
    choose,
    in_turn,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.refusals import DEVICE_FAMILIES, refusal
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._plan.surveys import nic, settings, survey

BOND: dict[str, Any] = {
    "eth0": nic(master="bond0"),
    "eth1": nic(master="bond0", numa_node=1),
    "eth2": nic(state="down"),
    "bond0": {"kind": "bond", "below": ["eth0", "eth1"], "bond": {"active_slave": "eth0"}},
    "bond0.7": {"kind": "vlan", "below": ["eth0", "eth1"]},
}
LINKS: dict[str, Any] = {
    "eth0": {"kind": "", "up": False},
    "eth1": {"kind": "", "up": False},
    "eth2": {"kind": "", "up": False},
    "bond0": {"kind": "bond", "up": True},
    "bond0.7": {"kind": "vlan", "up": True},
    "veth1": {"kind": "veth", "up": True},
    "veth2": {"kind": "veth", "up": True},
    "lo": {"kind": "", "up": True},
}


def nothing(_request: Mapping[str, Any]) -> dict[str, Any]:
    return {"changes": []}


def everything(request: Mapping[str, Any]) -> dict[str, Any]:
    """Every family changes something; channels become 8."""
    if request["family"] == "nic_channels":
        return {"changes": [{"knob": "channels", "target": "x", "from": {}, "to": {"rx": 0, "tx": 0, "combined": 8}}]}
    return {"changes": [{"knob": request["family"], "target": "x", "from": 0, "to": 1}]}


def families(plan: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(request.get("interface", ""), request["family"]) for request in plan["requests"]]


# Which devices.


def test_auto_finds_what_is_up_or_below_something_that_is() -> None:
    choice = choose(["auto"], BOND, LINKS)
    assert choice.chosen == ["eth0", "eth1"]
    assert {"interface": "eth2", "why": "down, and nothing that is up stands on it"} in choice.skipped


def test_auto_names_what_it_leaves_alone() -> None:
    skipped = {item["interface"]: item["why"] for item in choose(["auto"], BOND, LINKS).skipped}
    assert "below it: eth0, eth1" in skipped["bond0"]
    assert "vlan" in skipped["bond0.7"]
    assert "2 of kind veth" in skipped
    assert not [name for name in skipped if name.startswith("veth") or name == "lo"]


def test_auto_tells_which_devices_it_stands_for() -> None:
    told = (
        "auto stands for eth0, eth1, one for management alone included; name the others in udp_tuning_interfaces to"
        " leave it out"
    )
    assert told in host_plan(settings(profile="full"), survey(BOND, LINKS), nothing)["notes"]
    # Not where there is no choice, where no device is asked for anything, and where they were named.
    for wanted in (
        host_plan(settings(profile="full"), survey(), nothing),
        host_plan(settings(), survey(BOND, LINKS), nothing),
        host_plan(settings(profile="full", interfaces=["eth0", "eth1"]), survey(BOND, LINKS), nothing),
    ):
        assert not [note for note in wanted["notes"] if note.startswith("auto ")]


def test_a_stack_that_is_named_stands_for_the_hardware_below() -> None:
    choice = choose(["bond0.7"], BOND, LINKS)
    assert choice.chosen == ["eth0", "eth1"]
    assert "bond0.7 (vlan) stands for" in choice.notes[0]


def test_a_virtual_device_that_is_named_has_rps_alone() -> None:
    choice = choose(["veth1"], BOND, LINKS)
    assert (choice.chosen, choice.virtual) == ([], ["veth1"])
    plan = host_plan(settings(interfaces=["veth1"], profile="full", rps="0-1"), survey(BOND, LINKS), nothing)
    assert ("veth1", "packet_steering") in families(plan)
    assert not [family for name, family in families(plan) if name and family != "packet_steering"]


def test_an_unknown_name_is_an_error_that_tells_the_names() -> None:
    with pytest.raises(NoSuchInterfaceError, match=r"udp_tuning_interfaces: no such network interface: eth9 .*bond0"):
        choose(["eth9"], BOND, LINKS)


def test_the_active_slave_comes_last() -> None:
    assert in_turn(["eth0", "eth1"], BOND) == ["eth1", "eth0"]


# What is asked for.


def test_the_default_profile_touches_no_device() -> None:
    assert families(host_plan(settings(), survey(), nothing)) == [("", "sysctl_settings")]


def test_full_turns_the_nic_and_the_interrupts_in_order() -> None:
    plan = host_plan(settings(profile="full"), survey(), nothing)
    assert families(plan) == [
        ("", "sysctl_settings"),
        ("eth0", "nic_channels"),
        ("eth0", "nic_ring"),
        ("eth0", "nic_rss"),
        ("eth0", "irq_affinity"),
    ]
    ring = next(request for request in plan["requests"] if request["family"] == "nic_ring")
    assert (ring["rx"], ring["memory_limit"], "tx" in ring) == ("max", 256 << 20, False)


def test_a_knob_named_alone_turns_that_one() -> None:
    plan = host_plan(settings(profile="none", ring_rx="max"), survey(), nothing)
    assert families(plan) == [("eth0", "nic_ring")]


def test_a_plan_of_some_families_leaves_the_others_alone() -> None:
    plan = host_plan(settings(profile="full", families=["nic_ring", "irq_affinity"]), survey(), everything)
    assert families(plan) == [("eth0", "nic_ring"), ("eth0", "irq_affinity")]
    # No channels are changed, so that nothing is planned for their number.
    assert not [request for request in plan["requests"] if "channels" in request]
    assert not [note for note in plan["notes"] if "receive buffer" in note]
    plan = host_plan(settings(profile="full", families=["sysctl_settings"]), survey(), everything)
    assert families(plan) == [("", "sysctl_settings")]
    assert plan["interfaces"] == []
    asked = [{"family": "nic_ring", "interface": "eth0", "rx": "max"}, {"family": "sysctl_settings", "settings": {}}]
    plan = host_plan({**settings(families=["nic_ring"]), "requests": asked}, survey(), everything)
    assert families(plan) == [("eth0", "nic_ring")]
    # RPS of a virtual device that was named.
    virtual = settings(interfaces=["veth1"], rps="0", families=["nic_ring"])
    assert families(host_plan(virtual, survey(BOND, LINKS), everything)) == []


def test_a_named_keep_wins_over_the_profile() -> None:
    plan = host_plan(settings(profile="full", channels="keep", irq_affinity="keep"), survey(), nothing)
    assert ("eth0", "nic_channels") not in families(plan)
    assert ("eth0", "irq_affinity") not in families(plan)


def test_none_asks_for_nothing() -> None:
    plan = host_plan(settings(profile="none"), survey(), everything)
    assert (plan["requests"], plan["interfaces"], plan["executions"]) == ([], [], 1)


def test_a_driver_without_combined_channels_is_asked_for_receive_channels() -> None:
    apart = nic(channels={"rx_max": 4, "tx_max": 4, "combined_max": 0, "rx": 2, "tx": 2, "other": 0, "combined": 0})
    plan = host_plan(settings(profile="none", channels=4), survey({"eth0": apart}), nothing)
    assert plan["requests"] == [{"family": "nic_channels", "interface": "eth0", "rx": "4", "changes": []}]


@pytest.mark.parametrize("knob", [{"0": "2", "1": "3"}, {"eth0": {"0": "2", "1": "3"}, "eth1": {"0": "7"}}])
def test_explicit_interrupts_are_for_all_devices_or_by_name(knob: dict[str, Any]) -> None:
    plan = host_plan(settings(profile="none", irq_affinity=knob), survey(), nothing)
    assert plan["requests"][0]["queues"] == {"0": "2", "1": "3"}


def test_every_knob_reaches_its_family() -> None:
    named = settings(
        profile="none",
        channels=2,
        ring_rx=512,
        ring_tx="max",
        coalesce={"rx_usecs": 20, "adaptive_rx": False},
        hash_fields="sdfn",
        indirection=[2, 1],
        irq_affinity="auto",
        housekeeping_cpus="0",
        rps="auto",
        rfs=4096,
        xps="off",
    )
    requests = {item["family"]: item for item in host_plan(named, survey(), nothing)["requests"]}
    assert requests["nic_channels"]["combined"] == "2"
    assert (requests["nic_ring"]["rx"], requests["nic_ring"]["tx"]) == ("512", "max")
    assert requests["nic_coalesce"]["rx_usecs"] == "20"
    assert requests["nic_coalesce"]["adaptive_rx"] == "off"
    assert (requests["nic_rss"]["udp4"], requests["nic_rss"]["weights"]) == ("sdfn", [2, 1])
    assert (requests["irq_affinity"]["policy"], requests["irq_affinity"]["housekeeping_cpus"]) == ("auto", ["0"])
    steering = requests["packet_steering"]
    assert (steering["rps"], steering["rfs"], steering["xps"]) == ("auto", "4096", "off")


# One thing depends on another.


def test_what_follows_a_channel_change_is_planned_for_the_queues_to_come() -> None:
    plan = host_plan(settings(profile="full", rps="auto", indirection="equal"), survey(), everything)
    told = {request["family"]: request.get("channels") for request in plan["requests"]}
    assert {family for family, number in told.items() if number == 8} == {
        "nic_ring",
        "nic_rss",
        "irq_affinity",
        "packet_steering",
    }


def test_steering_is_planned_for_the_interrupts_to_come() -> None:
    def predict(request: Mapping[str, Any]) -> dict[str, Any]:
        if request["family"] != "irq_affinity":
            return {"changes": []}
        return {"changes": [{"knob": "irq", "target": "eth0 rx-1 tx-1", "from": "0", "to": "3"}]}

    irqs = [
        {"serves": "rx-0 tx-0", "asked": "2"},
        {"serves": "rx-1 tx-1", "asked": "0"},
        {"serves": None, "asked": "0"},
    ]
    named = settings(profile="none", irq_affinity="auto", xps="auto")
    plan = host_plan(named, survey({"eth0": nic(irqs=irqs)}), predict)
    assert plan["requests"][-1]["interrupts"] == {"0": "2", "1": "3"}


def test_two_nics_of_a_node_do_not_share_cores() -> None:
    three = {"eth0": nic(), "eth1": nic(), "eth2": nic(numa_node=1)}
    plan = host_plan(settings(profile="none", irq_affinity="auto"), survey(three), nothing)
    assert {item["interface"]: item["skip"] for item in plan["requests"]} == {"eth0": 0, "eth1": 4, "eth2": 0}


def test_what_belongs_to_the_host_is_changed_once() -> None:
    def predict(request: Mapping[str, Any]) -> dict[str, Any]:
        ban = {"banned": {request["interface"]: "igb"}}
        return {
            "changes": [
                {"knob": "irqbalance", "target": "banned devices", "from": None, "to": ban},
                {"knob": "sysctl", "target": "net.core.rps_sock_flow_entries", "from": "0", "to": "32768"},
            ]
        }

    two = survey({"eth0": nic(), "eth1": nic()})
    first, second = host_plan(settings(profile="none", irq_affinity="auto"), two, predict)["requests"]
    assert len(first["changes"]) == 2
    assert second["changes"] == [
        {
            "knob": "irqbalance",
            "target": "banned devices",
            "from": {"banned": {"eth0": "igb"}},
            "to": {"banned": {"eth0": "igb", "eth1": "igb"}},
        }
    ]
    # Its module is told in check mode what has to be thought of as made.
    assert "earlier" not in first
    assert second["earlier"] == [
        {"knob": "irqbalance", "target": "banned devices", "to": {"banned": {"eth0": "igb"}}},
        {"knob": "sysctl", "target": "net.core.rps_sock_flow_entries", "to": "32768"},
    ]


def test_what_belongs_to_the_host_is_changed_in_the_order_of_turns() -> None:
    """The active slave comes last, whatever its name; the ban once started from the order of names."""

    def predict(request: Mapping[str, Any]) -> dict[str, Any]:
        ban = {"banned": {request["interface"]: "igb"}}
        row = {"knob": "irqbalance", "target": "banned devices", "from": None, "to": ban}
        return {"changes": [row] if request["family"] == "irq_affinity" else []}

    plan = host_plan(settings(profile="none", irq_affinity="auto"), survey(BOND, LINKS), predict)
    froms = [request["changes"][0]["from"] for request in plan["requests"]]
    first = plan["interfaces"][0]
    assert froms == [None, {"banned": {first: "igb"}}]


def test_places_do_not_depend_on_which_slave_is_active() -> None:
    other = {**BOND, "bond0": {**BOND["bond0"], "bond": {"active_slave": "eth1"}}}
    plans = [
        host_plan(settings(profile="full"), survey(devices, LINKS), nothing)["requests"] for devices in (BOND, other)
    ]
    keyed = [{(item.get("interface"), item["family"]): item for item in plan} for plan in plans]
    assert keyed[0] == keyed[1]


def test_devices_have_their_turn_one_after_another() -> None:
    plan = host_plan(settings(profile="full"), survey(BOND, LINKS), everything)
    assert plan["interfaces"] == ["eth1", "eth0"]
    names = [name for name, _family in families(plan)]
    assert names == ["", "eth1", "eth1", "eth1", "eth1", "eth0", "eth0", "eth0", "eth0"]
    # The plan, a session begun and finished, and every request.
    assert plan["executions"] == 1 + 2 + 9


def test_one_execution_where_nothing_differs() -> None:
    assert host_plan(settings(profile="full"), survey(), nothing)["executions"] == 1


def test_an_image_keeps_auto_for_its_first_boot() -> None:
    image = survey({}, image=True, memory=None)
    plan = host_plan(settings(profile="full", persist_only=True), image, everything)
    assert plan["interfaces"] == ["auto"]
    assert ("auto", "nic_ring") in families(plan)


# What is left alone.


@pytest.mark.parametrize(
    ("facts", "why", "families_left"),
    [
        ({"xdp": "native"}, "carries an XDP program", DEVICE_FAMILIES),
        ({"af_xdp": [0, 1]}, "AF_XDP sockets are bound to its queues (0, 1)", DEVICE_FAMILIES),
        ({"netvsc_pair": "eth1"}, "one half of a pair with eth1", DEVICE_FAMILIES),
        ({"tuned": {"nic_ring": "tuned sets ring"}}, "tuned sets ring", ("nic_ring",)),
        ({"rss_contexts": 1}, "RSS contexts", ("nic_channels", "nic_rss", "irq_affinity", "packet_steering")),
        ({"flow_rules": 3}, "3 flow steering rules", ("nic_channels", "nic_rss", "irq_affinity", "packet_steering")),
        ({"custom_table": True}, "somebody weighted", ("nic_channels", "nic_rss", "irq_affinity", "packet_steering")),
    ],
)
def test_a_device_that_somebody_set_up_is_left_alone(
    facts: dict[str, Any], why: str, families_left: tuple[str, ...]
) -> None:
    host = survey({"eth0": nic(**facts)})
    for family in DEVICE_FAMILIES:
        told = refusal(host, "eth0", family)
        assert (why in (told or "")) is (family in families_left)
    plan = host_plan(settings(profile="full"), host, everything)
    assert len(plan["refused"]) == 1
    assert why in plan["refused"][0]
    assert "left as they are" in plan["refused"][0]
    left = {family for name, family in families(plan) if name} & set(families_left)
    assert not left


def test_a_table_of_our_own_is_no_reason() -> None:
    host = survey({"eth0": nic(custom_table=True, indirection_is_ours=True)})
    assert host_plan(settings(profile="full"), host, everything)["refused"] == []


def test_an_agent_owns_its_drivers_alone() -> None:
    agent = {"name": "Google's guest agent", "sign": "x", "owns": ["irq_affinity"], "drivers": ["gve"]}
    host = survey({"eth0": nic(driver="gve"), "eth1": nic(driver="igb")}, agents=[agent])
    plan = host_plan(settings(profile="none", irq_affinity="auto"), host, nothing)
    assert [name for name, _family in families(plan)] == ["eth1"]
    assert "Google's guest agent owns this" in plan["refused"][0]


def test_force_overrules_and_is_handed_on() -> None:
    plan = host_plan(settings(profile="full", force=True), survey({"eth0": nic(xdp="native")}), nothing)
    assert plan["refused"] == []
    assert all(item.get("force") for item in plan["requests"] if item.get("interface"))


def test_sentences_of_the_families_are_told_once() -> None:
    def predict(_request: Mapping[str, Any]) -> dict[str, Any]:
        return {"changes": [], "unsupported": ["no ring"], "notes": ["a note"], "warnings": ["mind"], "refused": ["no"]}

    plan = host_plan(settings(profile="full"), survey(), predict)
    assert plan["unsupported"] == ["no ring"]
    assert plan["warnings"] == ["mind"]
    assert plan["refused"] == ["no"]


# A list of requests instead of a profile.


def test_a_list_of_requests_replaces_the_profile() -> None:
    listed = [
        {"family": "packet_steering", "interface": "eth0", "rps": "auto"},
        {"family": "nic_channels", "interface": "eth0", "combined": 8},
        {"family": "sysctl_settings", "settings": {"net.core.rmem_max": "5000000"}},
    ]
    plan = host_plan(settings(profile="full", requests=listed), survey(), everything)
    assert families(plan) == [("", "sysctl_settings"), ("eth0", "nic_channels"), ("eth0", "packet_steering")]
    assert plan["requests"][-1]["channels"] == 8


def test_a_list_of_requests_is_refused_as_a_profile_is() -> None:
    listed = [{"family": "nic_ring", "interface": "eth0", "rx": "max"}]
    plan = host_plan(settings(requests=listed), survey({"eth0": nic(xdp="generic")}), everything)
    assert plan["requests"] == []
    assert "XDP" in plan["refused"][0]
