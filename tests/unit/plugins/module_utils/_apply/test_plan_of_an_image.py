# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An image is planned and written for its first boot: no running value is read or touched, and a second run is still."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.tuning_plan import plan_host
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._plan.surveys import settings

REQUESTS = "etc/rxpath-linux/tuning.json"


@pytest.fixture
def image(tmp_path: Path) -> Host:
    for folder in ("usr/lib/systemd", "etc/sysctl.d", "run", "var/lib"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "usr/lib/systemd/systemd").touch()
    return Host(str(tmp_path))


def carry_out(host: Host, plan: dict[str, Any]) -> list[Any]:
    """Do what the role does with a plan; return the changes as the modules tell them."""
    changes = []
    for request in plan["requests"]:
        if request["changes"]:
            asked = {name: value for name, value in request.items() if name != "changes"}
            changes += tune(host, asked, check=False, scope=plan["scope"])["changes"]
    return changes


def test_everything_is_written_for_the_first_boot(image: Host, tmp_path: Path) -> None:
    wanted = settings(profile="full", persist_only=True, rps="auto")
    plan = plan_host(image, wanted)
    predicted = [change for request in plan["requests"] for change in request["changes"]]
    assert plan["scope"] == "boot"
    assert plan["interfaces"] == ["auto"]
    assert carry_out(image, plan) == predicted
    remembered = json.loads((tmp_path / REQUESTS).read_text())["requests"]
    assert {item["family"] for item in remembered} == {
        "nic_channels",
        "nic_ring",
        "nic_rss",
        "irq_affinity",
        "packet_steering",
    }
    assert "net.core.rmem_max = 4194304" in (tmp_path / "etc/sysctl.d/99-udp-tuning.conf").read_text()
    again = plan_host(image, wanted)
    assert again["executions"] == 1


def test_an_image_is_taken_for_one_without_being_told(image: Host) -> None:
    assert plan_host(image, settings(profile="full"))["scope"] == "boot"


def test_a_request_for_sysctls_needs_no_more_than_its_settings(image: Host, tmp_path: Path) -> None:
    asked = {"family": "sysctl_settings", "settings": {"net.core.rmem_max": 4194304}}
    plan = plan_host(image, {**settings(persist_only=True), "requests": [asked]})
    carry_out(image, plan)
    assert "net.core.rmem_max = 4194304" in (tmp_path / "etc/sysctl.d/99-udp-tuning.conf").read_text()
