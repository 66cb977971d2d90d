# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag import RawSocket
from ansible_collections.rxpath.linux.plugins.module_utils._sample.socket_table import SocketTable
from hypothesis import given
from hypothesis import strategies as st


def _row(cookie: int, queue: int = 0, drops: int = 0) -> RawSocket:
    return cookie, 1000 + cookie, queue, queue, 212992, drops


def test_a_socket_that_loses_becomes_interesting() -> None:
    table = SocketTable([_row(1), _row(2, drops=1000)])
    assert table.tracks == {}
    assert table.look(0, [_row(1), _row(2, drops=1000)], 0.05).fresh == []
    seen = table.look(1, [_row(1), _row(2, queue=2304, drops=1007)], 0.05)
    assert [track.cookie for track in seen.fresh] == [2]
    assert (seen.standing, seen.drops) == (True, 7)
    assert table.look(3, [_row(1), _row(2, drops=1007)], 0.1).standing is False
    track = table.tracks[2]
    assert (track.drops, track.highest, track.lowest) == (7, 2304, 0)
    # Look 2 did not read the sockets.
    assert table.series(track, 4) == {
        "memory": [0, 2304, None, 0],
        "queued": [0, 2304, None, 0],
        "drops": [0, 7, None, 0],
    }


def test_a_closed_socket_takes_its_last_drops_along() -> None:
    table = SocketTable([_row(1, drops=5)])
    table.look(0, [_row(1, drops=9)], 0.05)
    table.look(1, [_row(2)], 0.05)
    assert (table.closed_drops, table.living_drops) == (4, 0)
    assert set(table.closed) == {1}
    assert table.opened == {2: 1}
    assert table.series(table.tracks[1], 2)["drops"] == [4, None]


def test_an_address_bound_again_is_another_socket() -> None:
    """The new socket's drops begin at zero: no decrease, and what it lost it lost within the window."""
    table = SocketTable([_row(1, drops=4_000_000_000)])
    table.look(0, [_row(7, drops=3)], 0.05)
    assert table.living_drops == 3
    assert table.tracks[7].opened == 0
    assert table.series(table.tracks[7], 1)["drops"] == [3]


def test_drops_wrap() -> None:
    table = SocketTable([_row(1, drops=(1 << 32) - 2)])
    table.look(0, [_row(1, drops=3)], 0.05)
    assert table.living_drops == 5


def test_a_queue_at_the_start_is_followed() -> None:
    table = SocketTable([_row(1, queue=4608)])
    table.look(0, [_row(1, queue=0)], 0.05)
    assert (table.tracks[1].highest, table.tracks[1].lowest) == (4608, 0)


_LOOKS = st.lists(st.dictionaries(st.integers(1, 5), st.tuples(st.integers(0, 3), st.integers(0, 50))), max_size=6)


@given(_LOOKS)
def test_nothing_is_lost_between_the_looks(looks: list[dict[int, tuple[int, int]]]) -> None:
    """Whatever comes and goes: each socket's drops are the sum of its column, and closed and living add up."""
    total: dict[int, int] = {}
    table = SocketTable([])
    gone: set[int] = set()
    for number, look in enumerate(looks):
        rows = []
        for cookie, (queue, lost) in look.items():
            if cookie not in gone:
                total[cookie] = total.get(cookie, 0) + lost
                rows.append(_row(cookie, queue, total[cookie]))
        gone |= table.last.keys() - {row[0] for row in rows}
        table.look(number, rows, 1.0)
    for cookie, track in table.tracks.items():
        assert track.drops == total[cookie] == sum(value or 0 for value in table.series(track, len(looks))["drops"])
    assert table.living_drops + table.closed_drops == sum(track.drops for track in table.tracks.values())
