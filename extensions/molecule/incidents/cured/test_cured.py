# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same traffic after the cure: a buffer that bridges the burst, a faster reader, and no stall downstream."""

from __future__ import annotations

import json
from pathlib import Path

import testinfra.host

testinfra_hosts = ["ansible://dns", "ansible://quic", "ansible://ingest"]


def test_nothing_is_lost_any_more(host: testinfra.host.Host, ephemeral: Path) -> None:
    name = host.check_output("hostname")
    report = json.loads((ephemeral / f"cured/{name}/udp-audit/report.json").read_text(encoding="utf-8"))
    entry = report["hosts"][name]
    assert entry["status"] in ("pass", "warn"), entry["reason"]
    (window,) = entry["windows"]
    (pod,) = (each for label, each in window["counters"]["namespaces"].items() if label.endswith("-dst"))
    assert pod["Udp.InDatagrams"] > 5000
    assert pod.get("Udp.RcvbufErrors", 0) == 0


def test_its_pods_are_gone(host: testinfra.host.Host) -> None:
    assert host.check_output("ip netns list; pgrep -l 'rx-|nsd'; true") == ""
