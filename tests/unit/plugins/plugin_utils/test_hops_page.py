# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""hops.html: the row of hosts, what is lost between and on them, and names that would like to be markup."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils import hops_report
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_drawn import Station, stations
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_judged import judge
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_page import render_hops
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.reports import HOSTILE
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.test_hops_judged import (
    COUNTERS,
    GROUPS,
    counters,
    probed,
    straight,
    through,
    watched,
    window,
)
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.test_hops_settings import settings
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.test_html import Page

NAMED = ("c1", "p1", "s1", "clients", "proxies", "servers")


def lossy() -> dict[str, Any]:
    return straight(probed(watched(c1=window(sent=1000), s1=window(read=990)), 990))


def clean() -> dict[str, Any]:
    return straight(probed(watched(c1=window(sent=1000), s1=window(read=1000)), 1000))


def own() -> dict[str, Any]:
    return straight(probed(watched(c1=window(sent=1000), s1=window(read=990, overflow=10)), 990, drops=10))


def half_counted() -> dict[str, Any]:
    """A window in which less is counted as lost than the rates of hosts hint at."""
    return counters(c1=window(sent=5000), p1=window(4000, 3000, overflow=500), s1=window(2000))


def gone() -> dict[str, Any]:
    steps = watched(c1=window(sent=5000), s1=window(5000))
    steps["ended"]["p1"] = {"outcome": "unreachable", "reason": "timed out"}
    return judge(COUNTERS, steps, GROUPS, settings())


def report(*rounds: dict[str, Any]) -> dict[str, Any]:
    return hops_report.build(list(rounds), GROUPS)


def every_report() -> list[Any]:
    more_than_sent = counters(c1=window(sent=1000), p1=window(5000, 5000), s1=window(5000))
    return [
        pytest.param(report(clean(), lossy(), through(0)), id="probes"),
        pytest.param(report(through(500)), id="undecided"),
        pytest.param(report(own()), id="own"),
        pytest.param(report(straight(watched(c1=window(), s1=window()))), id="not_sent"),
        pytest.param(report(half_counted()), id="counters"),
        pytest.param(report(more_than_sent), id="others"),
        pytest.param(report(gone()), id="unreachable"),
        pytest.param(report(judge(COUNTERS, watched(), GROUPS, settings())), id="nobody"),
        pytest.param(hops_report.build([], []), id="empty"),
    ]


def spoiled(value: Any) -> Any:
    """Return a report in which every name, and every text that may hold one, would like to be markup."""
    if isinstance(value, dict):
        return {spoiled(key) if key in NAMED else key: spoiled(item) for key, item in value.items()}
    if isinstance(value, list):
        return [spoiled(item) for item in value]
    if value in NAMED:
        return f"{HOSTILE}{value}"
    # Interfaces, processes and error texts stand in these.
    return f"{value}{HOSTILE}" if isinstance(value, str) and " " in value else value


def row(one: dict[str, Any]) -> list[Station]:
    return stations(one, GROUPS)


def test_the_hosts_stand_from_left_to_right_with_the_wires_between() -> None:
    assert row(lossy()) == [
        Station("c1", "quiet", ["1,000 sent"]),
        Station("wire", "main", ["10 lost"], wire=True),
        Station("s1", "quiet", ["990 arrived"]),
    ]
    assert row(through(0)) == [
        Station("c1", "quiet", ["1,000 sent"]),
        Station("wire", "quiet", [], wire=True),
        Station("p1", "main", ["1,000 taken in", "900 passed on", "100 never forwarded"]),
        Station("wire", "quiet", [], wire=True),
        Station("s1", "quiet", ["900 arrived"]),
    ]


def test_where_other_traffic_hides_the_place_no_station_claims_it() -> None:
    assert [station.state for station in row(through(500))] == ["quiet", "pending", "pending", "pending", "quiet"]


def test_the_probes_own_loss_is_marked_as_such() -> None:
    assert row(own())[-1] == Station("s1", "own", ["990 arrived", "10 at the probe's socket"])


def test_the_kernel_as_forwarder() -> None:
    one = through(0)
    one["hosts"]["p1"]["ip"]["forwarded"] = 950
    assert row(one)[2].notes[:2] == ["950 taken in", "950 passed on"]


def test_parts_of_a_path_by_counters() -> None:
    one = half_counted()
    assert row(one) == [
        Station("clients", "quiet", ["1 host", "1,000/s sent"]),
        Station("wire", "hint", ["about 500 lost"], wire=True),
        Station(
            "proxies",
            "main",
            ["1 host", "800/s taken in", "600/s passed on", "500 lost at the socket", "about 1,000 never forwarded"],
        ),
        Station("wire", "hint", ["about 1,000 lost"], wire=True),
        Station("servers", "quiet", ["1 host", "400/s taken in"]),
    ]


def test_a_host_that_was_not_measured_leaves_its_neighbours_open() -> None:
    states = {station.label: station for station in row(gone())}
    assert states["proxies"] == Station("proxies", "pending", ["1 host", "not measured: p1"])
    assert states["wire"].state == "pending"
    assert states["servers"].state == "quiet"


