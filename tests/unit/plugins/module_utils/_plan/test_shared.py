# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes of the host's own knobs, after those of earlier requests."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._plan.shared import in_order

FLOWS = "net.core.rps_sock_flow_entries"


def row(knob: str, target: str, before: Any, to: Any) -> dict[str, Any]:
    return {"knob": knob, "target": target, "from": before, "to": to}


@pytest.mark.parametrize(("asked", "left"), [("65536", [("32768", "65536")]), ("32768", []), ("4096", [])])
def test_a_table_that_an_earlier_device_made_is_only_raised(asked: str, left: list[tuple[str, str]]) -> None:
    found = in_order([row("sysctl", FLOWS, "0", "32768")], [row("sysctl", FLOWS, "0", asked)])
    assert [(change["from"], change["to"]) for change in found] == left


def test_what_is_a_devices_own_starts_from_what_it_has() -> None:
    mine = row("ring", "eth0", 256, 4096)
    assert in_order([row("ring", "eth0", 256, 512)], [mine]) == [mine]
