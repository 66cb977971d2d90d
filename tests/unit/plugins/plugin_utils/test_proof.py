# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What stays after the second window, and what is taken back: exactly that, and always to the end."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils.improvement import make
from ansible_collections.rxpath.linux.plugins.plugin_utils.proof import (
    Settled,
    judge,
    settle,
    waiting,
    without_reopened,
)
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.changing import (
    ALLOWED,
    BACKLOG,
    DEFAULT,
    KEY,
    LEASE,
    LIMITS,
    Answer,
    Host,
    compared,
    entry,
    failing,
    lost,
    two_findings,
)

BACKLOG_KEY = "softnet.backlog_overflow|pod-1|"
ALL_RESTARTED = ALLOWED
BEGUN = {DEFAULT: "212992", BACKLOG: "1000"}


class Round:
    """A round that was made on a host, to be judged and settled."""

    def __init__(self, found: dict[str, Any] | None = None, limits: Any = ALL_RESTARTED, **answers: Answer) -> None:
        self.host = Host()
        self.limits = limits
        self.steps = make(self.host, found or entry(), [], 1, limits, "x")["steps"]
        self.made = dict(self.host.running)
        self.host.calls.clear()
        self.host.answers.update(answers)

    def end(self, *rows: Mapping[str, Any], blind: str = "") -> Settled:
        self.told = judge(self.steps, rows, blind)
        return settle(self.host, self.steps, self.told, LEASE, self.limits)


def only(settled: Settled) -> dict[str, Any]:
    (row,) = settled.rows
    return row


def test_what_helped_is_made_to_last() -> None:
    turn = Round()
    settled = turn.end(compared(KEY, "improved"))
    row = only(settled)
    assert (row["kept"], row["why"], row["comparison"]["verdict"]) == (True, "figures; improved", "improved")
    assert (settled.wrong, settled.lost) == ("", False)
    assert turn.host.running == turn.made
    assert turn.host.kept == {DEFAULT: turn.made[DEFAULT]}
    (asked,) = turn.host.of("sysctl_settings")
    assert (asked["scope"], asked["lease"]) == ("both", LEASE)
    assert turn.host.of("tuning_rollback") == []
    assert turn.host.of("tuning_session") == [{"state": "finished", "lease": LEASE, "completed": True}]


@pytest.mark.parametrize("verdict", ["unchanged", "inconclusive", "worse"])
def test_what_did_not_help_is_taken_back(verdict: str) -> None:
    turn = Round()
    row = only(turn.end(compared(KEY, verdict)))
    assert (row["kept"], row["why"], row["comparison"]["verdict"]) == (False, f"figures; {verdict}", verdict)
    assert turn.host.of("tuning_rollback") == [
        {"unfinished": True, "changes": [{"knob": "sysctl", "target": DEFAULT}], "lease": LEASE}
    ]
    assert (turn.host.running, turn.host.kept) == (BEGUN, {})
    assert turn.host.names[-1] == "tuning_session finished"


def test_of_two_changes_the_one_that_helped_stays() -> None:
    turn = Round(two_findings())
    settled = turn.end(compared(KEY, "improved"), compared(BACKLOG_KEY, "unchanged"))
    assert {row["what"]: row["kept"] for row in settled.rows} == {DEFAULT: True, BACKLOG: False}
    assert turn.host.of("tuning_rollback")[0]["changes"] == [{"knob": "sysctl", "target": BACKLOG}]
    assert turn.host.running == {DEFAULT: turn.made[DEFAULT], BACKLOG: "1000"}
    assert turn.host.kept == {DEFAULT: turn.made[DEFAULT]}


def test_a_change_that_helps_one_finding_and_harms_another_is_taken_back() -> None:
    turn = Round()
    turn.steps[0]["keys"] = [KEY, "another|host|"]
    row = only(turn.end(compared(KEY, "improved"), compared("another|host|", "worse")))
    assert (row["kept"], row["comparison"]["key"]) == (False, "another|host|")


def test_one_of_several_findings_that_improved_is_reason_enough() -> None:
    turn = Round()
    turn.steps[0]["keys"] = ["another|host|", KEY]
    row = only(turn.end(compared("another|host|", "unchanged"), compared(KEY, "improved")))
    assert (row["kept"], row["comparison"]["key"]) == (True, KEY)


