# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which services are restarted, how, and how often."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils.restarting import is_allowed, restart
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.changing import Host, failing

POD = {"process": "nsd", "pid": 7, "unit": None, "container": "docker:0123456789abcdef"}
UNIT = {"process": "nsd", "pid": 7, "unit": "nsd.service", "container": None}


@pytest.mark.parametrize(
    ("row", "name", "expected"),
    [
        (UNIT, "nsd.service", True),
        (UNIT, "nsd", True),
        (UNIT, "ns", False),
        (UNIT, "nsd.", False),
        (UNIT, "", False),
        (POD, "docker:0123456789abcdef", True),
        (POD, "0123456789abcdef", True),
        (POD, "01234567", True),
        (POD, "0123456", False),
        (POD, "docker", False),
        (POD, "", False),
        ({"unit": "dns@1.service"}, "dns@1", True),
        ({"unit": "dns@1.service"}, "dns", False),
        ({}, "nsd", False),
    ],
)
def test_is_allowed(row: dict[str, Any], name: str, expected: bool) -> None:
    assert is_allowed(row, [name]) is expected


def test_nothing_is_restarted_that_nobody_allowed() -> None:
    host = Host()
    rows = restart(host, [UNIT, POD, {"process": "x", "pid": 9}], [])
    assert host.calls == []
    assert [row["restarted"] for row in rows] == [False, False, False]
    assert [row["why"] for row in rows] == [
        "udp_audit_restart_services does not name nsd.service",
        "udp_audit_restart_services does not name docker:0123456789abcdef",
        "it belongs to no systemd unit and no container",
    ]


def test_a_unit_is_restarted_once_for_all_its_processes_and_all_calls() -> None:
    host, done = Host(), dict[str, str]()
    rows = [*restart(host, [UNIT, {**UNIT, "pid": 8}], ["nsd"], done), *restart(host, [UNIT], ["nsd"], done)]
    assert host.calls == [("systemd_service", {"name": "nsd.service", "state": "restarted"})]
    assert all(row["restarted"] for row in rows)
    assert [row["why"] for row in rows] == ["", "", ""]


def test_a_container_is_restarted_by_its_engine() -> None:
    host = Host()
    restart(host, [POD], ["01234567"])
    assert host.calls == [("command", {"argv": ["docker", "restart", "0123456789abcdef"]})]


def test_a_container_of_a_unit_is_restarted_as_the_site_named_it() -> None:
    both = {**POD, "unit": "nsd.service"}
    for name, module in (("nsd", "systemd_service"), ("01234567", "command")):
        host = Host()
        restart(host, [both], [name])
        assert host.names[0].startswith(module)


def test_a_pod_of_an_orchestrator_is_not_ours_to_restart() -> None:
    host = Host()
    (row,) = restart(host, [{**POD, "container": "containerd:0123456789abcdef"}], ["0123456789abcdef"])
    assert (host.calls, row["restarted"]) == ([], False)
    assert "restarted by what runs it" in row["why"]


def test_a_restart_that_failed_is_told() -> None:
    (row,) = restart(Host({"systemd_service": failing("Job failed")}), [UNIT], ["nsd"])
    assert (row["restarted"], row["why"]) == (False, "Job failed")
