# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The variables of the tuning, typed and as the strings that -e makes of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.tuning_settings import (
    VARIABLES,
    as_requests,
    misspelt_rollback,
    misspelt_tuning,
    normalise_tuning,
)

DEFAULTS = yaml.safe_load(
    (Path(__file__).resolve().parents[4] / "roles/udp_tuning/defaults/main.yml").read_text(encoding="utf-8")
)


def one(name: str, value: Any) -> Any:
    return normalise_tuning({**DEFAULTS, "udp_tuning_" + name: value})[name]


def test_defaults_are_understood() -> None:
    settings = normalise_tuning(DEFAULTS)
    assert settings["profile"] == "buffers"
    assert settings["interfaces"] == ["auto"]
    assert settings["ring_rx"] == "profile"


def test_defaults_as_strings_are_the_same() -> None:
    as_strings = {name: str(value) if not isinstance(value, dict) else "{}" for name, value in DEFAULTS.items()}
    assert normalise_tuning(as_strings) == normalise_tuning(DEFAULTS)


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("rate", "25000", 25000.0),
        ("sockets", "16", 16),
        ("interfaces", "eth0, bond0", ["eth0", "bond0"]),
        ("force", "yes", True),
        ("rmem_max", "8388608", 8388608),
        ("rmem_max", " auto ", "auto"),
        ("udp_mem", "100 200 300", "100 200 300"),
        ("udp_mem", [100, 200, 300], "100 200 300"),
        ("udp_mem", "100,200,300", "100 200 300"),
        ("ring_rx", "max", "max"),
        ("ring_rx", 512, 512),
        ("channels", "4", 4),
        ("coalesce", '{"rx_usecs": "20", "adaptive_rx": "off"}', {"rx_usecs": 20, "adaptive_rx": False}),
        ("hash_fields", "sdfn", "sdfn"),
        ("indirection", "3,1", [3, 1]),
        ("indirection", [3, "1"], [3, 1]),
        ("irq_affinity", {0: 2, 1: "3-4"}, {"0": "2", "1": "3-4"}),
        ("irq_affinity", ["2", 3], {"0": "2", "1": "3"}),
        ("irq_affinity", '{"eth0": {"0": "2"}}', {"eth0": {"0": "2"}}),
        ("housekeeping_cpus", 0, "0"),
        ("housekeeping_cpus", [0, 1], "0-1"),
        # YAML makes false of the bare word off.
        ("rps", False, "off"),
        ("rfs", False, "off"),
        ("rps", "0,1,4", "0-1,4"),
        ("rfs", "4096", 4096),
        ("xps", ["0", "1"], ["0", "1"]),
        ("sysctls", {"net.ipv4.udp_rmem_min": 16384}, {"net.ipv4.udp_rmem_min": "16384"}),
        ("sysctls", {"net.ipv4.ip_local_port_range": [1024, 65000]}, {"net.ipv4.ip_local_port_range": "1024 65000"}),
        ("confirm_timeout", "0", 0),
    ],
)
def test_what_is_meant(name: str, value: Any, meant: Any) -> None:
    assert one(name, value) == meant


@pytest.mark.parametrize(
    ("name", "value", "fix"),
    [
        ("profile", "fast", "must be one of buffers, full"),
        ("rate", 0, "more than 0"),
        ("rate", "many", "must be a number"),
        ("rate", "50k", "give it without a unit"),
        ("rate", -1, "at most 1000000000, not -1"),
        ("memory_share", 1.5, "at most 1"),
        ("interfaces", "", "must be `auto` or names"),
        ("interfaces", "auto,eth0", "not both"),
        ("interfaces", ["../eth0"], "no name of a network interface"),
        ("interfaces", ["a-name-that-is-too-long"], "no name of a network interface"),
        ("rmem_max", "8M", "must be auto, keep or a whole number"),
        ("rmem_max", 100, "from 2304"),
        ("udp_mem", "300 200 100", "three rising numbers"),
        ("udp_mem", "100", "three rising numbers"),
        ("ring_rx", "most", "must be max, keep or a whole number"),
        ("ring_rx", "maxx", "(did you mean max?)"),
        ("ring_rx", True, "must be max, keep or a whole number"),
        ("channels", 0, "from 1"),
        ("coalesce", {"rx_usec": 3}, "unknown key 'rx_usec'"),
        ("hash_fields", "all", "must be one of keep, sdfn, sd"),
        ("indirection", "0,0", "one of them not 0"),
        ("indirection", "even", "must be keep, equal, default or a weight for each queue such as 2,1,1"),
        ("irq_affinity", "balanced", "must be keep, auto or queues"),
        ("irq_affinity", {"0": "two"}, "list of CPUs"),
        ("rps", True, "list of CPUs"),
        ("rps", "ff", "list of CPUs"),
        ("sysctls", {"net.core.rmem_max": None}, "must be a number or text"),
        ("sysctl_file", "/tmp/x.conf", "/etc/sysctl.d/NAME.conf"),
        ("sysctl_file", "/etc/sysctl.d/../x.conf", "/etc/sysctl.d/NAME.conf"),
        ("confirm_timeout", 5, "at least 10 seconds"),
        ("lease_seconds", 1, "at least 60"),
        ("force", "perhaps", "must be true or false"),
    ],
)
def test_what_cannot_be_names_the_variable_and_the_fix(name: str, value: Any, fix: str) -> None:
    with pytest.raises(SettingError) as caught:
        one(name, value)
    assert str(caught.value).startswith(f"udp_tuning_{name}")
    assert fix in str(caught.value)


def test_a_missing_variable_is_named() -> None:
    with pytest.raises(SettingError, match="udp_tuning_rate: is not defined"):
        normalise_tuning({name: value for name, value in DEFAULTS.items() if name != "udp_tuning_rate"})


def test_misspelt_names_are_found() -> None:
    assert misspelt_tuning([*VARIABLES, "udp_tuning_ring", "udp_audit_window"]) == [
        "udp_tuning_ring (did you mean udp_tuning_ring_tx?)"
    ]
    assert misspelt_rollback(["udp_rollback_force", "udp_rollback_forse"]) == [
        "udp_rollback_forse (did you mean udp_rollback_force?)"
    ]


def test_a_request_needs_its_family() -> None:
    assert as_requests("requests", None) is None
    assert as_requests("requests", [{"family": "nic_ring", "rx": "max"}]) == [{"family": "nic_ring", "rx": "max"}]
    with pytest.raises(SettingError, match="requests: an entry without `family`"):
        as_requests("requests", [{"interface": "eth0"}])
