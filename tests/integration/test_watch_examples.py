# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules and the dashboard of docs/examples: each query is valid, names what the watch writes, and finds it."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import LOSS, PLACES, REFUSED
from ansible_collections.rxpath.linux.plugins.module_utils._watch.losers import Label
from ansible_collections.rxpath.linux.plugins.module_utils._watch.memory import Known, Memory
from ansible_collections.rxpath.linux.plugins.module_utils._watch.metrics import METRICS, PREFIX, Run, render
from ansible_collections.rxpath.linux.plugins.module_utils._watch.tally import PASSED, Series
from ansible_collections.rxpath.linux.tests.hosts import prometheus
from ansible_collections.rxpath.linux.tests.hosts.prometheus import EXAMPLES, RULES
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

DASHBOARD = json.loads((EXAMPLES / "grafana/rxpath.json").read_text(encoding="utf-8"))
# What Grafana puts in before it asks.
VARIABLES = {"$__rate_interval": "5m", "$__range": "10m", "$job": ".*", "$instance": ".*", "$netns": ".*"}
# The labels that Prometheus adds to what it scrapes, and those that alerts are given.
ADDED = {"job", "instance", "alertname"}
PROGRAM = prometheus.promtool()
needs_promtool = pytest.mark.skipif(PROGRAM is None, reason="promtool is not here; Debian has it in prometheus")


def panels() -> Iterator[dict[str, Any]]:
    yield from (panel for panel in DASHBOARD["panels"] if panel["type"] != "row")


def queries() -> list[str]:
    found = [target["expr"] for panel in panels() for target in panel["targets"]]
    for name, text in VARIABLES.items():
        found = [expr.replace(name, text) for expr in found]
    assert len(found) > 10
    return found


def scrape(rise: int, moment: float) -> dict[str, float]:
    """Return a file with every metric that there is, and every counter risen by so much."""
    memory = Memory(5)
    for place in PLACES:
        series = Series(place.finding, "packets", "eth0" if place.hop == "nic" else "")
        if place.kind in (LOSS, REFUSED):
            memory.machine.sums[series.key] = 10**9 + rise
    known = Known(["pod", "named", "pod:1", "server"], [])
    known.book.sums = dict(memory.machine.sums)
    for handoff in ("nic", "softnet", "ip", "socket"):
        known.book.sums[Series(PASSED + handoff, "packets").key] = 10**9 + 10 * rise
    memory.namespaces["4:7"] = known
    memory.listed = ["4:7"]
    memory.losers.lost(Label("4:7", "udp", "127.0.0.1:53", 'odd"\\name\n'), 1 + rise)
    memory.losers.rest = rise
    found = prometheus.read(render(memory, Run(moment, 15.0, 0.2, 0, 100, 1000)))
    return {
        re.sub(r"^(\w+)(?:\{(.*)\})?$", r'\1{job="node",instance="node1",\2}', series).replace(",}", "}"): value
        for series, value in found.items()
    }


def check(path: Path, *words: str) -> None:
    done = subprocess.run([str(PROGRAM), *words, path], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr


@needs_promtool
def test_rules_are_valid_and_fire_and_stay_silent_as_they_should() -> None:
    check(RULES, "check", "rules")
    check(RULES.with_name("rxpath.test.yml"), "test", "rules")


def test_rules_and_dashboard_name_only_what_is_written() -> None:
    written = {PREFIX + name for name in METRICS}
    labels = {
        label for series in scrape(1, 1.0) for label in re.findall(r'[{,](\w+)="', re.sub(r'"[^"]*\\"', '"', series))
    } | ADDED
    assert {"finding", "class", "unit", "handoff", "local", "process"} <= labels
    texts = [*queries(), RULES.read_text(encoding="utf-8")]
    texts += [
        variable["query"]["query"] for variable in DASHBOARD["templating"]["list"] if "query" in variable["query"]
    ]
    for text in texts:
        named = {
            name for name in re.findall(r"\brxpath_udp_watch_\w+", text) if not name.endswith(("_loss", "_overflow"))
        }
        assert named <= written | {"rxpath_udp_watch"}, text
        for group in re.findall(r"\bby \(([^)]*)\)", text):
            assert {label.strip() for label in group.split(",")} <= labels, text
    assert "rxpath_udp_watch_loss_total" in written


@needs_promtool
def test_every_query_of_the_dashboard_finds_something(tmp_path: Path) -> None:
    scrapes = [scrape(60 * minute, 60.0 * minute) for minute in range(11)]
    tests = [
        {
            "interval": "1m",
            "input_series": prometheus.series(scrapes),
            "promql_expr_test": [
                {"expr": f"count({expr}) > bool 0", "eval_time": "10m", "exp_samples": [{"labels": "{}", "value": 1}]}
                for expr in queries()
            ],
        }
    ]
    path = tmp_path / "dashboard.test.yml"
    path.write_text(json.dumps({"rule_files": [], "evaluation_interval": "1m", "tests": tests}), encoding="utf-8")
    check(path, "test", "rules")


def test_dashboard_advises_on_every_loss_and_its_panels_do_not_overlap() -> None:
    mapped = [
        mapping["options"]
        for panel in panels()
        for override in panel["fieldConfig"]["overrides"]
        for rule in override["properties"]
        if rule["id"] == "mappings"
        for mapping in rule["value"]
    ]
    assert len(mapped) == 1
    assert set(mapped[0]) == {place.finding for place in PLACES if place.kind in (LOSS, REFUSED)}
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(set(ids)) == len(ids)
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        at = panel["gridPos"]
        cells = {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        assert not cells & taken, panel["title"]
        assert at["x"] + at["w"] <= 24
        taken |= cells


def test_dashboard_is_one_that_grafanas_own_types_hold() -> None:
    register_default_plugins()
    held = json.loads(json.dumps(Dashboard.from_json(DASHBOARD), cls=JSONEncoder))
    assert list(lacking(DASHBOARD, held)) == []


def lacking(wanted: Any, held: Any, path: str = "") -> Iterator[str]:
    """Yield the places of a document that another does not have: what a schema does not know is lost in it."""
    if isinstance(wanted, dict) and isinstance(held, dict):
        for key, value in wanted.items():
            yield from lacking(value, held[key], f"{path}.{key}") if key in held else [f"{path}.{key}"]
    elif isinstance(wanted, list) and isinstance(held, list) and len(wanted) == len(held):
        for index, (one, other) in enumerate(zip(wanted, held)):
            yield from lacking(one, other, f"{path}[{index}]")
    elif wanted != held:
        yield path
