# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the hops, typed and as the strings that -e makes of them, and the rounds that they mean."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_judged import hosts_of
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_settings import (
    HopsSettings,
    misspelt_hops,
    normalise_hops,
    rounds,
)

DEFAULTS = yaml.safe_load(
    (Path(__file__).resolve().parents[4] / "roles/udp_hops/defaults/main.yml").read_text(encoding="utf-8")
)
GROUPS = [["c1", "c2"], ["p1"], ["s1", "s2"]]


def settings(**given: Any) -> HopsSettings:
    named = {f"udp_hops_{name}": value for name, value in given.items()}
    return normalise_hops({**DEFAULTS, "udp_hops_path": "clients,proxies,servers", **named})


def ways(found: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    return [tuple(one["hosts"]) for one in found]


def test_defaults_measure_and_send_nothing() -> None:
    chosen = settings()
    assert chosen.path == ("clients", "proxies", "servers")
    assert chosen.probe is None
    assert rounds(chosen, GROUPS) == [{"kind": "counters", "hosts": ["c1", "c2", "p1", "s1", "s2"]}]


def test_strings_mean_the_same() -> None:
    lists = ("udp_hops_path", "udp_hops_probe_legs")
    as_strings = {name: str(value) for name, value in DEFAULTS.items() if name not in lists}
    words = {"udp_hops_probe_legs": "hops,direct,forwarded", "udp_hops_path": "a, b"}
    assert normalise_hops({**as_strings, **words}) == normalise_hops({**DEFAULTS, "udp_hops_path": ["a", "b"]})


def test_a_probe_goes_from_hop_to_hop_and_straight_and_through_each_forwarder() -> None:
    plain = rounds(settings(probe="yes"), GROUPS)
    assert ways(plain) == [("c1", "p1"), ("p1", "s1"), ("c1", "s1")]
    through = rounds(settings(probe=True, forward_port=53, probe_port="5301"), GROUPS)
    assert ways(through) == [*ways(plain), ("c1", "p1", "s1")]
    assert (through[-1]["sender"], through[-1]["via"], through[-1]["receiver"]) == ("c1", "p1", "s1")


def test_legs_can_be_chosen() -> None:
    chosen = {"probe": True, "forward_port": 53, "probe_port": 5301}
    assert ways(rounds(settings(**chosen, probe_legs="forwarded"), GROUPS)) == [("c1", "p1", "s1")]
    assert ways(rounds(settings(**chosen, probe_legs=["direct"]), GROUPS)) == [("c1", "s1")]
    four = [["a"], ["b"], ["c"], ["d"]]
    assert ways(rounds(settings(**chosen, probe_legs="forwarded"), four)) == [("a", "b", "c"), ("b", "c", "d")]


def test_of_two_hosts_the_hop_is_the_straight_way() -> None:
    assert ways(rounds(settings(path="a,b", probe=True), [["a"], ["b"]])) == [("a", "b")]
    assert ways(rounds(settings(path="a,b", probe=True, probe_legs="direct"), [["a"], ["b"]])) == [("a", "b")]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"path": []}, "udp_hops_path: name two or more"),
        ({"path": "clients"}, "udp_hops_path: name two or more"),
        ({"path": ["a", " "]}, "udp_hops_path: name two or more"),
        ({"window": 0}, "udp_hops_window: must be a number more than 0"),
        ({"namespaces": ""}, "udp_hops_namespaces: must be `all`"),
        ({"probe": "perhaps"}, "udp_hops_probe: must be true or false"),
        ({"probe": True, "probe_rate": "1k"}, "udp_hops_probe_rate: must be a whole number"),
        ({"probe": True, "probe_rate": 200001}, "udp_hops_probe_rate: must be .* at most 200000"),
        ({"probe": True, "probe_size": 19}, "udp_hops_probe_size: must be .* at least 20"),
        ({"probe": True, "probe_duration": 61}, "udp_hops_probe_duration: must be .* at most 60"),
        ({"probe": True, "probe_rate": 200000, "probe_duration": 60, "probe_size": 1400}, "more than the 4000000000"),
        ({"probe_legs": "straight"}, "udp_hops_probe_legs: unknown value 'straight'; there are: hops, direct"),
        ({"probe_legs": "hop"}, "did you mean hops"),
        ({"probe_legs": ""}, "udp_hops_probe_legs: must name one of"),
        ({"forward_port": 53}, "udp_hops_probe_port: must be the port that udp_hops_forward_port"),
        ({"forward_port": 53, "probe_port": 99, "path": "a,b"}, "udp_hops_forward_port: needs a forwarder"),
        ({"forward_port": 65536}, "udp_hops_forward_port: must be"),
        ({"max_loss_ratio": 1.5}, "udp_hops_max_loss_ratio: must be"),
        ({"report_dir": ""}, "udp_hops_report_dir: must be a path"),
    ],
)
def test_what_cannot_be_is_named(given: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingError, match=says):
        settings(**given)


def test_a_leg_through_a_forwarder_needs_its_port() -> None:
    with pytest.raises(SettingError, match="leaves nothing to probe"):
        rounds(settings(probe=True, probe_legs="forwarded"), GROUPS)


def test_misspelt_variables_are_told() -> None:
    names = ["udp_hops_probe_rat", "udp_hops_window", "udp_hops_address", "other"]
    assert misspelt_hops(names) == ["udp_hops_probe_rat (did you mean udp_hops_probe_rate?)"]


INVENTORY: dict[str, Any] = {
    "groups": {"all": ["c1", "p1", "s1"], "clients": ["c1"], "proxies": ["p1"], "servers": ["s1"], "none": []},
    "ansible_play_hosts_all": ["c1", "p1", "s1"],
}


def test_a_path_is_of_groups_and_hosts() -> None:
    assert hosts_of(["clients", "p1", "servers"], INVENTORY) == [["c1"], ["p1"], ["s1"]]


@pytest.mark.parametrize(
    ("path", "says"),
    [
        (["clients", "elsewhere"], "'elsewhere' is no group or host of the inventory"),
        (["clients", "none"], "'none' is no group or host"),
        (["client", "servers"], r"\(did you mean clients\?\)"),
        (["clients", "c1"], "c1 would be in two places of the path"),
    ],
)
def test_a_path_that_cannot_be(path: list[str], says: str) -> None:
    with pytest.raises(SettingError, match=says):
        hosts_of(path, INVENTORY)


def test_hosts_that_a_limit_leaves_out_are_not_on_the_path() -> None:
    limited = {**INVENTORY, "ansible_play_hosts_all": ["c1", "s1"]}
    with pytest.raises(SettingError, match="'proxies' is no group or host of the inventory with hosts in this run"):
        hosts_of(["clients", "proxies", "servers"], limited)
