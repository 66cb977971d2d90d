# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a round changes on a host, on one that is another's, and on one that is lost in the midst."""

from __future__ import annotations

from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.rxpath.linux.plugins.plugin_utils.improvement import (
    HOLDER,
    make,
    module_call,
    predicted,
    recover,
)
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.changing import (
    ALLOWED,
    BACKLOG,
    CHANGING,
    DEFAULT,
    KEY,
    LEASE,
    LIMITS,
    OVERFLOW,
    Host,
    entry,
    failing,
    lost,
    two_findings,
)

KILLED = {
    "holder": f"{HOLDER} 0a1b of alice on desk",
    "since": 1.0,
    "message": "it was not finished",
    "changes": [],
}


def changing_calls(host: Host) -> list[str]:
    return [name for name, _arguments in host.calls if name in CHANGING]


def told(**found: Any) -> dict[str, Any]:
    return {"tuning_session": lambda _arguments: {"held": None, "interrupted": None, **found}}


# What an earlier run left.


def test_a_host_that_nobody_works_on_is_free() -> None:
    host = Host()
    assert recover(host, check=False) == {"busy": "", "rows": []}
    assert host.names == ["tuning_session reported"]


def test_a_host_that_another_run_holds_is_left_alone() -> None:
    held = {"holder": "the tuning run 12 of bob", "since": 2.0, "until": 3.0}
    host = Host(told(held=held, interrupted=KILLED))
    told_so = recover(host, check=False)
    until = "until 1970-01-01 00:00:03 UTC at the latest"
    assert told_so == {"busy": f"the tuning run 12 of bob is changing this host, {until}", "rows": []}
    assert changing_calls(host) == []


def test_an_interrupted_run_of_another_kind_is_not_ours_to_take_back() -> None:
    host = Host(told(interrupted={**KILLED, "holder": "the tuning run 12 of bob"}))
    assert recover(host, check=False) == {"busy": "it was not finished", "rows": []}
    assert changing_calls(host) == []


def test_what_a_killed_audit_left_is_taken_back_and_told() -> None:
    undone = [
        {"knob": "sysctl", "target": DEFAULT, "from": "4194304", "to": "212992"},
        {"knob": "file", "target": "/etc/sysctl.d/x.conf", "from": "text", "to": None},
    ]
    host = Host({**told(interrupted=KILLED), "tuning_rollback": lambda _arguments: {"changes": undone}})
    found = recover(host, check=False)
    assert host.of("tuning_rollback") == [{"unfinished": True}]
    (row,) = found["rows"]
    assert (row["what"], row["from"], row["to"], row["kept"], row["round"]) == (DEFAULT, "212992", "4194304", False, 0)
    assert "taken back before the first window" in row["why"]
    assert found["busy"] == ""


def test_check_mode_leaves_the_leftovers_where_they_are() -> None:
    host = Host(told(interrupted=KILLED))
    assert "would be taken back first" in recover(host, check=True)["busy"]
    assert changing_calls(host) == []


@pytest.mark.parametrize("module", ["tuning_session", "tuning_rollback"])
def test_a_host_whose_leftovers_cannot_be_taken_back_is_left_alone(module: str) -> None:
    host = Host({**told(interrupted=KILLED), module: failing("needs root")})
    assert recover(host, check=False) == {"busy": "needs root", "rows": []}


# The changes of a round.


def test_what_can_help_is_made_in_the_running_state_alone() -> None:
    host = Host()
    made = make(host, entry(), [], 1, LIMITS, "7f of alice")
    (step,) = made["steps"]
    (row,) = step["rows"]
    assert (made["outcome"], made["lease"], made["reason"]) == ("made", LEASE, "")
    assert (row["what"], row["from"], row["to"]) == (DEFAULT, "212992", host.running[DEFAULT])
    assert (row["round"], row["findings"], row["kept"]) == (1, [OVERFLOW], False)
    assert int(row["to"]) > 212992
    assert host.kept == {}
    assert host.names == ["tuning_plan", "tuning_session begun", "sysctl_settings"]
    assert host.of("tuning_session")[0] == {
        "state": "begun", "holder": f"{HOLDER} 7f of alice", "lease_seconds": 300,
    }  # fmt: skip
    (asked,) = host.of("sysctl_settings")
    assert (asked["scope"], asked["lease"]) == ("running", LEASE)


