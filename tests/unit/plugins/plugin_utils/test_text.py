# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils._text import MAX_BLOCKS, MAX_LINES, render_text
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils import reports


def test_one_host_is_told_in_one_block() -> None:
    text = render_text(reports.load("incident_quic"), color=False)
    assert text.startswith("FAIL edge-quic-1: socket.receive_buffer_overflow\n")
    for part in ("quic-proxy, pid 2217, buffer 25 MiB", "SO_REUSEPORT: from 1 to 2", "  in vain   a larger"):
        assert part in text
    assert "hosts:" not in text


@pytest.mark.parametrize("case", ["unreachable", "error", "not_run", "inconclusive", "healthy"])
def test_a_host_without_a_loss_is_one_line_with_its_reason(case: str) -> None:
    report = reports.load(case)
    (host,) = report["hosts"].values()
    text = render_text(report, color=False)
    assert "\n" not in text
    assert text.endswith(host["reason"])


def test_a_fleet_of_hundreds_fits_on_some_screens_and_counts_everyone() -> None:
    report = reports.fleet(500)
    text = render_text(report, color=False)
    assert len(text.splitlines()) < MAX_BLOCKS * 16 + MAX_LINES + 12
    assert text.splitlines()[-1].startswith("500 hosts: 85 FAIL, 5 ERROR, 15 UNREACHABLE, 60 WARN,")


def test_an_empty_report_says_so() -> None:
    assert render_text({"schema": 1, "hosts": {}}, color=False) == "no host was audited"


def test_hostile_names_cannot_steer_the_terminal() -> None:
    text = render_text(reports.hostile(), color=False)
    assert all(char == "\n" or char.isprintable() for char in text)
    coloured = render_text(reports.hostile(), color=True)
    for code in ("1;31", "1;35", "1;33", "36", "32", "0"):
        coloured = coloured.replace(f"\x1b[{code}m", "")
    assert coloured.split() == text.split()


def test_colour_changes_nothing_else() -> None:
    assert "\x1b[1;31mFAIL\x1b[0m" in render_text(reports.mixed(), color=True)
    assert "\x1b" not in render_text(reports.mixed(), color=False)


def test_what_root_would_have_read_is_said_in_one_line() -> None:
    host = {
        "status": "pass",
        "reason": "no loss",
        "findings": [],
        "windows": [],
        "unknowns": [
            "nftables rules (host): Operation not permitted; run with root's rights (become)",
            "sysctl x: no such file; load the module",
        ],
    }
    lines = render_text({"schema": 1, "generated_at": "", "hosts": {"web": host}}, False).splitlines()
    assert "not read without root: nftables rules (host); become root (-b) to have it read" in lines
    assert "not readable: sysctl x: no such file; load the module" in lines
    # Of several things there is no room for all reasons, and of one thing hosts may have different ones.
    other = {**host, "unknowns": ["sysctl x: nobody knows; ask"]}
    text = render_text({"schema": 1, "generated_at": "", "hosts": {"web": host, "db": other}}, False)
    assert "not readable: sysctl x; the report says why" in text.splitlines()
    host["unknowns"] = ["sysctl x: no such file; load the module", "sysctl y: the same; load it"]
    text = render_text({"schema": 1, "generated_at": "", "hosts": {"web": host}}, False)
    assert "not readable: sysctl x, sysctl y; the report says why" in text.splitlines()


def test_what_only_the_kernel_tells_is_said_under_the_host() -> None:
    report = reports.load("drop_reasons")
    lines = [line for line in render_text(report, color=False).splitlines() if line.startswith("  kernel")]
    assert len(lines) == 3
    assert "NETFILTER_DROP +80 in nf_hook_slow" in lines[1]
    report["hosts"]["proxy-tr-1"].update(status="pass", findings=[], main_loss=None, first_loss=None)
    assert "TC_INGRESS +70" in render_text(report, color=False)
