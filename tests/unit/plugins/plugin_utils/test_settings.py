# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Variables as they come (typed from an inventory, strings from ``-e``) and what is made of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import settings as diagnosis
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.improvement import Limits
from ansible_collections.rxpath.linux.plugins.plugin_utils.settings import VARIABLES, check_wave, misspelt, normalise
from hypothesis import given
from hypothesis import strategies as st

ROLE = Path(__file__).resolve().parents[4] / "roles/udp_audit"
DEFAULTS: dict[str, Any] = yaml.safe_load((ROLE / "defaults/main.yml").read_text(encoding="utf-8"))


def with_(**changed: Any) -> dict[str, Any]:
    return {**DEFAULTS, **{f"udp_audit_{name}": value for name, value in changed.items()}}


def test_role_defaults_are_those_of_the_diagnosis() -> None:
    settings = normalise(DEFAULTS)
    assert settings.diagnose == {**diagnosis.DEFAULTS, "thresholds": diagnosis.DEFAULT_THRESHOLDS}
    assert settings.measure == {
        "window": 10.0,
        "interval": 0.05,
        "namespaces": ["all"],
        "max_extension": 30.0,
        "drop_reasons": False,
    }
    assert settings.report_dir == "udp-audit/"
    assert settings.report_formats == ["json", "html", "junit", "prometheus"]


def test_defaults_as_strings_mean_the_same() -> None:
    strings = {
        name: ",".join(value) if isinstance(value, list) else value if isinstance(value, dict) else str(value)
        for name, value in DEFAULTS.items()
    }
    assert normalise(strings) == normalise(DEFAULTS)


@pytest.mark.parametrize(
    ("variable", "given_value", "where", "expected"),
    [
        pytest.param("fail_on", "nic.ring_overflow, tc.drop", "fail_on", ["nic.ring_overflow", "tc.drop"], id="commas"),
        pytest.param("fail_on", "", "fail_on", [], id="nothing fails"),
        pytest.param("fail_on", '["tc.drop"]', "fail_on", ["tc.drop"], id="JSON list"),
        pytest.param("fail_on", ["tc.drop", "tc.drop"], "fail_on", ["tc.drop"], id="duplicate"),
        pytest.param("fail_on_unknown", "yes", "fail_on_unknown", True, id="boolean word"),
        pytest.param("min_drops", "5", "min_drops", 5, id="whole number"),
        pytest.param("min_drops", 5.0, "min_drops", 5, id="whole float"),
        pytest.param("max_loss_ratio", "1e-3", "max_loss_ratio", 0.001, id="exponent"),
        pytest.param(
            "ignore",
            '{"ports": ["53", 514], "processes": "a,b"}',
            "ignore",
            {"ports": [53, 514], "processes": ["a", "b"], "namespaces": []},
            id="JSON dictionary",
        ),
        pytest.param("ignore", {"ports": 53}, "ignore", {"ports": [53], "processes": [], "namespaces": []}, id="one"),
    ],
)
def test_value(variable: str, given_value: Any, where: str, expected: Any) -> None:
    assert normalise(with_(**{variable: given_value})).diagnose[where] == expected


def test_threshold_replaces_one_default() -> None:
    thresholds = normalise(with_(thresholds='{"stall_share": "0.5"}')).diagnose["thresholds"]
    assert thresholds == {**diagnosis.DEFAULT_THRESHOLDS, "stall_share": 0.5}


@pytest.mark.parametrize(
    ("variable", "bad"),
    [
        ("window", "0"),
        ("window", -1),
        ("window", "abc"),
        ("window", "nan"),
        ("window", "601"),
        ("window", True),
        ("window", None),
        ("interval", "0"),
        ("namespaces", ""),
        ("namespaces", [{"a": 1}]),
        ("max_extension", "-1"),
        ("min_drops", "1.5"),
        ("min_drops", 1.5),
        ("min_drops", 0),
        ("max_loss_ratio", "2"),
        ("fail_on", "socket.overflow"),
        ("fail_on", {"a": 1}),
        ("fail_on", "[1"),
        ("fail_on_unknown", "perhaps"),
        ("ignore", {"port": [1]}),
        ("ignore", {"ports": ["http"]}),
        ("ignore", {"ports": [70000]}),
        ("ignore", "ports=53"),
        ("max_queue_delay", 0),
        ("max_buffer_bytes", "-5"),
        ("max_buffer_bytes", "1e400"),
        ("thresholds", {"stall": 1}),
        ("thresholds", {"stall_share": "x"}),
        ("rules", "yes"),
        ("drop_reasons", "perhaps"),
        ("apply", "perhaps"),
        ("apply", None),
        ("max_rounds", 0),
        ("max_rounds", "11"),
        ("max_rounds", "1.5"),
        ("restart_services", {"a": 1}),
        ("restart_services", [["nsd"]]),
        ("restart_services", True),
        ("confirm_timeout", 9),
        ("confirm_timeout", "86401"),
        ("lease_seconds", 59),
        ("lease_seconds", "for ever"),
        ("lease_seconds", 86401),
        ("report_dir", ""),
        ("report_dir", ["a"]),
        ("report_formats", "pdf"),
    ],
)
def test_bad_value_names_its_variable(variable: str, bad: Any) -> None:
    with pytest.raises(SettingError, match=rf"^udp_audit_{variable}\b"):
        normalise(with_(**{variable: bad}))


