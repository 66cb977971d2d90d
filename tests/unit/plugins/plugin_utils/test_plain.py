# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import math
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils._plain import plain, visible
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("eth0", "eth0", id="plain"),
        pytest.param("Zürich 漢字", "Zürich 漢字", id="letters stay"),
        pytest.param("\x1b[31mred", "\\x1b[31mred", id="escape sequence"),
        pytest.param("a\r\nb\tc", "a\\x0d\\x0ab\\x09c", id="line breaks"),
        pytest.param("\x9b0m", "\\x9b0m", id="eight-bit control sequence"),
        pytest.param("\u202eexe", "\\u202eexe", id="direction override"),
        pytest.param("\u2028", "\\u2028", id="line separator"),
        pytest.param("\udc80", "\\udc80", id="undecodable byte"),
        pytest.param("\ufffe", "\\ufffe", id="forbidden in XML"),
        pytest.param("\U000e0041", "\\U000e0041", id="tag character"),
    ],
)
def test_hidden_characters_are_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@given(st.text(st.characters()))
def test_a_visible_text_is_printable_and_fits_into_xml(text: str) -> None:
    shown = visible(text)
    shown.encode("utf-8")
    element = ElementTree.Element("a")
    element.text = shown
    assert (ElementTree.fromstring(ElementTree.tostring(element)).text or "") == shown


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()) | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()) | st.integers(), inner) | st.tuples(inner),
    max_leaves=20,
)


@given(json_like)
def test_a_plain_copy_is_json_whatever_came(value: Any) -> None:
    assert json.loads(json.dumps(plain(value), allow_nan=False)) == plain(value)


def test_what_json_lacks_becomes_null() -> None:
    assert plain([math.nan, math.inf, 1.5]) == [None, None, 1.5]


def test_subclasses_become_what_they_stand_for() -> None:
    class Tagged(str):
        __slots__ = ()

    copy = plain({Tagged("a"): Tagged("b")})
    assert [type(key) for key in copy] == [str]
    assert type(copy["a"]) is str


def test_keys_that_look_alike_stay_apart() -> None:
    assert plain({"a\x1b": 1, "a\\x1b": 2}, visible) == {"a\\x1b": 1, "a\\x1b (2)": 2}