def test_without_a_comparison_nothing_stays() -> None:
    turn = Round()
    row = only(turn.end(compared("another|host|", "improved")))
    assert (row["kept"], row["comparison"]) == (False, None)
    assert turn.host.running == BEGUN


def test_a_blind_second_window_takes_everything_back() -> None:
    turn = Round(two_findings(), limits=LIMITS)
    settled = turn.end(blind="the sampler died")
    assert [row["kept"] for row in settled.rows] == [False, False]
    assert all("the sampler died" in row["why"] for row in settled.rows)
    assert turn.host.running == BEGUN
    assert turn.host.of("sysctl_settings") == []
    assert turn.host.names == ["tuning_rollback", "tuning_session finished"]


# Restarts.


def test_a_change_that_waits_for_a_restart_stays_and_says_so() -> None:
    turn = Round(limits=LIMITS)
    row = only(turn.end(compared(KEY, "unchanged")))
    assert row["kept"]
    assert "takes effect when nsd.service is restarted, and is not proved before" in row["why"]
    assert "udp_audit_restart_services does not name nsd.service" in row["why"]
    assert row["restart"][0]["restarted"] is False
    assert waiting(turn.steps, turn.told) == row["why"]
    assert turn.host.kept == {DEFAULT: turn.made[DEFAULT]}


def test_a_change_that_waits_and_makes_it_worse_is_taken_back() -> None:
    turn = Round(limits=LIMITS)
    assert not only(turn.end(compared(KEY, "worse")))["kept"]
    assert waiting(turn.steps, turn.told) == ""


def test_a_restart_that_was_made_is_waited_for_no_more() -> None:
    turn = Round()
    assert only(turn.end(compared(KEY, "improved")))["restart"][0]["restarted"]
    assert waiting(turn.steps, turn.told) == ""


def restart_alone(restarted: bool) -> dict[str, Any]:
    who = {"process": "nsd", "pid": 7, "unit": "nsd.service", "container": None}
    row = {"what": "restart nsd.service", "knob": "restart nsd.service", "target": "", "from": None, "to": None}
    return {
        "keys": [KEY],
        "request": None,
        "failed": "",
        "restarts": [who],
        "restarted": [{**who, "restarted": restarted, "why": "" if restarted else "Job failed"}],
        "rows": [{**row, "kept": False, "why": "", "comparison": None}],
    }


@pytest.mark.parametrize("verdict", ["improved", "unchanged"])
def test_a_restart_alone_is_not_said_to_be_taken_back(verdict: str) -> None:
    host, steps = Host(), [restart_alone(True)]
    told = judge(steps, [compared(KEY, verdict)])
    row = only(settle(host, steps, told, LEASE, LIMITS))
    assert (row["kept"], row["why"]) == (True, f"figures; {verdict}")
    assert host.names == ["tuning_session finished"]


def test_a_restart_alone_that_failed_is_told_and_not_tried_in_the_next_round() -> None:
    steps = [restart_alone(False)]
    told = judge(steps, [compared(KEY, "unchanged")])
    assert (told[0][0]["kept"], told[0][0]["why"]) == (False, "nsd.service was not restarted (Job failed)")
    assert waiting(steps, told) == "nsd.service was not restarted (Job failed)"


# What goes wrong.


