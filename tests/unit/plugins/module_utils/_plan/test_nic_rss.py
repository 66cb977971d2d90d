# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Indirection tables as patterns and as lists, and the hash fields of UDP."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Plan, Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_rss import RssState, plan_rss
from ansible_collections.rxpath.linux.plugins.module_utils._plan.spread import (
    blocks,
    highest,
    interleaved,
    is_even,
    named,
    repeated,
    weighted,
)
from hypothesis import given
from hypothesis import strategies as st

HERE = Target("eth0", "")


def plan(now: Any = "default", /, driver: str = "igb", queues: int = 4, fields: Any = None, **asked: Any) -> Plan:
    fields = {"udp4": "sd", "udp6": "sd"} if fields is None else fields
    return plan_rss(asked, RssState("eth0", driver, now, 8, queues, fields))


@given(st.sampled_from([8, 16, 64, 128, 512]), st.integers(1, 8))
def test_names_are_those_of_the_patterns(size: int, queues: int) -> None:
    assert named(interleaved(size, queues), queues, "virtio_net") == "default"
    assert named(blocks(size, queues), queues, "igb") == "blocks"
    assert is_even(interleaved(size, queues), queues)
    assert is_even(blocks(size, queues), queues)
    if 1 < queues < size:
        assert isinstance(named(blocks(size, queues), queues, "virtio_net"), list)
        assert isinstance(named(interleaved(size, queues), queues - 1, "igb"), list)


def test_no_queues_no_name() -> None:
    assert named([0, 0], 0, "igb") == [0, 0]
    assert named([], 4, "igb") == []
    assert (highest([0, 3, 1]), highest("blocks"), highest([])) == (3, -1, -1)


# "ethtool -X weight 0 1 2" and "weight 1 1" of a table of 128 slots, ethtool 6.1.
def test_weights_are_those_of_ethtool() -> None:
    assert weighted(128, [0, 1, 2]) == [1] * 43 + [2] * 85
    assert weighted(128, [1, 1]) == [0] * 64 + [1] * 64
    for wrong in ([0, 0], [100, 29]):
        with pytest.raises(ValueError, match="do not fit a table of 128"):
            weighted(128, wrong)


@given(st.lists(st.integers(0, 8), min_size=1, max_size=8).filter(any), st.sampled_from([64, 128]))
def test_each_queue_has_its_share(weights: list[int], size: int) -> None:
    table = weighted(size, weights)
    assert len(table) == size
    for queue, weight in enumerate(weights):
        assert abs(table.count(queue) - size * weight / sum(weights)) < 1


def test_a_list_is_repeated() -> None:
    assert repeated(5, [2, 0]) == [2, 0, 2, 0, 2]


@pytest.mark.parametrize(
    ("table", "asked", "wanted"),
    [
        ("default", {"indirection": "equal"}, None),
        ("blocks", {"indirection": "default"}, None),
        ([0, 1, 0, 1, 0, 1, 0, 1], {"indirection": "equal"}, "default"),
        ([0, 1, 0, 1, 0, 1, 0, 1], {"indirection": "keep"}, None),
        ([3, 2, 1, 0, 3, 2, 1, 0], {"indirection": "equal"}, None),
        ([3, 2, 1, 0, 3, 2, 1, 0], {"indirection": "default"}, "default"),
        ("default", {"weights": [0, 1, 1]}, [1] * 4 + [2] * 4),
        ([1] * 4 + [2] * 4, {"weights": [0, 1, 1]}, None),
        ("default", {"table": [0, 1]}, [0, 1] * 4),
        ([0, 1] * 4, {"table": [0, 1, 2, 3]}, "default"),
        ("blocks", {"weights": [1, 1, 1, 1]}, None),
    ],
)
def test_table(table: Any, asked: dict[str, Any], wanted: Any) -> None:
    changes = () if wanted is None else (Change("indirection", HERE, table, wanted),)
    assert plan(table, **asked) == Plan(changes)


def test_table_for_channels_to_come() -> None:
    """Even over the two queues of now is not even over the four of then."""
    now = [0, 1] * 4
    assert plan(now, queues=2, indirection="equal", channels=4).changes[0].wanted == "default"
    assert plan("default", queues=2, weights=[1, 1, 1, 5], channels=4).changes != ()


def test_queue_that_is_not_there() -> None:
    assert plan(weights=[1] * 5).refused == ("eth0 (igb): queue 4 asked for, the last of 4 receive queues is 3",)
    assert "weights add up to 9" in plan(weights=[8, 1]).refused[0]


def test_no_table() -> None:
    result = plan(None, driver="e1000e", indirection="equal")
    assert result.unsupported == ("eth0 (e1000e): the driver has no indirection table",)


def test_fields() -> None:
    result = plan(udp4="sdfn", udp6="sd")
    assert result.changes == (Change("hash_fields", Target("eth0", "udp4"), "sd", "sdfn"),)
    assert "fragments" in result.warnings[0]
    assert plan(fields={"udp4": "sdfn", "udp6": "sd"}, udp4="sd").warnings == ()
    assert plan(udp4="keep") == Plan()


@pytest.mark.parametrize(
    ("driver", "field", "why"),
    [("e1000e", "sd", "the driver keeps 'sd'"), ("vmxnet3", None, "the driver has none")],
)
def test_fields_that_cannot_be_set(driver: str, field: str | None, why: str) -> None:
    result = plan(driver=driver, fields={"udp4": field, "udp6": field}, udp4="sdfn")
    assert result.unsupported == (f"eth0 ({driver}): hash fields sdfn of udp4 cannot be set, {why}",)
    assert result == Plan(unsupported=result.unsupported, lacking=("udp4",))
