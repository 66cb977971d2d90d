# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The verdict on a change: cures are found, and chance, a quieter window or a reset is never taken for one."""

from __future__ import annotations

from typing import Any, Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._compare.compare import compare

from .windows import (
    KEY,
    OVERFLOW,
    Process,
    binomial,
    bursts,
    entry_of,
    episodes,
    nothing,
    window,
)

Make = Callable[[], Process]
Pair = tuple[dict[str, Any], dict[str, Any]]
SEEDS = 120


def one(before: Pair, after: Pair, key: str = KEY, **more: Any) -> dict[str, Any]:
    (row,) = compare(*before, *after, [key], **more)
    return row


def share_of(verdict: str, before: Make, after: Make, shape: dict[str, Any], seeds: int = SEEDS) -> float:
    rows = [one(window(before(), 2 * seed, **shape), window(after(), 2 * seed + 1, **shape)) for seed in range(seeds)]
    return sum(1 for row in rows if row["verdict"] == verdict) / seeds


LOSSES: list[Any] = [
    pytest.param(lambda: binomial(0.003), {}, id="binomial"),
    pytest.param(lambda: binomial(0.3), {}, id="a-third"),
    pytest.param(lambda: bursts(0.5, 15), {}, id="bursts"),
    pytest.param(lambda: bursts(2.0, 60), {}, id="rare-bursts"),
    pytest.param(lambda: bursts(5.0, 200), {}, id="hardly-any-burst"),
    pytest.param(lambda: episodes(1.0, 0.2, 0.1), {}, id="stalls"),
    pytest.param(lambda: episodes(3.0, 1.0, 0.1), {}, id="long-stalls"),
    pytest.param(lambda: bursts(0.5, 15), {"interval": 0.4}, id="coarse-series"),
    pytest.param(lambda: bursts(0.5, 15), {"series": False}, id="bursts-without-series"),
    pytest.param(lambda: binomial(0.01), {"series": False}, id="binomial-without-series"),
]


@pytest.mark.parametrize(("make", "shape"), LOSSES)
def test_equal_windows_are_hardly_ever_an_improvement(make: Make, shape: dict[str, Any]) -> None:
    assert share_of("improved", make, make, shape) <= 0.05


CURED: list[Any] = [
    pytest.param(lambda: bursts(0.5, 15), {}, id="bursts-of-0.3-percent"),
    pytest.param(lambda: bursts(0.25, 8), {}, id="four-a-second"),
    pytest.param(lambda: binomial(0.003), {}, id="binomial"),
    pytest.param(lambda: binomial(0.3), {}, id="a-third"),
    pytest.param(lambda: binomial(0.05), {"series": False}, id="without-series"),
]


@pytest.mark.parametrize(("make", "shape"), CURED)
def test_a_cure_is_seen(make: Make, shape: dict[str, Any]) -> None:
    assert share_of("improved", make, nothing, shape) >= 0.9


@pytest.mark.parametrize(("make", "shape"), CURED)
def test_what_begins_to_lose_is_worse(make: Make, shape: dict[str, Any]) -> None:
    assert share_of("worse", nothing, make, shape, 40) >= 0.9


@pytest.mark.parametrize("share", [0.2, 0.5, 0.65])
@pytest.mark.parametrize("make", [lambda: bursts(0.5, 15), lambda: binomial(0.3)])
@pytest.mark.parametrize("series", [True, False])
def test_a_quieter_window_is_no_cure(make: Make, share: float, series: bool) -> None:
    for seed in range(20):
        quiet = window(nothing(), seed, rate=share * 10_000, series=series)
        row = one(window(make(), seed + 100, series=series), quiet)
        assert row["verdict"] == "inconclusive"
        assert "quieter" in row["why"]


def test_smaller_peaks_are_no_cure() -> None:
    for seed in range(20):
        row = one(window(bursts(0.5, 15), seed, peaks=3.0), window(nothing(), seed + 100))
        assert row["verdict"] == "inconclusive"
        assert "instead of" in row["why"]


