# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is kept for boot of the requests that a NIC's modules make one after another."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply import boot
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._apply.conftest import MakeHost


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    return make_host(files={"/usr/lib/systemd/systemd": "", "/sys/class/net/eth0/uevent": ""})


def kept(host: Host, family: str, *requests: dict[str, Any]) -> dict[str, Any]:
    for request in requests:
        tune(host, {"family": family, "interface": "eth0", **request}, check=False, scope="boot")
    found = boot.find(host, family, "eth0")
    assert found is not None
    return {name: value for name, value in found.items() if name not in ("family", "interface")}


def test_tables_replace_each_other(host: Host) -> None:
    """Weights once stayed beside the table that followed them, and went before it at boot."""
    fields = {"indirection": "keep", "udp4": "sdfn"}
    weights = {"indirection": "keep", "weights": [1, 2], "udp4": "keep"}
    assert kept(host, "nic_rss", fields, weights, {"table": [0, 1]}) == {"udp4": "sdfn", "table": [0, 1]}
    assert kept(host, "nic_rss", {"indirection": "equal"}) == {"udp4": "sdfn", "indirection": "equal"}


def test_channels_to_come_are_not_kept(host: Host) -> None:
    assert kept(host, "nic_ring", {"rx": "max", "tx": "keep", "channels": 8}) == {"rx": "max"}


def test_sides_add_up(host: Host) -> None:
    assert kept(host, "nic_ring", {"rx": "max"}, {"rx": "keep", "tx": "512"}) == {"rx": "max", "tx": "512"}


def test_force_is_that_of_the_last_call(host: Host) -> None:
    """It once stayed for ever, and overruled at boot what it had been lifted for."""
    assert kept(host, "nic_ring", {"rx": "max", "force": True}) == {"rx": "max", "force": True}
    assert kept(host, "nic_ring", {"rx": "max"}) == {"rx": "max"}
