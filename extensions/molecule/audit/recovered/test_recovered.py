# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host whose reader has gone: a history of losses that no longer rises is not a loss."""

from __future__ import annotations

import json
from pathlib import Path

import testinfra.host

testinfra_hosts = ["ansible://bursting"]


def test_a_history_of_losses_is_no_loss(host: testinfra.host.Host, ephemeral: Path) -> None:
    udp = [row.split() for row in host.file("/proc/net/snmp").content_string.splitlines() if row.startswith("Udp:")]
    counted = dict(zip(*udp))
    assert int(counted["RcvbufErrors"]) > 0
    assert int(counted["NoPorts"]) > 0
    report = json.loads((ephemeral / "recovered/udp-audit/report.json").read_text(encoding="utf-8"))["hosts"]
    assert report["healthy"]["status"] == "pass"
    assert report["bursting"]["status"] != "fail"
    assert report["bursting"]["main_loss"] is None
    assert "udp.no_listener" in {finding["finding"] for finding in report["bursting"]["findings"]}
