# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import shutil
import subprocess
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils._metrics import render_metrics
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils import reports

LINE = re.compile(r'^[a-z_]+(\{[a-z]+="(?:[^"\\\n]|\\[\\"n])*"(,[a-z]+="(?:[^"\\\n]|\\[\\"n])*")*\})? -?[0-9.e+-]+$')


def reports_of_every_kind() -> list[Any]:
    made = [pytest.param(reports.load(case), id=case) for case in reports.CASES]
    made.append(pytest.param(reports.mixed(), id="mixed"))
    made.append(pytest.param(reports.hostile(), id="hostile"))
    made.append(pytest.param({"schema": 1, "generated_at": "then", "hosts": {}}, id="empty"))
    return made


@pytest.mark.parametrize("report", reports_of_every_kind())
def test_the_text_format_is_kept(report: dict[str, Any]) -> None:
    text = render_metrics(report)
    assert text.endswith("\n")
    series = [line for line in text.split("\n")[:-1] if not line.startswith("#")]
    assert all(LINE.match(line) for line in series)
    names = [line.rsplit(" ", 1)[0] for line in series]
    assert len(names) == len(set(names))
    for keyword in ("HELP", "TYPE"):
        declared = re.findall(rf"^# {keyword} (\S+)", text, re.MULTILINE)
        assert len(declared) == len(set(declared))


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")
@pytest.mark.parametrize("report", reports_of_every_kind())
def test_promtool_finds_nothing_to_say(report: dict[str, Any]) -> None:
    text = render_metrics(report)
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_values_of_the_dns_incident() -> None:
    text = render_metrics(reports.load("incident_dns"))
    labels = 'host="node-dns-04",finding="socket.receive_buffer_overflow",class="loss",unit="datagrams"'
    assert f"rxpath_udp_audit_loss{{{labels}}} 329\n" in text
    assert f"rxpath_udp_audit_loss_per_second{{{labels}}} 32.9\n" in text
    assert 'rxpath_udp_audit_main_loss_ratio{host="node-dns-04"} 0.003037\n' in text
    assert 'rxpath_udp_audit_host_status{host="node-dns-04",status="fail"} 1\n' in text


def test_a_finding_in_many_namespaces_is_one_series() -> None:
    report = reports.load("incident_dns")
    host = report["hosts"]["node-dns-04"]
    one = host["findings"][0]
    host["findings"] = [dict(one, namespace=dict(one["namespace"], name=f"pod-{number}")) for number in range(250)]
    text = render_metrics(report)
    assert len(re.findall(r"^rxpath_udp_audit_loss\{", text, re.MULTILINE)) == 1
    assert "} 82250\n" in text


def test_nothing_is_claimed_of_a_host_that_was_not_measured() -> None:
    text = render_metrics(reports.load("unreachable"))
    assert 'rxpath_udp_audit_host_status{host="db-07",status="unreachable"} 1' in text
    for name in ("pending", "unknowns", "blind_spots", "loss"):
        assert f"rxpath_udp_audit_{name}{{" not in text


def test_drop_reasons_are_told_by_reason_alone() -> None:
    text = render_metrics(reports.load("drop_reasons"))
    assert 'rxpath_udp_audit_drop_reasons{host="proxy-tr-1",reason="NETFILTER_DROP"} 80\n' in text
    assert 'rxpath_udp_audit_drop_reasons{host="proxy-tr-1",reason="SOCKET_RCVBUFF"} 12145\n' in text
    # In five functions of the kernel.
    assert len(re.findall(r'^rxpath_udp_audit_drop_reasons.*"NOT_SPECIFIED"', text, re.MULTILINE)) == 1
    assert "drop_reasons{" not in render_metrics(reports.load("incident_dns"))
