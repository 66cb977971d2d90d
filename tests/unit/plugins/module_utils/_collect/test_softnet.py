# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.softnet import parse_softnet

FIXTURES = Path(__file__).parents[3] / "fixtures"


def row(columns: int, first: int = 0x10) -> str:
    return " ".join("%08x" % (first + index) for index in range(columns)) + "\n"


def test_recorded() -> None:
    rows = parse_softnet((FIXTURES / "6.18.44-x86_64/proc/net/softnet_stat").read_text(), [])
    assert [line.cpu for line in rows] == [0, 1]
    assert all(line.processed > 0 and line.dropped == 0 and line.backlog == 0 for line in rows)


@pytest.mark.parametrize(
    ("columns", "rps", "flow", "backlog", "cpu"),
    [
        pytest.param(9, None, None, None, 7, id="9"),
        pytest.param(10, 0x19, None, None, 7, id="10-centos7"),
        pytest.param(11, 0x19, 0x1A, None, 7, id="11-since-3.11"),
        pytest.param(12, 0x19, 0x1A, 0x1B, 7, id="12"),
        pytest.param(13, 0x19, 0x1A, 0x1B, 0x1C, id="13-since-5.10"),
        pytest.param(15, 0x19, 0x1A, 0x1B, 0x1C, id="15-since-6.4"),
        pytest.param(18, 0x19, 0x1A, 0x1B, 0x1C, id="18-a-future-one"),
    ],
)
def test_columns(columns: int, rps: object, flow: object, backlog: object, cpu: int) -> None:
    (line,) = parse_softnet(row(columns), [7])
    assert line == (cpu, 0x10, 0x11, 0x12, rps, flow, backlog)


def test_offline_cpu_without_a_cpu_column() -> None:
    assert [line.cpu for line in parse_softnet(row(11) + row(11), [0, 2])] == [0, 2]


@pytest.mark.parametrize(
    "text",
    ["", row(8), row(11) + row(11), row(9).replace("0", "g"), "-1" + row(15)],
    ids=["empty", "8", "cpus", "hex", "sign"],
)
def test_bad(text: str) -> None:
    with pytest.raises(ParseError, match=r"^/proc/net/softnet_stat: "):
        parse_softnet(text, [0])
