# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Numbers of queues: physical cores near the NIC, and what stands against a change."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_channels import (
    ChannelState,
    local_cores,
    plan_channels,
)

HERE = Target("eth0", "")
COMBINED = {"combined": 4, "rx": 0, "tx": 0, "combined_max": 8, "rx_max": 0, "tx_max": 0, "other": 1}
APART = {"combined": 0, "rx": 1, "tx": 1, "combined_max": 0, "rx_max": 4, "tx_max": 4, "other": 0}
# Two nodes of two cores with two threads each.
CPUS = {"online": "0-7", "isolated": "", "siblings": ["0-1", "2-3", "4-5", "6-7"]}


def plan(channels: dict[str, int] | None = COMBINED, cores: int = 2, driver: str = "igb", **asked: Any) -> Plan:
    state = {name: asked.pop(name) for name in ("xdp", "af_xdp", "table") if name in asked}
    return plan_channels(asked, ChannelState("eth0", driver, channels, cores, **state))


@pytest.mark.parametrize(
    ("local", "isolated", "online", "cores"),
    [
        ("4-7", "", "0-7", 2),
        (None, "", "0-7", 4),
        ("0-7", "2-3,7", "0-7", 3),
        ("4-7", "4-7", "0-7", 2),
        ("4-7", "", "0-4", 1),
        ("", "0-7", "0-7", 1),
    ],
)
def test_cores(local: str | None, isolated: str, online: str, cores: int) -> None:
    assert local_cores({**CPUS, "isolated": isolated, "online": online}, local) == cores


def test_auto() -> None:
    wanted = {"combined": 2, "rx": 0, "tx": 0}
    assert plan(combined="auto").changes == (Change("channels", HERE, {"combined": 4, "rx": 0, "tx": 0}, wanted),)
    result = plan(combined="auto", cores=16)
    assert result.changes[0].wanted["combined"] == 8
    assert result.notes == ("eth0 (igb): 8 combined channels for 16 cores near it, the driver has no more",)
    assert plan(combined="auto", cores=4) == Plan()


def test_numbers() -> None:
    assert plan(APART, driver="veth", rx="3", tx=2).changes[0].wanted == {"combined": 0, "rx": 3, "tx": 2}
    assert plan(combined="9").unsupported == (
        "eth0 (igb): 9 combined channels asked, clamped to the driver's maximum of 8",
    )
    assert plan(rx="2").unsupported == ("eth0 (igb): the driver has no rx channels, it has combined",)
    assert (plan(combined="9").lacking, plan(rx="2").lacking) == ((), ("rx",))
    assert plan(rx="keep") == Plan()


@pytest.mark.parametrize(("driver", "channels"), [("vmxnet3", COMBINED), ("e1000e", None)])
def test_fixed(driver: str, channels: dict[str, int] | None) -> None:
    result = plan(channels, driver=driver, combined="2")
    assert result.unsupported == (f"eth0 ({driver}): the driver cannot change the number of its queues",)
    assert result == Plan(unsupported=result.unsupported, lacking=("combined",))


@pytest.mark.parametrize(
    ("why", "text"),
    [
        ({"xdp": "native"}, "an XDP program is attached (native)"),
        ({"af_xdp": (3, 1, 3)}, "an AF_XDP socket is bound to queue 1, 3"),
        ({"table": [0, 3]}, "leads to queue 3, with 2 queues the last would be 1"),
    ],
)
def test_refused_unless_forced(why: dict[str, Any], text: str) -> None:
    result = plan(combined="2", **why)
    assert result.changes == ()
    assert text in result.refused[0]
    assert plan(combined="4", **why) == Plan()
    forced = plan(combined="2", force=True, **why)
    assert forced.refused == ()
    assert text in forced.warnings[0]
    assert forced.changes[-1].knob == "channels"


def test_table_is_reset_before_its_queue_goes() -> None:
    (reset, change) = plan(combined="2", force=True, table=[0, 3]).changes
    assert reset == Change("indirection", HERE, [0, 3], "default")
    assert change.knob == "channels"


@pytest.mark.parametrize("table", ["default", "blocks", [0, 1], None])
def test_table_that_is_in_nobodys_way(table: Any) -> None:
    assert [change.knob for change in plan(combined="2", table=table).changes] == ["channels"]
