# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import (
    format_cpulist,
    format_cpumask,
    parse_cpulist,
    parse_cpumask,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from hypothesis import given
from hypothesis import strategies as st

CPUS = st.sets(st.integers(0, 299), max_size=80)


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        pytest.param("\n", [], id="empty"),
        pytest.param("0-1\n", [0, 1], id="range"),
        pytest.param("0,2-3\n", [0, 2, 3], id="mixed"),
        pytest.param("0-15:2/8", [0, 1, 8, 9], id="grouped"),
    ],
)
def test_list(text: str, cpus: list[int]) -> None:
    assert parse_cpulist(text) == cpus


@pytest.mark.parametrize(
    ("text", "cpus"),
    [
        pytest.param("3\n", [0, 1], id="two-cpus"),
        pytest.param("00000003,ffffffff", list(range(34)), id="groups"),
        pytest.param("00000000", [], id="none"),
    ],
)
def test_mask(text: str, cpus: list[int]) -> None:
    assert parse_cpumask(text) == cpus


@pytest.mark.parametrize("text", ["x", "3-1", "-1", "0-4000000000", "1:0/0", "1:2/1", "1:a/b"])
def test_bad_list(text: str) -> None:
    with pytest.raises(ParseError, match="CPU list: "):
        parse_cpulist(text)


@pytest.mark.parametrize("text", ["", "0-1", "100000000", "-1", "1,,1"])
def test_bad_mask(text: str) -> None:
    with pytest.raises(ParseError, match="CPU mask: "):
        parse_cpumask(text)


def test_mask_has_as_many_digits_as_the_kernel_takes() -> None:
    assert format_cpumask([1], 2) == "2"
    assert format_cpumask([0, 39], 40) == "80,00000001"
    assert format_cpumask([], 64) == "00000000,00000000"
    with pytest.raises(ValueError, match="CPU 2"):
        format_cpumask([2], 2)


@given(CPUS)
def test_round_trip(cpus: set[int]) -> None:
    assert parse_cpulist(format_cpulist(cpus)) == sorted(cpus)
    assert parse_cpumask(format_cpumask(cpus, 300)) == sorted(cpus)