def test_nothing_to_do_takes_no_lease() -> None:
    host = Host()
    made = make(host, entry(slow=True), [], 1, LIMITS, "x")
    assert (made["outcome"], made["steps"], host.calls) == ("nothing", [], [])
    assert any("SO_REUSEPORT" in sentence for sentence in made["left"])


def test_a_value_that_is_there_already_is_no_step() -> None:
    host = Host()
    wanted = make(host, entry(), [], 1, LIMITS, "x")["steps"][0]["request"]["settings"][DEFAULT]
    again = Host()
    again.running[DEFAULT] = str(wanted)
    made = make(again, entry(), [], 1, LIMITS, "x")
    assert (made["outcome"], again.names) == ("nothing", ["tuning_plan"])


def test_what_was_taken_back_is_not_tried_again() -> None:
    tried = [make(Host(), entry(), [], 1, LIMITS, "x")["steps"][0]["request"]]
    host = Host()
    made = make(host, entry(), tried, 2, LIMITS, "x")
    assert (made["outcome"], changing_calls(host)) == ("nothing", [])
    assert any("not tried again" in sentence for sentence in made["left"])


def test_a_host_that_cannot_plan_is_not_touched() -> None:
    host = Host({"tuning_plan": failing("needs root")})
    made = make(host, entry(), [], 1, LIMITS, "x")
    assert (made["outcome"], made["reason"], made["steps"]) == ("refused", "needs root", [])
    assert host.names == ["tuning_plan"]


def test_a_host_that_was_taken_meanwhile_is_not_touched() -> None:
    host = Host({"tuning_session": failing("held by bob until 10:31")})
    made = make(host, entry(), [], 1, LIMITS, "x")
    assert (made["outcome"], made["reason"], made["steps"]) == ("refused", "held by bob until 10:31", [])
    assert changing_calls(host) == []


def test_a_host_that_is_lost_before_the_first_change_is_the_callers() -> None:
    for module in ("tuning_plan", "tuning_session"):
        with pytest.raises(AnsibleConnectionFailure):
            make(Host({module: lost}), entry(), [], 1, LIMITS, "x")


def test_a_step_that_fails_does_not_keep_the_others_from_being_made() -> None:
    def answer(arguments: Any) -> dict[str, Any] | None:
        return {"failed": True, "msg": "EINVAL"} if DEFAULT in arguments["settings"] else None

    host = Host({"sysctl_settings": answer})
    made = make(host, two_findings(), [], 1, ALLOWED, "x")
    by_knob = {step["rows"][0]["what"]: step for step in made["steps"]}
    assert made["outcome"] == "made"
    assert by_knob[DEFAULT]["failed"] == by_knob[DEFAULT]["rows"][0]["why"] == "EINVAL"
    assert by_knob[BACKLOG]["failed"] == ""
    assert host.running == {DEFAULT: "212992", BACKLOG: "4000"}
    # Nobody is restarted for what was not made.
    assert host.of("systemd_service") == []


def test_a_module_that_changes_nothing_is_a_step_that_failed() -> None:
    host = Host({"sysctl_settings": lambda _arguments: {"changes": [], "unsupported": ["no such key"]}})
    (step,) = make(host, entry(), [], 1, LIMITS, "x")["steps"]
    assert (step["failed"], step["rows"][0]["why"]) == ("no such key", "no such key")


def test_what_the_kernel_made_of_it_is_what_is_told() -> None:
    def rounded(arguments: Any) -> dict[str, Any]:
        row = {"knob": "sysctl", "target": DEFAULT, "from": "212992", "to": str(arguments["settings"][DEFAULT])}
        return {"changes": [row], "applied": [{"knob": "sysctl", "target": DEFAULT, "value": "300000"}]}

    (step,) = make(Host({"sysctl_settings": rounded}), entry(), [], 1, LIMITS, "x")["steps"]
    assert step["rows"][0]["to"] == "300000"


