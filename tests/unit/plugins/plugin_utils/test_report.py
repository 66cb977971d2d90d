# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import FINDING_IDS
from ansible_collections.rxpath.linux.plugins.plugin_utils import _wording as wording
from ansible_collections.rxpath.linux.plugins.plugin_utils import report as write
from ansible_collections.rxpath.linux.plugins.plugin_utils._text import render_text
from ansible_collections.rxpath.linux.plugins.plugin_utils.report import ReportError, render_json, write_reports
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils import reports

SCHEMA: dict[str, Any] = json.loads(
    (Path(__file__).parents[4] / "docs" / "report.schema.json").read_text(encoding="utf-8")
)
FORMATS = ["json", "html", "junit", "prometheus"]


def validate(report: dict[str, Any]) -> None:
    jsonschema.validate(report, SCHEMA, cls=jsonschema.Draft202012Validator)


def test_the_schema_is_one_and_knows_every_finding() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["$defs"]["finding_id"]["enum"] == list(FINDING_IDS)
    assert SCHEMA["$defs"]["host"]["properties"]["status"]["enum"] != []
    assert set(SCHEMA["$defs"]["host"]["properties"]["status"]["enum"]) == set(wording.STATUSES)


def test_every_finding_has_a_title_and_a_station() -> None:
    assert set(wording.TITLES) == set(FINDING_IDS)
    assert {wording.station({"finding": name}) for name in FINDING_IDS} == set(wording.STATIONS)


@pytest.mark.parametrize("case", reports.CASES)
def test_the_recorded_reports_keep_the_contract(case: str) -> None:
    validate(reports.load(case))


def test_the_fleet_keeps_the_contract() -> None:
    validate(reports.fleet(100))


@pytest.mark.parametrize(
    ("member", "value"),
    [("status", "ok"), ("main_loss", "socket.full"), ("findings", None), ("rounds", "1"), ("unknowns", [1])],
)
def test_the_schema_refuses_what_the_contract_does_not_have(member: str, value: Any) -> None:
    report = reports.load("incident_dns")
    report["hosts"]["node-dns-04"][member] = value
    with pytest.raises(jsonschema.ValidationError):
        validate(report)


def test_json_comes_back_as_it_went_in_even_with_hostile_names() -> None:
    for report in (reports.mixed(), reports.hostile()):
        text = render_json(report)
        assert text.isascii()
        assert json.loads(text) == report


def _without_one(value: Any) -> Iterator[Any]:
    """Yield copies of a document, each with one member of one of its objects missing."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield {name: other for name, other in value.items() if name != key}
            for smaller in _without_one(item):
                yield {**value, key: smaller}
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for smaller in _without_one(value[0]):
            yield [smaller, *value[1:]]


@pytest.mark.parametrize("case", ["incident_dns", "applied", "incident_quic"])
def test_a_report_with_a_gap_is_still_told_in_every_format(case: str) -> None:
    report = reports.load(case)
    for host in report["hosts"].values():
        for series in (series for window in host["windows"] for series in window["series"].values()):
            series.update({key: value[:5] for key, value in series.items() if isinstance(value, list)})
    for gap in _without_one(report):
        render_text(gap, color=False)
        for name in FORMATS:
            write.FORMATS[name][1](gap)


def test_every_format_is_written_for_all_to_read(tmp_path: Path) -> None:
    old = os.umask(0o077)
    try:
        paths = write_reports(reports.mixed(), str(tmp_path / "new" / "dir"), FORMATS)
    finally:
        os.umask(old)
    names = ["report.json", "report.html", "junit.xml", "metrics.prom"]
    assert [Path(paths[name]).name for name in FORMATS] == names
    assert sorted(path.name for path in (tmp_path / "new" / "dir").iterdir()) == sorted(names)
    for path in paths.values():
        assert stat.S_IMODE(os.stat(path).st_mode) == 0o644


@pytest.mark.parametrize("name", FORMATS)
def test_the_same_report_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    first = Path(write_reports(reports.mixed(), str(tmp_path), [name])[name]).read_bytes()
    second = Path(write_reports(reports.mixed(), str(tmp_path), [name])[name]).read_bytes()
    assert first == second


def test_metrics_is_another_name_for_prometheus(tmp_path: Path) -> None:
    assert write_reports(reports.mixed(), str(tmp_path), ["metrics"])["metrics"] == str(tmp_path / "metrics.prom")


def test_an_unknown_format_is_named_and_nothing_is_written(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="unknown report format 'pdf'; there are: json, html, junit, prometheus"):
        write_reports(reports.mixed(), str(tmp_path / "x"), ["json", "pdf"])
    assert not (tmp_path / "x").exists()


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(
        ReportError, match=r"^udp_audit_report_dir: cannot make the directory '.*/file/dir': Not a directory"
    ):
        write_reports(reports.mixed(), str(tmp_path / "file" / "dir"), ["json"])


def test_a_file_that_cannot_be_replaced_is_named_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(ReportError, match=r"cannot write the report '.*/report.json'"):
        write_reports(reports.mixed(), str(tmp_path), ["json"])
    assert [path.name for path in tmp_path.iterdir()] == ["report.json"]
