# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import Found
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import (
    OptionError,
    Options,
    check,
    check_retention,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.owners import Owner, select

OWNERS = [
    (Found((4, 4026531833), True, (1,), ()), Owner("host", "host", None, None)),
    (
        Found((4, 4026532177), False, (77,), ("/run/netns/cni-1",)),
        Owner("cni-1", "container", "docker:0123456789ab", "coredns"),
    ),
    (Found((-1, 4026532300), False, (99,), ()), Owner("sleep[99]", "anonymous", None, "sleep")),
    (
        Found((4, 4026532400), False, (100,), ()),
        Owner("pod", "container", "pod:0f0e0d0c-0b0a-0908-0706-050403020100", "nginx"),
    ),
]


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"window": 0.0}, "window"),
        ({"window": -1.0}, "window"),
        ({"window": 601.0}, "window"),
        ({"window": math.nan}, "window"),
        ({"window": math.inf}, "window"),
        ({"interval": 0.001}, "interval"),
        ({"interval": -0.05}, "interval"),
        ({"max_extension": -1.0}, "max_extension"),
        ({"cpu_share": 0.0}, "cpu_share"),
        ({"namespaces": ()}, "namespaces"),
    ],
)
def test_what_cannot_be_carried_out_is_named(change: dict[str, Any], name: str) -> None:
    with pytest.raises(OptionError, match="^%s: " % name):
        check(Options()._replace(**change))


def test_the_limits_themselves_are_possible() -> None:
    for options in (Options(window=600.0), Options(interval=0.005), Options(max_extension=0.0), Options(window=0.001)):
        assert check(options) == options


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["all"], [0, 1, 2, 3]),
        (["host"], [0]),
        (["cni-1"], [1]),
        (["4026532177"], [1]),
        (["docker:0123456789ab"], [1]),
        (["0123456789ab"], [1]),
        (["01234567"], [1]),
        (["0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"], [1]),
        (["0f0e0d0c-0b0a-0908-0706-050403020100"], [3]),
        (["sleep[99]", "host"], [0, 2]),
    ],
)
def test_namespaces_are_chosen_by_any_of_their_names(wanted: list[str], chosen: list[int]) -> None:
    assert select(OWNERS, wanted) == chosen


@pytest.mark.parametrize("wish", ["nope", "", "0123", "4026532300", "None", "fedcba98"])
def test_an_unknown_namespace_is_answered_with_those_that_exist(wish: str) -> None:
    """A number that /proc alone gave (without root) is not one that anybody knows the namespace by."""
    with pytest.raises(OptionError, match=r"cni-1 \(4026532177\), host \(4026531833\)") as error:
        select(OWNERS, ["host", wish])
    assert repr(wish) in str(error.value)


@pytest.mark.parametrize("seconds", [-1, 0, 86401, 10**12])
def test_no_result_is_kept_for_more_than_a_day(seconds: int) -> None:
    with pytest.raises(OptionError, match=f"retention: {seconds} is not possible; .* at least 1 and at most 86400"):
        check_retention(seconds)
    assert [check_retention(most) for most in (1, 900, 86400)] == [1, 900, 86400]