def test_a_step_that_failed_says_why_and_the_others_are_judged() -> None:
    def answer(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        return {"failed": True, "msg": "EINVAL"} if BACKLOG in arguments["settings"] else None

    host = Host({"sysctl_settings": answer})
    steps = make(host, two_findings(), [], 1, ALLOWED, "x")["steps"]
    told = judge(steps, [compared(KEY, "improved"), compared(BACKLOG_KEY, "improved")])
    settled = settle(host, steps, told, LEASE, LIMITS)
    by_knob = {row["what"]: row for row in settled.rows}
    assert (by_knob[BACKLOG]["kept"], by_knob[BACKLOG]["why"]) == (False, "it could not be made: EINVAL")
    assert (by_knob[DEFAULT]["kept"], settled.wrong) == (True, "")
    assert list(host.kept) == [DEFAULT]


def test_what_cannot_be_kept_over_a_reboot_is_taken_back() -> None:
    turn = Round(sysctl_settings=failing("/etc is read-only"))
    settled = turn.end(compared(KEY, "improved"))
    row = only(settled)
    assert not row["kept"]
    assert "could not be kept over a reboot, so it was taken back: /etc is read-only" in row["why"]
    assert turn.host.of("tuning_rollback")[0]["changes"] == [{"knob": "sysctl", "target": DEFAULT}]
    assert (turn.host.running, settled.wrong) == (BEGUN, "")


def test_a_host_without_systemd_keeps_it_until_the_reboot_and_says_so() -> None:
    turn = Round(sysctl_settings=lambda _arguments: {"changes": [], "boot": "not available: no systemd"})
    row = only(turn.end(compared(KEY, "improved")))
    assert row["kept"]
    assert row["why"] == "figures; improved; it does not outlast a reboot (not available: no systemd)"


def test_what_cannot_be_taken_back_is_told_as_in_force_and_leaves_the_run_open() -> None:
    turn = Round(two_findings(), tuning_rollback=failing("EBUSY"))
    settled = turn.end(compared(KEY, "improved"), compared(BACKLOG_KEY, "worse"))
    by_knob = {row["what"]: row for row in settled.rows}
    assert settled.wrong == "not everything could be taken back: EBUSY"
    assert turn.host.of("tuning_session") == [{"state": "finished", "lease": LEASE, "completed": False}]
    assert by_knob[BACKLOG]["kept"]
    assert "may be in force until the next run" in by_knob[BACKLOG]["why"]
    # The next run takes back all of an open run, the good as well.
    assert "the next one takes it back" in by_knob[DEFAULT]["why"]
    assert not settled.lost


def test_a_run_that_cannot_be_closed_is_told() -> None:
    turn = Round(tuning_session=failing("the lease is over"))
    settled = turn.end(compared(KEY, "improved"))
    assert settled.wrong == "the run could not be closed on the host: the lease is over"
    assert "the next one takes it back" in only(settled)["why"]


@pytest.mark.parametrize("module", ["tuning_rollback", "sysctl_settings"])
def test_a_host_that_is_lost_before_all_is_settled_is_told_with_what_may_be_in_force(module: str) -> None:
    turn = Round(two_findings(), **{module: lost})
    settled = turn.end(compared(KEY, "improved"), compared(BACKLOG_KEY, "unchanged"))
    assert settled.lost
    assert settled.wrong == "the host was lost before its changes were settled: Connection timed out"
    assert [row["kept"] for row in settled.rows] == [True, True]
    by_knob = {row["what"]: row["why"] for row in settled.rows}
    assert "to be taken back" in by_knob[BACKLOG]
    assert "the next one takes it back" in by_knob[DEFAULT]


def test_a_host_that_is_lost_at_the_very_end_has_what_was_taken_back_taken_back() -> None:
    turn = Round(tuning_session=lost)
    settled = turn.end(compared(KEY, "unchanged"))
    assert (settled.lost, only(settled)["kept"]) == (True, False)


def test_a_step_that_failed_is_not_in_force_on_a_lost_host() -> None:
    turn = Round(tuning_rollback=lost)
    turn.steps[0]["failed"] = "EINVAL"
    assert not only(turn.end(compared(KEY, "improved")))["kept"]


def test_a_process_that_opened_its_sockets_anew_needs_no_restart() -> None:
    def entry(*sockets: tuple[int, int, bool]) -> dict[str, Any]:
        rows = [{"pid": pid, "inode": inode, "closed": closed} for pid, inode, closed in sockets]
        return {"findings": [{"sockets": rows}]}

    def left(after: dict[str, Any]) -> list[Any]:
        rows = [{"pid": 7, "restarted": False, "why": "not allowed"}]
        (step,) = without_reopened([{"restarted": rows, "restarts": rows}], entry((7, 100, False)), after)
        return [row["pid"] for row in step["restarted"]]

    assert left(entry((7, 100, False))) == [7]
    assert left(entry((7, 101, False))) == []
    assert left(entry((7, 100, True), (7, 101, False))) == []
    assert left(entry((7, 100, False), (7, 101, False))) == [7]
    # Nothing is known of it any more: what was told holds.
    assert left(entry((8, 200, False))) == [7]
