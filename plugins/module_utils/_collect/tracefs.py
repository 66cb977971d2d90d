# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""tracefs: an event's ``format`` file and the ``hist`` file of its histogram trigger.

Sources: Documentation/trace/events.rst and histogram.rst; f_show() in kernel/trace/trace_events.c, hist_show() in
kernel/trace/trace_events_hist.c. What a number means stands in the format file of the running kernel alone: reason 6 is
UDP_CSUM on 6.1 and SOCKET_RCVBUFF on 6.12.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError

_FORMAT = "format of an event"
_HIST = "hist of an event"
# \tfield:enum skb_drop_reason reason;\toffset:28;\tsize:4;\tsigned:0;
_FIELD = re.compile(r"^\tfield:[^;]*?([A-Za-z_]\w*)(?:\[[^\]]*\])?;\toffset:")
_SYMBOL = re.compile(r'\{ (0x[0-9a-fA-F]{1,16}|0|[1-9][0-9]{0,19}), "([^"]*)" \}')
# { reason:          2, location: [ffffffff818b4632] __udp4_lib_rcv              } hitcount:         50  ret:      900
_ROW = re.compile(r"^\{ (.*) \} hitcount: +([0-9]{1,20})((?:  \w+: +[0-9]{1,20})*) *$")
_SUM = re.compile(r"  (\w+): +([0-9]{1,20})")
_TOTAL = re.compile(r"^    (Hits|Entries|Dropped): ([0-9]{1,20})$")


class Row(NamedTuple):
    """One bucket: its keys as printed, how many events fell into it, and the sums of the values that were asked for."""

    keys: dict[str, str]
    hits: int
    sums: dict[str, int]


class Histogram(NamedTuple):
    """A histogram since its trigger was set. ``dropped`` counts events for which the table had no room."""

    rows: list[Row]
    hits: int
    dropped: int


def parse_fields(text: str) -> frozenset[str]:
    """Return the names of an event's fields. Raises ParseError where there is none."""
    found = frozenset(match.group(1) for match in map(_FIELD.match, text.split("\n")) if match)
    if not found:
        raise ParseError(_FORMAT, "no field in it")
    return found


def parse_symbols(text: str, field: str) -> dict[int, str]:
    """Return the names that ``print fmt`` gives to the values of a field. Raises ParseError where it gives none."""
    start = text.find("__print_symbolic(REC->%s, " % field)
    if start < 0:
        raise ParseError(_FORMAT, "no names for the values of %s" % field)
    # No name has a parenthesis in it: the first one ends the list.
    names = _SYMBOL.findall(text[start : text.find(")", start) + 1 or None])
    if not names:
        raise ParseError(_FORMAT, "no names for the values of %s" % field)
    return {int(number, 0): name for number, name in names}


def parse_hist(text: str) -> Histogram:
    """Return what a ``hist`` file holds. Raises ParseError, also where its totals are missing."""
    rows: list[Row] = []
    totals: dict[str, int] = {}
    for line in text.split("\n"):
        if line.startswith("{"):
            match = _ROW.match(line)
            if match is None:
                raise ParseError(_HIST, "a row that is none: %.80r" % line)
            sums = {name: int(value) for name, value in _SUM.findall(match.group(3))}
            rows.append(Row(_keys(match.group(1)), int(match.group(2)), sums))
            continue
        total = _TOTAL.match(line)
        if total is not None:
            totals[total.group(1)] = int(total.group(2))
    if not {"Hits", "Dropped"} <= totals.keys():
        raise ParseError(_HIST, "no totals at its end")
    return Histogram(rows, totals["Hits"], totals["Dropped"])


def symbol(key: str) -> str:
    """Return the function's name of a key that was printed with ``.sym``; the compiler's suffix is left out.

    "[ffffffff817d880a] __netif_receive_skb_core.constprop.0" is "__netif_receive_skb_core".
    """
    return key.partition("] ")[2].partition(" ")[0].partition(".")[0]


def _keys(text: str) -> dict[str, str]:
    keys = {}
    for part in text.split(", "):
        name, colon, value = part.partition(": ")
        if not colon or not name:
            raise ParseError(_HIST, "a key without a name: %.80r" % text)
        keys[name] = value.strip()
    return keys
