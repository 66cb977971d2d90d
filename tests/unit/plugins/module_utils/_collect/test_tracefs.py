# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Histograms of Debian 12's and Debian 13's kernels; what they hold was sent on purpose."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect import tracefs
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from hypothesis import given
from hypothesis import strategies as st

FIXTURES = Path(__file__).parents[3] / "fixtures"
OLD, NEW = "6.1.176-x86_64", "6.12.107-x86_64"
FILES = sorted((FIXTURES / OLD / "tracefs").iterdir()) + sorted((FIXTURES / NEW / "tracefs").iterdir())
PARSERS = (tracefs.parse_fields, lambda text: tracefs.parse_symbols(text, "reason"), tracefs.parse_hist)


def read(kernel: str, name: str) -> str:
    return (FIXTURES / kernel / "tracefs" / name).read_text()


@pytest.mark.parametrize(
    ("kernel", "lost"),
    [
        # Overflow over IPv4 and IPv6, as RcvbufErrors counted it; the last are queues of sockets that were closed.
        (OLD, {"SOCKET_RCVBUFF": 989 + 407 + 53, "NOT_SPECIFIED": 93}),
        (NEW, {"SOCKET_RCVBUFF": 991 + 407 + 55, "NOT_SPECIFIED": 94}),
    ],
)
def test_reasons_by_the_kernels_own_names(kernel: str, lost: dict[str, int]) -> None:
    names = tracefs.parse_symbols(read(kernel, "kfree_skb.format"), "reason")
    histogram = tracefs.parse_hist(read(kernel, "reasons.hist"))
    counted = {names[int(row.keys["reason"])]: row.hits for row in histogram.rows}
    assert counted == {"UDP_CSUM": 40, "SOCKET_FILTER": 30, "NO_SOCKET": 50, "NETFILTER_DROP": 20, **lost}
    assert (histogram.hits, histogram.dropped) == (sum(counted.values()), 0)


def test_a_reasons_number_is_another_one_on_another_kernel() -> None:
    old, new = (tracefs.parse_symbols(read(kernel, "kfree_skb.format"), "reason") for kernel in (OLD, NEW))
    assert (old[6], new[6]) == ("UDP_CSUM", "SOCKET_RCVBUFF")


def test_places() -> None:
    rows = tracefs.parse_hist(read(OLD, "sites.hist")).rows
    places = {(row.keys["reason"], tracefs.symbol(row.keys["location"])): row.hits for row in rows}
    assert places["1", "udp_recvmsg"] == 7
    assert places["48", "__netif_receive_skb_core"] == 70
    assert places["1", "vmxnet3_tq_tx_complete"] == 1


def test_fields() -> None:
    assert {"location", "protocol", "reason", "common_pid"} <= tracefs.parse_fields(read(OLD, "kfree_skb.format"))
    assert "rx_sk" in tracefs.parse_fields(read(NEW, "kfree_skb.format"))
    assert {"protocol", "ret", "flags"} <= tracefs.parse_fields(read(NEW, "sock_recv_length.format"))


def test_sums() -> None:
    (row,) = tracefs.parse_hist(read(NEW, "sock_recv_length.hist")).rows
    assert row == ({"common_pid": "310"}, 9, {"ret": 900})


@pytest.mark.parametrize("kernel", [OLD, NEW])
def test_empty(kernel: str) -> None:
    assert tracefs.parse_hist(read(kernel, "empty.hist")) == ([], 0, 0)


@pytest.mark.parametrize(
    "text",
    ["", "Totals:\n    Hits: 1\n", "{ reason: 1 } hits: 4\n", "{ reason } hitcount: 4\nTotals:\n    Hits: 4\n"],
    ids=["nothing", "no dropped", "no hitcount", "no value"],
)
def test_bad_histogram(text: str) -> None:
    with pytest.raises(ParseError, match=r"^hist of an event: "):
        tracefs.parse_hist(text)


@pytest.mark.parametrize("parse", PARSERS[:2])
def test_bad_format(parse: object) -> None:
    assert callable(parse)
    with pytest.raises(ParseError, match=r"^format of an event: "):
        parse('print fmt: "%s", __print_flags(REC->reason, "|")')


@pytest.mark.parametrize("parse", PARSERS)
@given(noise=st.text())
def test_any_text(parse: object, noise: str) -> None:
    assert callable(parse)
    with contextlib.suppress(ParseError):
        parse(noise)
    tracefs.symbol(noise)


@pytest.mark.parametrize("parse", PARSERS)
@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parts[-3]}-{path.name}")
@given(data=st.data())
def test_damaged_files(parse: object, path: Path, data: st.DataObject) -> None:
    assert callable(parse)
    text = path.read_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 60)))
    with contextlib.suppress(ParseError):
        parse(text[:start] + data.draw(st.text(max_size=8)) + text[end:])
