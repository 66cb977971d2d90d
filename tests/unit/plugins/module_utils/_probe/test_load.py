# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a probe may send, and what it may not."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._probe.load import (
    MAX_BYTES,
    MAX_FLOWS,
    MAX_RATE,
    Load,
    check,
    check_receiver,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import OptionError
from hypothesis import given
from hypothesis import strategies as st

wide = st.integers(-10, 10**6)


@given(
    st.builds(
        Load,
        rate=wide,
        duration=st.floats(allow_nan=True, allow_infinity=True),
        size=wide,
        flows=wide,
        dscp=wide,
    )
)
def test_whatever_is_allowed_has_an_end(load: Load) -> None:
    try:
        check(load)
    except OptionError:
        return
    assert 1 <= load.total <= MAX_RATE * 60
    assert load.total * load.size <= MAX_BYTES
    assert load.per_flow * load.flows >= load.total > (load.per_flow - 1) * load.flows
    assert load.flows <= MAX_FLOWS


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"rate": 0}, "rate: 0 is not possible; it must be at least 1 and at most 200000"),
        ({"rate": 200001}, "rate: 200001"),
        ({"duration": 0.0}, "duration: 0 is not possible; it must be more than 0 and at most 60"),
        ({"duration": 60.5}, "duration: 60.5"),
        ({"duration": float("nan")}, "duration: nan"),
        ({"size": 19}, "size: 19 is not possible; it must be at least 20 and at most 65507"),
        ({"size": 65508}, "size: 65508"),
        ({"flows": 65}, "flows: 65"),
        ({"dscp": 64}, "dscp: 64"),
        ({"rate": 1, "duration": 1.0, "flows": 2}, "flows: 2 are more than the 1 datagrams"),
        ({"rate": 200000, "duration": 60.0, "size": 1472}, "rate, duration, size: 12000000 datagrams of 1472 bytes"),
    ],
)
def test_what_is_refused_is_told(wrong: dict[str, Any], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        check(Load(**wrong))


@pytest.mark.parametrize(
    ("given_values", "says"),
    [
        ((65536, 0, 1.0), "port: 65536"),
        ((-1, 0, 1.0), "port: -1"),
        ((0, -1, 1.0), "receive_buffer: -1"),
        ((0, 0, 301.0), "grace: 301"),
        ((0, 0, float("nan")), "grace: nan"),
    ],
)
def test_a_receiver_that_cannot_be(given_values: tuple[int, int, float], says: str) -> None:
    with pytest.raises(OptionError, match=says):
        check_receiver(*given_values)
