# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._watch.listing import choose
from hypothesis import given
from hypothesis import strategies as st

OVERFLOW, REFUSED = "socket.receive_buffer_overflow datagrams ", "udp.no_listener datagrams "
KEYS = [f"4:{number}" for number in range(8)]


@given(
    st.lists(st.sampled_from(KEYS), unique=True),
    st.lists(st.sampled_from(KEYS), unique=True, min_size=1),
    st.sets(st.sampled_from(KEYS)),
    st.integers(1, 9),
)
def test_as_many_as_may_be_are_told_and_the_host_always(
    listed: list[str], present: list[str], losing: set[str], limit: int
) -> None:
    gained = {key: {OVERFLOW: int(key in losing), REFUSED: 5} for key in present}
    host = present[0]
    # The host is there from the first run on.
    before = [host, *(key for key in listed if key != host)]
    chosen = choose(before, gained, limit)
    assert len(chosen) == len(set(chosen)) == min(limit, len(present))
    assert host in chosen
    assert set(chosen) <= set(present)
    left = set(present) - set(chosen)
    # A loser is left out only where all others that are told lose as well.
    if left & losing:
        assert all(key in losing for key in chosen if key != host)
    # Who was told and is not any more gave way to a loser.
    gone = [key for key in before[:limit] if key in left]
    assert all(key not in losing for key in gone)


def test_order_is_kept_from_run_to_run() -> None:
    gained = {key: {OVERFLOW: 0} for key in KEYS[:4]}
    assert choose([], gained, 9) == KEYS[:4]
    assert choose([KEYS[2], KEYS[0]], gained, 9) == [KEYS[2], KEYS[0], KEYS[1], KEYS[3]]