def test_less_above_what_the_reader_can_take_is_no_cure() -> None:
    """A consumer of 9,000 a second loses a tenth of 10,000, and nothing of 8,900: nothing has changed."""

    def beyond(_chance: Any, _now: float, arrived: int) -> int:
        return max(0, arrived - 450)

    for seed in range(20):
        before = window(beyond, seed, spread=0.01, interval=0.05)
        after = window(nothing(), seed + 100, spread=0.01, rate=8_900.0)
        assert one(before, after)["verdict"] == "inconclusive"


def test_a_busier_window_is_not_worse_for_it() -> None:
    row = one(window(binomial(0.001), 1, rate=4_000.0), window(binomial(0.02), 2))
    assert row["verdict"] == "inconclusive"


def test_a_small_gain_is_no_improvement() -> None:
    row = one(window(binomial(0.30), 1), window(binomial(0.285), 2))
    assert row["verdict"] == "unchanged"


def test_a_filling_buffer_is_no_cure() -> None:
    """What a slow consumer did not lose stands in the larger buffer, and is lost when that is full."""
    before, after = window(binomial(0.1), 1), window(nothing(), 2)
    socket = {"queue_start": 0, "queue_end": 9_000 * 2304, "closed": False, "series": None}
    after[0]["namespaces"][1]["sockets"] = [socket]
    row = one(before, after)
    assert row["verdict"] == "inconclusive"
    assert "still filling" in row["why"]
    socket["queue_end"] = 0
    assert one(before, after)["verdict"] == "improved"


def test_a_queue_about_to_overflow_is_no_cure() -> None:
    sample, _entry = window(nothing(), 2)
    pending = entry_of(OVERFLOW, 0, "pod-1", pending=True)
    row = one(window(bursts(0.5, 15), 1), (sample, pending))
    assert row["verdict"] == "inconclusive"
    assert "about to overflow" in row["why"]


def test_a_pod_that_was_restarted_is_found_by_its_name() -> None:
    row = one(window(binomial(0.02), 1), window(nothing(), 2, inode=4026539999))
    assert row["verdict"] == "improved"
    assert row["after"]["lost"] == 0
    assert row["after"]["arrived"] > 90_000


def test_a_namespace_that_is_gone_tells_nothing() -> None:
    after = window(nothing(), 2)
    del after[0]["namespaces"][1]
    row = one(window(binomial(0.02), 1), after)
    assert row["verdict"] == "inconclusive"
    assert "pod-1 was not there" in row["why"]


@pytest.mark.parametrize("which", [0, 1])
def test_a_reset_or_a_reboot_tells_nothing(which: int) -> None:
    spoils: list[Callable[[dict[str, Any]], Any]] = [
        lambda sample: sample["namespaces"][1]["resets"].append("Udp.RcvbufErrors"),
        lambda sample: sample.update(rebooted=True),
        lambda sample: sample.update(host={"boot_id": "another"}),
    ]
    for spoil in spoils:
        before, after = window(binomial(0.02), 1), window(nothing(), 2)
        spoil((before, after)[which][0])
        assert one(before, after)["verdict"] == "inconclusive"


def test_too_few_datagrams_tell_nothing() -> None:
    row = one(window(binomial(0.5), 1, rate=1.5), window(nothing(), 2, rate=1.5))
    assert row["verdict"] == "inconclusive"
    assert "too few" in row["why"]
    many = window(binomial(0.3), 1), window(nothing(), 2)
    assert one(*many, settings={"thresholds": {"min_datagrams": 1e6}})["verdict"] == "inconclusive"


