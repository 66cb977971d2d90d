# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re

from ansible_collections.rxpath.linux.plugins.module_utils._watch.exposition import COUNTER, Exposition, escaped
from hypothesis import example, given
from hypothesis import strategies as st

# A label's value as the text format has it: backslash, quote and line feed are escaped, anything else stands for itself.
VALUE = re.compile(r'(?:[^"\\\n]|\\[\\"n])*\Z')


def plain(text: str) -> str:
    """Read a label's value as a scraper does."""
    return re.sub(r"\\(.)", lambda found: {"n": "\n"}.get(found[1], found[1]), text)


@given(st.text(st.characters(codec="utf-8")))
@example('say "\\n"\n')
def test_any_name_stays_within_its_quotes_and_can_be_read_back(name: str) -> None:
    assert VALUE.match(escaped(name))
    assert plain(escaped(name)) == name


def test_a_name_that_no_utf8_can_carry_is_shown_as_an_escape() -> None:
    assert escaped("a\udc80b") == "a\\\\udc80b"
    escaped("a\udc80b").encode("utf-8")


def test_series_are_added_up_and_empty_labels_and_metrics_left_out() -> None:
    out = Exposition("x_")
    out.declare("lost_total", "What was lost.", COUNTER)
    out.declare("nothing", "Never set.")
    out.add("lost_total", 2, where="a", who="")
    out.add("lost_total", 3, where="a")
    out.add("lost_total", None, where="b")
    out.add("lost_total", (1 << 60) + 1)
    assert out.render().splitlines() == [
        "# HELP x_lost_total What was lost.",
        "# TYPE x_lost_total counter",
        'x_lost_total{where="a"} 5',
        "x_lost_total 1152921504606846977",
    ]
