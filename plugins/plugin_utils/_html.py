# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""report.html: the hosts of an audit, each with its verdict, its path, its charts and its counters."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.plugin_utils import _changes as changes
from ansible_collections.rxpath.linux.plugins.plugin_utils import _strip as strip
from ansible_collections.rxpath.linux.plugins.plugin_utils import _summary as summary
from ansible_collections.rxpath.linux.plugins.plugin_utils import _wording as wording
from ansible_collections.rxpath.linux.plugins.plugin_utils._charts import Chart, chart
from ansible_collections.rxpath.linux.plugins.plugin_utils._page import render_page
from ansible_collections.rxpath.linux.plugins.plugin_utils._shape import shown

# What one page draws: beyond it a browser gets slow and nobody looks. report.json has all; the page says what it left.
MAX_CHARTS_PER_HOST = 4
MAX_CHARTS = 240
MAX_COUNTERS = 60
MAX_SOCKETS = 12
FIRST_HOSTS = 3


class Drawn(NamedTuple):
    """A chart with the words around it."""

    ident: str
    window: str
    series: dict[str, Any]
    chart: Chart


class HostView(NamedTuple):
    """What the template needs of one host."""

    ident: str
    short: summary.Summary
    host: dict[str, Any]
    measured: bool
    lanes: list[strip.Lane]
    lanes_left: int
    losses: list[dict[str, Any]]
    notes: list[dict[str, Any]]
    charts: list[Drawn]
    charts_left: int
    counters: list[tuple[str, str, list[Any]]]
    counters_left: int
    windows: list[str]
    reasons: dict[str, Any]


def render_html(report: dict[str, Any]) -> str:
    """Return the page."""
    plain = shown(report)
    views = _views(plain)
    statuses = [(name, sum(1 for view in views if view.short.status == name)) for name in wording.STATUSES]
    return render_page(
        "report.html.j2",
        script="report.js",
        generated_at=str(plain.get("generated_at") or ""),
        views=views,
        first=_first(views),
        statuses=[(name, number) for name, number in statuses if number],
        headline=_headline(dict(statuses), len(views)),
        fleet=_fleet(views),
        summary=summary,
        strip=strip,
        MAX_SOCKETS=MAX_SOCKETS,
    )


def _first(views: list[HostView]) -> list[tuple[HostView, int]]:
    """Return the host to look at first for each of the worst faults, and how many more hosts have the same."""
    told = {view.short.name: view for view in views if view.short.status in ("fail", "warn", "error", "unreachable")}
    groups = summary.alike([view.short for view in told.values()])
    return [(told[group[0].name], len(group) - 1) for group in groups[:FIRST_HOSTS]]


def _views(report: dict[str, Any]) -> list[HostView]:
    views: list[HostView] = []
    budget = MAX_CHARTS
    for number, short in enumerate(summary.summaries(report)):
        host = report["hosts"][short.name]
        ident = f"host-{number + 1}"
        charts, left = _charts(host, ident, min(budget, MAX_CHARTS_PER_HOST))
        budget -= len(charts)
        lanes, lanes_left = strip.lanes(host, short.finding)
        counters = _counters(host)
        findings = host.get("findings") or []
        losses = [item for item in findings if item.get("class") == "loss" or item.get("pending")]
        losses.sort(key=lambda item: item is not short.finding)
        views.append(
            HostView(
                ident=ident,
                short=short,
                host=host,
                measured=bool(host.get("windows")),
                lanes=lanes,
                lanes_left=lanes_left,
                losses=losses,
                notes=[item for item in findings if item not in losses],
                charts=charts,
                charts_left=left,
                counters=counters[:MAX_COUNTERS],
                counters_left=max(0, len(counters) - MAX_COUNTERS),
                windows=changes.window_titles(host),
                reasons=summary.drop_reasons(host),
            )
        )
    return views


def _charts(host: dict[str, Any], ident: str, limit: int) -> tuple[list[Drawn], int]:
    drawn: list[Drawn] = []
    left = 0
    windows = host.get("windows") or []
    for window, title in zip(windows, changes.window_titles(host)):
        for series in (window.get("series") or {}).values():
            if not isinstance(series, dict):
                continue
            if len(drawn) >= limit:
                left += 1
                continue
            name = f"{ident}-chart-{len(drawn) + 1}"
            picture = chart(series, f"{name}-title")
            if picture:
                drawn.append(Drawn(name, title if len(windows) > 1 else "", series, picture))
    return drawn, left


def _counters(host: dict[str, Any]) -> list[tuple[str, str, list[Any]]]:
    """Return (where, counter, value in each window) for all counters that moved in any window."""
    windows = host.get("windows") or []
    found: dict[tuple[str, str], list[Any]] = {}
    for index, window in enumerate(windows):
        counters = window.get("counters") or {}
        for place, values in [*(counters.get("namespaces") or {}).items(), ("softnet", counters.get("softnet") or {})]:
            for name, value in values.items() if isinstance(values, dict) else ():
                if isinstance(value, (int, float)):
                    found.setdefault((place, name), [None] * len(windows))[index] = value
    return [(place, name, values) for (place, name), values in found.items() if any(values)]


def _headline(numbers: dict[str, int], total: int) -> str:
    hosts = "host" if total == 1 else "hosts"
    if numbers["fail"]:
        return f"{numbers['fail']} of {total} {hosts} fail{'s' if numbers['fail'] == 1 else ''}"
    if numbers["error"] + numbers["unreachable"]:
        return f"No host fails, but {numbers['error'] + numbers['unreachable']} of {total} could not be measured"
    if numbers["warn"]:
        return f"No host fails, {numbers['warn']} of {total} warn{'s' if numbers['warn'] == 1 else ''}"
    if numbers["pass"] == total:
        return f"All {total} {hosts} pass"
    return f"No host fails; {numbers['pass']} of {total} pass"


def _fleet(views: list[HostView]) -> list[tuple[str, int]]:
    """Return for each station how many hosts lost datagrams there; a prediction is no loss yet."""
    lossy = [{wording.station(item) for item in view.losses if item.get("delta")} for view in views]
    return [(name, sum(1 for stations in lossy if name in stations)) for name in wording.STATIONS]
