# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a probe's datagram carries, and what is none of a probe's."""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._probe.payload import (
    MAX_SIZE,
    MIN_SIZE,
    Header,
    build,
    read,
)
from hypothesis import given
from hypothesis import strategies as st

headers = st.builds(
    Header,
    token=st.integers(0, 2**32 - 1),
    flow=st.integers(0, 2**16 - 1),
    number=st.integers(0, 2**32 - 1),
    moment=st.integers(0, 2**64 - 1),
)


@given(headers, st.integers(MIN_SIZE, 3000))
def test_what_is_built_is_read(header: Header, size: int) -> None:
    data = build(header, size)
    assert len(data) == size
    assert read(data) == header


@given(st.binary(max_size=64))
def test_any_bytes_are_a_header_or_none(data: bytes) -> None:
    found = read(data)
    assert (found is not None) == (data[:2] == b"RX" and len(data) >= MIN_SIZE)
    if found is not None:
        assert build(found, len(data))[:MIN_SIZE] == data[:MIN_SIZE]


def test_the_layout_is_fixed() -> None:
    """Both ends may run different versions of the collection: the bytes are a contract."""
    assert build(Header(0x01020304, 0x0506, 0x0708090A, 0x0B0C0D0E0F101112), 22) == bytes.fromhex(
        "5258 01020304 0506 0708090a 0b0c0d0e0f101112 0000"
    )
    assert (MIN_SIZE, MAX_SIZE) == (20, 65507)
