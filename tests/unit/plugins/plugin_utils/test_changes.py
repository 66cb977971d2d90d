# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was changed, in every report: from what to what, kept or put back, on which figures."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils._changes import rounds, tell, window_titles
from ansible_collections.rxpath.linux.plugins.plugin_utils._html import render_html
from ansible_collections.rxpath.linux.plugins.plugin_utils._junit import render_junit
from ansible_collections.rxpath.linux.plugins.plugin_utils._metrics import render_metrics
from ansible_collections.rxpath.linux.plugins.plugin_utils._shape import shown
from ansible_collections.rxpath.linux.plugins.plugin_utils._text import MAX_CHANGES, render_text
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils import reports


def host_of(report: dict[str, Any]) -> dict[str, Any]:
    (host,) = shown(report)["hosts"].values()
    assert isinstance(host, dict)
    return host


def cured(number: int) -> dict[str, Any]:
    """Return a report of hosts that passed after the same change."""
    report = reports.load("applied")
    (host,) = report["hosts"].values()
    host.update(status="pass", findings=[], first_loss=None, main_loss=None)
    report["hosts"] = {}
    for index in range(number):
        report["hosts"][f"web-{index:02d}"] = copy.deepcopy(host)
        report["hosts"][f"web-{index:02d}"]["reason"] = f"no loss among {40_000 + index} datagrams"
    return report


def test_rounds_are_told_one_by_one() -> None:
    first, second = rounds(host_of(reports.load("applied")))
    assert (first.title, second.title) == ("Round 1", "Round 2")
    (kept,), (back,) = first.changes, second.changes
    assert (kept.outcome, kept.verdict, back.outcome, back.verdict) == ("kept", "improved", "put back", "unchanged")
    assert kept.lost == "lost 30.0 % of 40,120 before, 0 % of 40,096 after"
    assert kept.interval == "-31 to -29 percentage points"
    assert kept.restarts == ["restarted: ingest, pid 77001 (unit ingest.service)"]


def test_a_loss_without_arrivals_is_told_by_its_rate() -> None:
    figures = {"lost": 50, "arrived": None, "ratio": None, "seconds": 10.0, "rate": 5.0}
    compared = {"verdict": "improved", "before": figures, "after": {**figures, "rate": 0.0}, "difference": [-7.0, -3.0]}
    told = tell({"what": "x", "from": 1, "to": 2, "kept": True, "why": "y", "comparison": compared})
    assert (told.lost, told.interval) == ("lost 5/s before, 0/s after", "-7 to -3/s")


def test_a_second_window_without_arrivals_is_told_by_its_rate() -> None:
    before = {"lost": 50, "arrived": 100, "ratio": 0.5, "seconds": 10.0, "rate": 5.0}
    after = {"lost": 0, "arrived": 0, "ratio": None, "seconds": 10.0, "rate": 0.0}
    compared = {"verdict": "inconclusive", "before": before, "after": after, "difference": [-7.0, -3.0]}
    told = tell({"what": "x", "from": 1, "to": 2, "kept": True, "why": "y", "comparison": compared})
    assert (told.lost, told.interval) == ("lost 5/s before, 0/s after", "-7 to -3/s")


@pytest.mark.parametrize(
    ("verdict", "lost", "told"),
    [
        ("improved", 0, []),
        ("improved", 3, ["needs a restart: dnsmasq, pid 9"]),
        ("unchanged", 0, ["needs a restart: dnsmasq, pid 9"]),
    ],
)
def test_nobody_needs_a_restart_where_the_loss_is_gone(verdict: str, lost: int, told: list[Any]) -> None:
    load = {"lost": lost, "arrived": 100, "ratio": lost / 100, "rate": lost / 10}
    compared = {"verdict": verdict, "before": {**load, "lost": 50, "ratio": 0.5}, "after": load, "difference": [-1, 0]}
    waiting = {"process": "dnsmasq", "pid": 9, "restarted": False}
    restarts = tell({"what": "x", "kept": True, "comparison": compared, "restart": [waiting]}).restarts
    assert restarts == told


