# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils._html import render_html
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils import reports

VOID = {"meta", "input", "br", "link", "img", "path"}


class Page(HTMLParser):
    """What the tests ask of a page: its elements with attributes, and what stands inside each kind of element."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, list[str]] = {}
        self.unclosed: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.unclosed.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.unclosed.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.unclosed:
            self.text.setdefault(self.unclosed[-1], []).append(data)

    def of(self, tag: str, **attributes: str) -> list[dict[str, str | None]]:
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        found = [attrs for name, attrs in self.elements if name == tag]
        return [attrs for attrs in found if all(attrs.get(name) == value for name, value in wanted.items())]


def every_report() -> list[Any]:
    made = [pytest.param(reports.load(case), id=case) for case in reports.CASES]
    made.append(pytest.param(reports.mixed(), id="mixed"))
    made.append(pytest.param(reports.hostile(), id="hostile"))
    made.append(pytest.param({"schema": 1, "generated_at": "", "hosts": {}}, id="empty"))
    return made


@pytest.mark.parametrize("report", every_report())
def test_the_markup_is_balanced_and_stands_alone(report: dict[str, Any]) -> None:
    text = render_html(report)
    page = Page(text)
    assert page.unclosed == []
    assert not {"link", "img", "iframe", "object", "embed", "base"} & {tag for tag, _attrs in page.elements}
    for tag, attrs in page.elements:
        assert not {"src", "srcset", "style", "action"} & set(attrs), tag
        assert not any(name.startswith("on") for name in attrs), tag
        assert (attrs.get("href") or "#").startswith("#")
    assert not re.search(
        r"@import|url\(|fetch|XMLHttpRequest|WebSocket", "".join(page.text["style"] + page.text["script"])
    )
    identifiers = [attrs["id"] for _tag, attrs in page.elements if "id" in attrs]
    assert len(identifiers) == len(set(identifiers))
    for _tag, attrs in page.elements:
        for name in ("aria-labelledby", "aria-describedby"):
            assert set((attrs.get(name) or "").split()) <= set(identifiers)
        if (attrs.get("href") or "").startswith("#"):
            assert (attrs["href"] or "")[1:] in identifiers


def test_a_hostile_name_adds_no_element_no_attribute_and_no_character_that_acts() -> None:
    text = render_html(reports.hostile())
    tame, spoiled = Page(render_html(reports.mixed())), Page(text)
    assert [tag for tag, _attrs in tame.elements] == [tag for tag, _attrs in spoiled.elements]
    assert [sorted(attrs) for _tag, attrs in tame.elements] == [sorted(attrs) for _tag, attrs in spoiled.elements]
    for tag in ("script", "style"):
        assert tame.text[tag] == spoiled.text[tag]
    assert all(char == "\n" or char.isprintable() for char in text)
    assert "49" not in "".join(spoiled.text["h2"])


def test_the_policy_allows_the_own_script_and_style_alone() -> None:
    page = Page(render_html(reports.load("healthy")))
    (policy,) = page.of("meta", http_equiv="Content-Security-Policy")
    content = policy["content"] or ""
    assert content.startswith("default-src 'none';")
    assert "unsafe" not in content
    assert content.count("'sha256-") == 2


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ("incident_dns", ["coredns, pid 4711", "329 lost, 0.30 %", "arrival burst", "main loss"]),
        ("incident_quic", ["quic-proxy, pid 2217", "slow consumer", "main loss", "SO_REUSEPORT: from 1 to 2"]),
        ("incident_ingestion", ["1. reader stall", "2. arrival burst", "402 lost", "Not known for this socket alone"]),
        ("pending", ["overflow predicted", "nothing yet; the overflow is predicted"]),
        ("healthy", ["17 refused", "refused, no loss", "Blind spots", "web-01"]),
        ("warn_softnet", ["7,120 lost, 1.71 %", "permission denied; to read it: run with become"]),
        ("planned", ["Planned, nothing was changed", "would need a restart: coredns, pid 4711"]),
        ("applied", ["Round 1", "Round 2", "difference -31 to -29 percentage points", "Findings of the last window"]),
        ("applied", ["restarted: ingest, pid 77001 (unit ingest.service)", "lost 30.0 % of 40,120 before"]),
        ("applied", ["put back", "the window after the change", "33554432 (32 MiB)"]),
        ("unreachable", ["Connection timed out"]),
        ("error", ["Python 3.9 or newer"]),
        ("not_run", ["cut short"]),
        ("inconclusive", ["too few to tell"]),
    ],
)
def test_each_kind_of_host_is_told(case: str, expected: list[str]) -> None:
    page = Page(render_html(reports.load(case)))
    said = " ".join(" ".join(part for parts in page.text.values() for part in parts).split())
    for part in expected:
        assert part in said


@pytest.mark.parametrize("case", ["unreachable", "error", "not_run"])
def test_no_path_is_drawn_for_a_host_that_was_not_measured(case: str) -> None:
    assert 'class="strip"' not in render_html(reports.load(case))


def test_exactly_the_main_loss_is_marked_as_such_on_the_path() -> None:
    text = render_html(reports.load("incident_ingestion"))
    assert re.findall(r'<li class="n-(main|loss)"><span class="station">(\S+)</span>', text) == [
        ("loss", "softnet"),
        ("main", "socket"),
    ]


def test_every_loss_in_a_pod_has_its_lane_and_the_rest_is_counted() -> None:
    report = reports.load("incident_dns")
    host = report["hosts"]["node-dns-04"]
    one = host["findings"][0]
    host["findings"] = [
        dict(one, delta=number, namespace=dict(one["namespace"], name=f"pod-{number}", inode=number))
        for number in range(1, 10)
    ]
    text = render_html(report)
    lanes = re.findall(r'<p class="lane-name">(?:namespace )?([^,<]+)', text)
    assert lanes == ["host", "pod-9", "pod-8", "pod-7", "pod-6", "pod-5", "pod-4"]
    assert "3 more namespaces with a loss" in text


def test_a_fleet_can_be_sorted_and_filtered_and_read_without_script() -> None:
    page = Page(render_html(reports.mixed()))
    heads = [attrs for attrs in page.of("th", scope="col") if "aria-sort" in attrs]
    assert [attrs["aria-sort"] for attrs in heads] == ["ascending", "none", "none", "none", "none", "none"]
    assert len(page.of("button", type="button")) == 6
    assert all("disabled" in attrs for attrs in page.of("button"))
    (form,) = page.of("form")
    assert "hidden" in form
    assert page.of("output", aria_live="polite")
    assert len([attrs for _tag, attrs in page.elements if "data-status" in attrs]) == len(reports.CASES)


@pytest.mark.parametrize("report", every_report())
def test_landmarks_captions_and_text_alternatives(report: dict[str, Any]) -> None:
    page = Page(render_html(report))
    tags = [tag for tag, _attrs in page.elements]
    assert (tags.count("main"), tags.count("h1"), tags.count("footer")) == (1, 1, 1)
    assert tags.count("table") == tags.count("caption")
    assert tags.count("figure") == tags.count("figcaption") == len(page.of("svg", role="img"))
    for attrs in page.of("svg"):
        assert attrs.get("aria-labelledby") or attrs.get("aria-hidden") == "true"
    levels = [int(tag[1]) for tag in tags if re.fullmatch(r"h[1-6]", tag)]
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))


def test_a_chart_has_units_a_buffer_line_and_its_figures() -> None:
    text = render_html(reports.load("incident_quic"))
    for part in ("datagrams per second", "memory held by the queue", "seconds since the window began", "buffer 25 MiB"):
        assert part in text
    for key in ("arrivals", "reads", "drops", "queue"):
        assert f'<path class="line {key}" d="M66 ' in text


def test_a_series_with_holes_or_without_points_does_no_harm() -> None:
    report = reports.load("incident_quic")
    (series,) = report["hosts"]["edge-quic-1"]["windows"][0]["series"].values()
    series["drops"][10:30] = [None] * 20
    series["queue"] = None
    assert Page(render_html(report)).of("figure")
    for name in ("t", "reads"):
        series[name] = []
    assert not Page(render_html(report)).of("figure")


def test_five_hundred_hosts_stay_under_five_mebibytes() -> None:
    assert len(render_html(reports.fleet(500)).encode()) < 5 * 1024 * 1024


def test_drop_reasons_stand_with_their_findings() -> None:
    page = Page(render_html(reports.load("drop_reasons")))
    cells = [*page.text["td"], *page.text["th"]]
    for part in ("SOCKET_RCVBUFF", "12,145", "socket.receive_buffer_overflow", "nf_hook_slow", "server", "3,599"):
        assert part in cells
    assert any("TC_INGRESS +70" in text for text in page.text["li"])
    assert "Drop reasons of the kernel" not in render_html(reports.load("incident_dns"))
