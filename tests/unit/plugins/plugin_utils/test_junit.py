# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils._junit import render_junit
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils import reports

SUITE = {"name", "package", "id", "hostname", "timestamp", "tests", "failures", "errors", "skipped", "time"}


def suite(case: str) -> ElementTree.Element:
    (only,) = ElementTree.fromstring(render_junit(reports.load(case)))
    return only


@pytest.mark.parametrize("make", [reports.mixed, reports.hostile])
def test_elements_attributes_and_order_are_those_of_the_common_schema(make: Callable[[], dict[str, Any]]) -> None:
    root = ElementTree.fromstring(render_junit(make()))
    assert root.tag == "testsuites"
    assert len(root) == len(reports.CASES)
    for element in root:
        assert element.tag == "testsuite"
        assert set(element.attrib) == SUITE
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", element.attrib["timestamp"])
        cases = element.findall("testcase")
        middle = ["testcase"] * len(cases)
        assert [child.tag for child in element] == ["properties", *middle, "system-out", "system-err"]
        names = [case.attrib["name"] for case in cases]
        assert len(names) == len(set(names)) == int(element.attrib["tests"])
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(element.attrib[attribute]) == sum(1 for case in cases if case.find(tag) is not None)
        for case in cases:
            assert set(case.attrib) == {"name", "classname", "time"}
            assert len(case) <= 1
            for result in case:
                assert set(result.attrib) == ({"message"} if result.tag == "skipped" else {"message", "type"})


@pytest.mark.parametrize(
    ("case", "counts"),
    [
        ("healthy", (9, 0, 0, 0)),
        ("warn_softnet", (9, 0, 0, 0)),
        ("incident_dns", (9, 2, 0, 0)),
        ("incident_ingestion", (9, 3, 0, 0)),
        ("pending", (9, 2, 0, 0)),
        ("unreachable", (1, 0, 1, 0)),
        ("error", (1, 0, 1, 0)),
        ("not_run", (1, 0, 0, 1)),
        ("inconclusive", (9, 0, 0, 9)),
    ],
)
def test_what_fails_what_errs_and_what_is_skipped(case: str, counts: tuple[int, int, int, int]) -> None:
    found = suite(case).attrib
    assert tuple(int(found[name]) for name in ("tests", "failures", "errors", "skipped")) == counts


def test_the_failure_says_where_who_and_what_to_do() -> None:
    failure = suite("incident_dns").find("testcase[@name='socket handoff']/failure")
    assert failure is not None
    assert failure.attrib["message"].startswith("socket.receive_buffer_overflow: lost 329 datagrams in 10 s")
    assert "coredns, pid 4711" in (failure.text or "")
    assert "do: let coredns ask" in (failure.text or "")


def test_a_rule_that_matched_with_severity_fail_is_a_failure() -> None:
    report = reports.load("healthy")
    rules = [{"name": "r", "severity": severity, "message": "m", "matched": True} for severity in ("fail", "warn")]
    report["hosts"]["web-01"]["rules"] = rules
    (only,) = ElementTree.fromstring(render_junit(report))
    assert only.attrib["failures"] == "1"


def test_an_overflow_to_come_is_called_predicted() -> None:
    failure = suite("pending").find("testcase[@name='socket handoff']/failure")
    assert failure is not None
    assert "predicted" in failure.attrib["message"]