def test_the_row_has_all_figures() -> None:
    row = one(window(binomial(0.003), 1), window(nothing(), 2))
    assert row["key"] == KEY
    assert row["finding"] == OVERFLOW
    assert set(row["before"]) == {"lost", "arrived", "ratio", "seconds", "rate"}
    assert row["before"]["ratio"] == pytest.approx(0.003, rel=0.3)
    assert row["difference"][0] < -0.002 < row["difference"][1] < 0
    assert row["certainty"] == "exact"
    assert "percentage points" in row["why"]


def test_nothing_lost_in_either_window() -> None:
    assert one(window(nothing(), 1), window(nothing(), 2))["verdict"] == "unchanged"


def backlog(dropped: int, processed: int = 100_000) -> Pair:
    sample, _entry = window(nothing(), 3)
    sample["softnet"] = [{"cpu": 0, "processed": processed, "dropped": dropped}]
    return sample, entry_of("softnet.backlog_overflow", dropped, "host", unit="packets")


def test_the_backlog_is_compared_by_packets() -> None:
    key = "softnet.backlog_overflow|host|"
    row = one(backlog(5_000), backlog(0), key)
    assert (row["verdict"], row["certainty"]) == ("improved", "bound")
    assert row["before"]["arrived"] == 105_000
    assert one(backlog(5_000), backlog(0, 60_000), key)["verdict"] == "inconclusive"
    assert one(backlog(100), backlog(50), key)["verdict"] == "inconclusive"
    quiet = backlog(0)
    quiet[0]["namespaces"][1]["series"] = window(nothing(), 4, rate=3_000.0)[0]["namespaces"][1]["series"]
    assert one(backlog(5_000), quiet, key)["verdict"] == "inconclusive", "the busiest namespace shows the peak"


def ring(lost: int, received: int | None = 100_000, **more: Any) -> Pair:
    sample, _entry = window(nothing(), 3)
    sample["namespaces"][0]["devices"] = [{"name": "eth0", "statistics": {"rx_packets": received}, **more}]
    return sample, entry_of("nic.ring_overflow", lost, "host", "eth0", "packets")


def test_the_ring_is_compared_by_its_interface() -> None:
    key = "nic.ring_overflow|host|eth0"
    assert one(ring(5_000), ring(0), key)["verdict"] == "improved"
    assert one(ring(5_000), ring(0, recreated=True), key)["verdict"] == "inconclusive"
    assert one(ring(5_000), ring(0, None), key)["verdict"] == "inconclusive"
    assert one(ring(5_000), ring(5_100), key)["verdict"] == "inconclusive", "nothing shows when they were lost"


def test_what_has_no_arrivals_is_compared_by_rate() -> None:
    def tracked(lost: int) -> Pair:
        sample, _entry = window(nothing(), 3)
        return sample, entry_of("conntrack.table_full", lost, "pod-1", unit="packets")

    row = one(tracked(5_000), tracked(0), "conntrack.table_full|pod-1|")
    assert (row["verdict"], row["certainty"]) == ("improved", "hint")
    assert row["before"]["ratio"] is None
    assert row["before"]["rate"] == 500.0
    assert "nothing counts what arrived" in row["why"]


def test_silent_drops_for_want_of_memory_have_a_series() -> None:
    def silent(lose: Process, seed: int) -> Pair:
        sample, _entry = window(lose, seed)
        space = sample["namespaces"][1]
        drops, columns = list(space["series"]["overflows"]), space["series"]
        columns["overflows"] = columns["errors"] = [0] * len(drops)
        space["sockets"] = [{"queue_start": 0, "queue_end": 0, "series": {"memory": [], "queued": [], "drops": drops}}]
        for name in ("Udp.InErrors", "Udp.RcvbufErrors"):
            space["counters"][name] = 0
        return sample, entry_of("udp.memory_limit", sum(drops), "pod-1")

    row = one(silent(binomial(0.05), 1), silent(nothing(), 2), "udp.memory_limit|pod-1|")
    assert (row["verdict"], row["certainty"]) == ("improved", "exact")