def test_a_host_that_is_lost_in_mid_change_is_told_with_what_may_be_in_force() -> None:
    def answer(arguments: Any) -> dict[str, Any] | None:
        return lost(arguments) if DEFAULT in arguments["settings"] else None

    made = make(Host({"sysctl_settings": answer}), two_findings(), [], 2, LIMITS, "x")
    assert (made["outcome"], made["reason"]) == ("lost", "Connection timed out")
    rows = [row for step in made["steps"] for row in step["rows"]]
    assert {(row["what"], row["from"], row["round"]) for row in rows} == {(DEFAULT, "212992", 2), (BACKLOG, "1000", 2)}


# Restarts.


def test_an_allowed_service_is_restarted_after_the_change() -> None:
    host = Host()
    (step,) = make(host, entry(), [], 1, ALLOWED, "x")["steps"]
    assert host.names[-2:] == ["sysctl_settings", "systemd_service restarted"]
    assert [(row["unit"], row["restarted"]) for row in step["restarted"]] == [("nsd.service", True)]


def test_a_service_that_is_not_named_is_not_restarted() -> None:
    host = Host()
    (step,) = make(host, entry(), [], 1, LIMITS, "x")["steps"]
    assert host.of("systemd_service") == []
    assert step["restarted"][0]["why"] == "udp_audit_restart_services does not name nsd.service"


def stale() -> dict[str, Any]:
    """Return an entry whose process only has to be restarted: two of its processes lose."""
    made = entry()
    finding = made["findings"][0]
    advice = {
        "action": "restart the process",
        "current": None,
        "recommended": None,
        "helps": True,
        "why": "it began before rmem_default was raised",
        "restart": [{"process": "nsd", "pid": pid, "unit": "nsd.service", "container": None} for pid in (7, 8)],
    }
    return {**made, "findings": [{**finding, "advice": [advice]}]}


def test_a_restart_alone_is_a_step_where_it_is_allowed() -> None:
    host = Host()
    made = make(host, stale(), [], 1, ALLOWED, "x")
    (step,) = made["steps"]
    assert (step["request"], step["keys"]) == (None, [KEY])
    assert [row["pid"] for row in step["restarted"]] == [7, 8]
    assert host.names == ["tuning_session begun", "systemd_service restarted"]
    assert [(row["what"], row["from"], row["to"]) for row in step["rows"]] == [("restart nsd.service", None, None)]


def test_a_restart_alone_that_is_not_allowed_is_left_and_told() -> None:
    host = Host()
    made = make(host, stale(), [], 1, LIMITS, "x")
    assert (made["outcome"], host.calls) == ("nothing", [])
    assert made["left"][0].endswith("udp_audit_restart_services does not name nsd.service")
    assert "it began before rmem_default was raised" in made["left"][0]


# Check mode.


def test_check_mode_plans_and_changes_nothing() -> None:
    host = Host()
    told_ = predicted(host, two_findings(), [], 1, ALLOWED)
    assert host.names == ["tuning_plan"]
    assert (told_["outcome"], told_["steps"]) == ("planned", [])
    assert {row["what"] for row in told_["rows"]} == {DEFAULT, BACKLOG}
    assert all(row["planned"] and not row["kept"] and row["round"] == 1 for row in told_["rows"])


def test_check_mode_tells_of_a_restart() -> None:
    host = Host()
    (row,) = predicted(host, stale(), [], 1, ALLOWED)["rows"]
    assert (row["what"], row["planned"], host.calls) == ("restart nsd.service", True, [])


def test_check_mode_says_why_nothing_can_be_planned() -> None:
    told_ = predicted(Host({"tuning_plan": failing("needs root")}), entry(), [], 1, LIMITS)
    assert (told_["outcome"], told_["reason"], told_["rows"]) == ("refused", "needs root", [])


def test_a_change_that_may_cut_the_link_is_confirmed() -> None:
    name, arguments = module_call(
        {"family": "nic_ring", "interface": "eth0", "rx": "max"}, {"scope": "running"}, LIMITS
    )
    assert name == "rxpath.linux.nic_ring"
    assert arguments == {"interface": "eth0", "rx": "max", "scope": "running", "confirm_timeout": 45}
    assert "confirm_timeout" not in module_call({"family": "sysctl_settings", "settings": {}}, {}, LIMITS)[1]