@pytest.mark.parametrize("made", every_report())
def test_the_markup_is_balanced_stands_alone_and_can_be_read_aloud(made: dict[str, Any]) -> None:
    text = render_hops(made)
    page = Page(text)
    assert page.unclosed == []
    tags = [tag for tag, _attrs in page.elements]
    assert not {"script", "link", "img", "iframe", "object", "embed", "base"} & set(tags)
    for tag, attrs in page.elements:
        assert not {"src", "srcset", "style", "action"} & set(attrs), tag
        assert not any(name.startswith("on") for name in attrs), tag
    assert (tags.count("main"), tags.count("h1"), tags.count("footer")) == (1, 1, 1)
    assert tags.count("table") == tags.count("caption")
    identifiers = [attrs["id"] for _tag, attrs in page.elements if "id" in attrs]
    assert len(identifiers) == len(set(identifiers))
    for _tag, attrs in page.elements:
        assert (attrs.get("href") or "#main")[1:] in identifiers
        assert set((attrs.get("aria-labelledby") or "").split()) <= set(identifiers)
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    (policy,) = page.of("meta", http_equiv="Content-Security-Policy")
    assert (policy["content"] or "").startswith("default-src 'none'; style-src 'sha256-")
    assert "script-src" not in (policy["content"] or "")


@pytest.mark.parametrize("made", every_report())
def test_a_hostile_name_adds_no_element_no_attribute_and_no_character_that_acts(made: dict[str, Any]) -> None:
    bad = spoiled(made)
    assert bad != made or not made["rounds"]
    text = render_hops(bad)
    tame, page = Page(render_hops(made)), Page(text)
    assert [tag for tag, _attrs in tame.elements] == [tag for tag, _attrs in page.elements]
    assert [sorted(attrs) for _tag, attrs in tame.elements] == [sorted(attrs) for _tag, attrs in page.elements]
    assert tame.text["style"] == page.text["style"]
    assert all(char == "\n" or char.isprintable() for char in text)
    assert "<img" not in text
    assert "49" not in "".join(page.text["h1"])


@pytest.mark.parametrize(
    ("made", "headline"),
    [
        (report(clean(), lossy(), through(0)), "Fail 100 received by p1, never forwarded"),
        (report(clean()), "Pass Nothing is lost"),
        (report(own()), "Warn 10 lost at s1's socket, which is the probe's own"),
        (report(straight(watched(c1=window(), s1=window()))), "Error 1 of 1 measurements could not be made"),
        (report(gone()), "Error 1 of 1 measurements could not be made"),
        (report(gone(), half_counted()), "Fail 500 lost at p1's socket"),
        (report(counters(c1=window(sent=5000), p1=window(5000, 5000), s1=window(4000))), "Warn about 1,000 lost on"),
        (hops_report.build([], []), "Error No host was measured"),
    ],
)
def test_the_verdict_stands_on_top(made: dict[str, Any], headline: str) -> None:
    found = re.search(r"<h1[^>]*>(.*?)</h1>", render_hops(made))
    assert found
    assert re.sub(r"<[^>]*>", "", found[1]).replace("&#39;", "'").startswith(headline)


def test_what_could_not_be_measured_stands_below_a_loss_that_was() -> None:
    assert "1 of 2 measurements could not be made" in render_hops(report(gone(), lossy()))
    assert "could not be made" not in render_hops(report(clean(), lossy()))


def test_the_ways_stand_side_by_side() -> None:
    page = Page(render_hops(report(clean(), through(0))))
    said = " ".join(" ".join(part for parts in page.text.values() for part in parts).split())
    expected = "straight from c1 to s1 nothing is lost, by way of p1 10.0 % are lost: only the way by p1 loses"
    assert expected in said
    assert "c1 → s1" in said
    assert "c1 → p1 → s1" in said
    assert "The ways side by side" not in render_hops(report(gone()))


def test_what_each_host_counted_stands_at_its_handoff() -> None:
    one = half_counted()
    text = render_hops(report(one))
    assert "500 socket.receive_buffer_overflow" in text
    cells = re.findall(r'<tr><th scope="row">p1</th>(.*?)</tr>', text)
    assert [re.findall(r"<td[^>]*>([^<]*)</td>", row) for row in cells] == [
        ["1,000", "0", "4,000", "3,000", "0", "0", "900", "500 socket.receive_buffer_overflow"]
    ]


def test_hosts_beyond_a_pageful_are_counted() -> None:
    one = clean()
    one["hosts"] = {f"h{number}": one["hosts"]["c1"] for number in range(75)}
    one["sender"], one["receiver"] = "h0", "h74"
    assert "15 more hosts are in hops.json" in render_hops(report(one))


def test_the_page_is_made_of_what_the_json_has() -> None:
    made = report(clean(), through(0))
    assert render_hops(json.loads(json.dumps(made))) == render_hops(made)