def test_unknown_finding_lists_the_known() -> None:
    with pytest.raises(SettingError, match=r"unknown value 'x'; there are: nic\.link_errors, .*reuseport_imbalance"):
        normalise(with_(fail_on="x"))


@pytest.mark.parametrize(
    ("variable", "bad", "fix"),
    [
        ("window", "30s", "must be a number more than 0 and at most 600, not '30s': give it without a unit"),
        ("window", "ten", "must be a number more than 0 and at most 600, not 'ten'"),
        (
            "max_loss_ratio",
            "5%",
            "must be a number at least 0 and at most 1, not '5%': give it without a unit, a share",
        ),
        ("min_drops", "1.5", "must be a whole number at least 1, not '1.5'"),
        ("fail_on", "socket.receive_buffer_overfow", "(did you mean socket.receive_buffer_overflow?); there are: nic."),
        ("thresholds", {"stal_share": 1}, "(did you mean stall_share?); there are: "),
        ("ignore", 53, """on the command line: -e '{"udp_audit_ignore": ...}', all of it JSON"""),
        (
            "thresholds",
            '{"stall_share":',
            """on the command line: -e '{"udp_audit_thresholds": ...}', all of it JSON""",
        ),
    ],
)
def test_an_error_shows_the_value_and_the_fix(variable: str, bad: Any, fix: str) -> None:
    with pytest.raises(SettingError) as caught:
        normalise(with_(**{variable: bad}))
    assert str(caught.value).startswith(f"udp_audit_{variable}: ")
    assert fix in str(caught.value)


@pytest.mark.parametrize("name", VARIABLES)
def test_missing_variable_is_named(name: str) -> None:
    with pytest.raises(SettingError, match=name):
        normalise({key: value for key, value in DEFAULTS.items() if key != name})


@pytest.mark.parametrize("value", [True, "true", "yes", 1])
def test_applying_is_asked_for(value: Any) -> None:
    assert normalise(with_(apply=value)) == normalise(DEFAULTS)._replace(apply=True)


@pytest.mark.parametrize("value", [True, "true", "yes", 1])
def test_drop_reasons_are_asked_for(value: Any) -> None:
    assert normalise(with_(drop_reasons=value)).measure["drop_reasons"] is True


@pytest.mark.parametrize("value", [False, "false", "no", 0])
def test_not_applying_is_the_default(value: Any) -> None:
    assert normalise(with_(apply=value)) == normalise(DEFAULTS)


def test_defaults_restart_nothing() -> None:
    assert normalise(DEFAULTS).limits == Limits(3, (), 60, 900)


@pytest.mark.parametrize(
    ("variable", "given_value", "expected"),
    [
        pytest.param("max_rounds", "2", 2, id="rounds"),
        pytest.param("max_rounds", 10, 10, id="most rounds"),
        pytest.param("restart_services", "nsd, podman:0123456789ab", ("nsd", "podman:0123456789ab"), id="both"),
        pytest.param("restart_services", ["nsd"], ("nsd",), id="list"),
        pytest.param("restart_services", '["nsd", "nsd"]', ("nsd",), id="JSON"),
        pytest.param("restart_services", "", (), id="none"),
        pytest.param("confirm_timeout", "10", 10, id="shortest confirmation"),
        pytest.param("lease_seconds", "3600", 3600, id="an hour"),
        pytest.param("lease_seconds", 60, 60, id="shortest lease"),
    ],
)
def test_limit(variable: str, given_value: Any, expected: Any) -> None:
    limits = normalise(with_(**{variable: given_value})).limits
    assert getattr(limits, variable) == expected
    assert limits == normalise(DEFAULTS).limits._replace(**{variable: expected})


def test_misspelt() -> None:
    known = [*VARIABLES, "udp_audit_wave", "window"]
    assert misspelt([*known, "udp_audit_windw", "udp_audit_colour"]) == [
        "udp_audit_colour",
        "udp_audit_windw (did you mean udp_audit_window?)",
    ]


@pytest.mark.parametrize("value", ["10%", "5", 5, ["1", "10%", "100%"]])
def test_a_wave_that_serial_takes(value: Any) -> None:
    check_wave(value)


@pytest.mark.parametrize("value", ["abc", "ten%", "1,10%", "-3", True, ["1", "all"], {"a": 1}])
def test_a_wave_that_serial_does_not_take(value: Any) -> None:
    with pytest.raises(SettingError, match=r"^udp_audit_wave: must be a number of hosts, a percentage such as 10%"):
        check_wave(value)


@given(st.sampled_from(VARIABLES), st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
))  # fmt: skip
def test_any_value_is_taken_or_named(variable: str, value: Any) -> None:
    try:
        normalise({**DEFAULTS, variable: value})
        said = variable
    except SettingError as error:
        said = str(error)
    assert variable in said