def test_figures_are_told_once_and_sizes_in_words() -> None:
    before = {"lost": 6129, "arrived": 20411, "ratio": 0.30027926, "seconds": 5.0, "rate": 1225.8}
    after = {"lost": 0, "arrived": 18831, "ratio": 0.0, "seconds": 5.0, "rate": 0.0}
    said = (
        "30.0 % (6,129 of 20,411) lost before, 0.0 % (0 of 18,831) after (difference -45.3 to -13.8 percentage points)"
    )
    compared = {"verdict": "improved", "before": before, "after": after, "difference": [-0.453, -0.138]}
    compared["why"] = f"{said}; the loss is gone"
    row = {"what": "net.core.rmem_default", "from": "212992", "to": "2228224", "kept": True, "comparison": compared}
    told = tell({**row, "why": f"{said}; the loss is gone; it does not outlast a reboot (why)"})
    assert told.line == (
        "net.core.rmem_default: from 212992 (208 KiB) to 2228224 (2.12 MiB): kept, improved; "
        "lost 30.0 % of 20,411 before, 0 % of 18,831 after; difference -45 to -14 percentage points at 95 %; "
        "the loss is gone; it does not outlast a reboot (why)"
    )


@pytest.mark.parametrize("comparison", [None, "?", {}, {"before": None, "after": {}, "difference": [None, 1]}])
def test_figures_that_are_missing_leave_no_gap(comparison: Any) -> None:
    told = tell({"what": "x", "from": None, "to": 2, "kept": False, "why": "y", "comparison": comparison})
    assert told.line == "x: 2: put back; y"


def test_planned_rows_say_that_nothing_was_touched() -> None:
    (turn,) = rounds(host_of(reports.load("planned")))
    assert turn.title == "Planned, nothing was changed"
    text = render_text(reports.load("planned"), color=False)
    assert "  plan      net.core.rmem_default: from 212992 (208 KiB) to 2097152 (2 MiB): planned" in text
    assert "  changed" not in text
    metrics = render_metrics(reports.load("planned"))
    assert 'rxpath_udp_audit_changes{host="node-dns-05",outcome="planned"} 1' in metrics
    assert "audit_rounds{" not in metrics


def test_every_report_tells_the_changes() -> None:
    report = reports.load("applied")
    text, page, junit, metrics = (
        render_text(report, color=False),
        render_html(report),
        render_junit(report),
        render_metrics(report),
    )
    assert "  changed   round 1: net.core.rmem_max: from 4194304 (4 MiB) to 33554432 (32 MiB): kept, improved" in text
    for told in (page, junit):
        assert "lost 30.0 % of 40,120 before, 0 % of 40,096 after" in told
    assert 'rxpath_udp_audit_changes{host="ingest-03",outcome="put_back"} 1' in metrics
    assert 'rxpath_udp_audit_rounds{host="ingest-03"} 2' in metrics


def test_a_host_that_passes_after_a_change_says_what_was_changed() -> None:
    text = render_text(cured(1), color=False)
    assert text.startswith("PASS web-00: no loss among 40000 datagrams\n  changed   round 1: net.core.rmem_max")


def test_hosts_that_were_cured_alike_are_told_once() -> None:
    text = render_text(cured(40), color=False)
    assert "same      on 39 more" in text
    assert text.count("kept, improved") == 1


def test_many_changes_are_told_in_part() -> None:
    report = reports.load("applied")
    (host,) = report["hosts"].values()
    host["changes"] *= MAX_CHANGES
    text = render_text(report, color=False)
    assert text.count("  changed  ") == MAX_CHANGES
    assert f"and {MAX_CHANGES} more in the report" in text


def test_nothing_is_shown_where_nothing_was_changed() -> None:
    report = reports.load("incident_dns")
    assert "changed" not in render_text(report, color=False)
    assert ">Changes<" not in render_html(report)
    assert "audit_changes" not in render_metrics(report)
    assert "round" not in render_junit(report)


def test_windows_are_numbered_where_several_came_after() -> None:
    host = {"windows": [{"label": "before"}, {"label": "after"}, {"label": "after"}]}
    assert window_titles(host) == ["before", "after 1", "after 2"]
    assert window_titles({"windows": host["windows"][:2]}) == ["before", "after"]
