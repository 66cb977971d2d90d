# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A forwarder that is behind: its rates, in spite of the socket that it sends from, and what came in and went out."""

from __future__ import annotations

import copy
from typing import Any, Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host

Make = Callable[..., dict[str, Any]]
ARRIVING, PACE = 40_000.0, 9000.0


@pytest.fixture
def sample(simulate: Make) -> dict[str, Any]:
    """A proxy of one thread: a socket that overflows, and one to the next host, from which it only sends."""
    made = simulate(lambda _now: ARRIVING, lambda _now: PACE)
    pod = made["namespaces"][1]
    (loser,) = pod["sockets"]
    quiet = {"inode": 4712, "local": "10.0.0.1:40001", "remote": "10.0.0.2:53", "drops": 0, "drops_total": 0}
    quiet.update(queue_start=0, queue_end=0, queue_max=0, queue_min=0, series=None)
    loser["pids"] = [71]
    pod["sockets"].append({**copy.deepcopy(loser), **quiet})
    pod["socket_summary"].update(count=2, listed=2)
    read, lost = pod["counters"]["Udp.InDatagrams"], pod["counters"]["Udp.RcvbufErrors"]
    octets = {"IpExt.InOctets": 1028 * (read + lost), "IpExt.OutOctets": 1028 * read}
    pod["counters"].update(octets, **{"Udp.OutDatagrams": read, "Ip.InReceives": read + lost})
    return made


def found(sample: dict[str, Any]) -> dict[str, Any]:
    (one,) = diagnose_host(sample, {})["findings"]
    assert one["causes"] == ["slow_consumer"]
    return dict(one)


def test_the_rates_of_a_thread_that_always_had_something_to_read(sample: dict[str, Any]) -> None:
    one = found(sample)
    socket = one["sockets"][0]
    assert socket["arrival_rate"] == pytest.approx(ARRIVING, rel=0.02)
    assert socket["service_rate"] == pytest.approx(PACE, rel=0.02)
    assert socket["service_time"] == pytest.approx(1 / PACE, rel=0.02)
    # 40,000 / (9,000 x 0.8) = 5.6
    assert socket["consumers_needed"] == 6
    looks = len(sample["namespaces"][1]["series"]["t"])
    (said,) = [text for text in one["evidence"] if "held nothing in any of" in text]
    assert f"10.0.0.1:40001 of the same thread held nothing in any of {looks} looks" in said
    assert f"at most {600 / looks:.1f} % of the reads were there" in said


@pytest.mark.parametrize(
    ("of_loser", "of_other"),
    [
        # The other one held something, was opened late, or has a reader besides.
        ({}, {"queue_max": 832}),
        ({}, {"opened": True}),
        ({}, {"pids": [71, 72]}),
        ({}, {"pid": 72}),
        ({"pids": [71, 72]}, {}),
        # The thread had time in between: what came to the other one may have been read at once.
        ({"queue_min": 0}, {}),
    ],
)
def test_no_rates_where_the_other_socket_may_have_been_read(
    sample: dict[str, Any], of_loser: dict[str, Any], of_other: dict[str, Any]
) -> None:
    loser, other = sample["namespaces"][1]["sockets"]
    loser.update(of_loser)
    other.update(of_other)
    socket = found(sample)["sockets"][0]
    assert socket["service_rate"] is None
    assert "sockets of this namespace" in socket["rates_unknown_because"]


def test_no_rates_where_another_thread_may_have_read_it(sample: dict[str, Any]) -> None:
    other = sample["namespaces"][1]["sockets"][1]
    other["consumer"]["threads"] *= 2
    assert found(sample)["sockets"][0]["service_rate"] is None


def test_no_rates_after_a_few_looks(sample: dict[str, Any]) -> None:
    series, own = sample["namespaces"][1]["series"], sample["namespaces"][1]["sockets"][0]["series"]
    for columns in (series, own):
        for name in columns:
            columns[name] = columns[name][:30]
    assert found(sample)["sockets"][0]["service_rate"] is None


def test_what_came_in_and_went_out_stands_in_the_finding(sample: dict[str, Any]) -> None:
    one = found(sample)
    counters = sample["namespaces"][1]["counters"]
    read, lost = counters["Udp.InDatagrams"], counters["Udp.RcvbufErrors"]
    assert one["traffic"] == {
        "arrived": read + lost,
        "read": read,
        "sent": read,
        "ip_bytes_in": 1028 * (read + lost),
        "ip_bytes_out": 1028 * read,
    }
    (said,) = [text for text in one["evidence"] if "arrived in this namespace" in text]
    assert f"of 100 datagrams that arrived {100 * read / (read + lost):.0f} were answered or went on" in said


def test_who_sends_more_than_it_reads_has_no_share(sample: dict[str, Any]) -> None:
    counters = sample["namespaces"][1]["counters"]
    counters["Udp.OutDatagrams"] = 3 * counters["Udp.InDatagrams"]
    (said,) = [text for text in found(sample)["evidence"] if "arrived in this namespace" in text]
    assert "of 100" not in said


def test_what_counts_a_process_is_named_where_it_was_not_asked_for(sample: dict[str, Any]) -> None:
    assert [text for text in found(sample)["evidence"] if "udp_audit_drop_reasons=true does" in text]
    empty = {"reasons": [], "further": 0, "uncounted": 0, "events": 0, "setup_seconds": 0.3, "threads": []}
    sample["drop_reasons"] = {**empty, "ip_alone": True, "functions": True}
    assert not [text for text in found(sample)["evidence"] if "udp_audit_drop_reasons=true does" in text]


def test_what_is_not_counted_is_null(sample: dict[str, Any]) -> None:
    for name in ("IpExt.InOctets", "IpExt.OutOctets"):
        del sample["namespaces"][1]["counters"][name]
    moved = found(sample)["traffic"]
    assert (moved["ip_bytes_in"], moved["ip_bytes_out"]) == (None, None)


def test_an_overflow_that_is_to_come_has_it_as_well(simulate: Make) -> None:
    sample = simulate(lambda _now: 1500.0, lambda _now: 1460.0)
    counters = sample["namespaces"][1]["counters"]
    counters["Udp.OutDatagrams"] = counters["Udp.InDatagrams"]
    one = found(sample)
    assert one["pending"] is True
    assert one["traffic"]["sent"] == counters["Udp.InDatagrams"]
    assert [text for text in one["evidence"] if "arrived in this namespace" in text]


def test_a_burst_has_none(simulate: Make) -> None:
    sample = simulate(lambda now: 60_000.0 if now % 1.0 < 0.01 else 100.0, lambda _now: 20_000.0)
    (one,) = diagnose_host(sample, {})["findings"]
    assert one["causes"] == ["arrival_burst"]
    assert "traffic" not in one
