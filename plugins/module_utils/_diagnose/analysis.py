# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One losing socket looked at closely: its arrivals, its reader, what a buffer would change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import buffers, causes, queueing, readers, replay


class Analysis(NamedTuple):
    """What is known of a socket's loss. Rates are datagrams per second, None where they cannot be attributed."""

    verdict: causes.Verdict
    reader: readers.Reader | None
    truesize: int
    ceiling: buffers.Ceiling
    needed_buffer: int | None  # bytes of sk_rcvbuf for no loss, None when none within the ceiling does
    arrival_rate: float | None
    service_rate: float | None  # only where the queue never ran empty
    capacity: float | None
    utilisation: float | None
    rates_unknown_because: str | None
    consumers_needed: int | None
    longest_stall: float
    losing_share: float  # share of the looks that saw new drops
    empty_share: float  # share of the looks that saw an empty queue


def analyse(
    socket: Mapping[str, Any],
    namespace: Mapping[str, Any],
    sample: Mapping[str, Any],
    settings: Mapping[str, Any],
    alone: bool,
    not_alone_because: str | None = None,
) -> Analysis:
    """Return what the window says about one socket.

    ``alone`` says that this socket is the only one of its namespace that received datagrams: only then are the
    namespace's reads this socket's.
    """
    thresholds = settings["thresholds"]
    series: Mapping[str, Any] = namespace.get("series") or {}
    own: Mapping[str, Any] = socket.get("series") or {}
    times: list[float] = list(series.get("t") or [])
    seconds = float(sample["window"]["seconds"])
    payload = buffers.mean_payload(namespace.get("counters") or {})
    table = sample.get("truesize") or []
    truesize = buffers.DEFAULT_TRUESIZE if payload is None else buffers.truesize_of(payload, table)
    drops = list(own.get("drops") or [])
    queued = list(own.get("queued") or own.get("memory") or [])
    reads: Sequence[int | None] = (series.get("reads") or []) if alone else [0] * len(times)
    if alone and series.get("overflows"):
        drops = list(series["overflows"])
    rows = min(len(times), len(reads), len(drops) or len(times))
    empty_below = max(2.0 * truesize, thresholds["empty_queue_ratio"] * float(socket.get("receive_buffer") or 0))
    intervals = replay.build(times[:rows], reads, drops or [0] * rows, queued, truesize, empty_below)
    watched = readers.observed_seconds(socket.get("consumer"), seconds)
    since = (times[-1] - watched) if times else 0.0
    read = sum(int(value or 0) for moment, value in zip(times, reads) if moment > since) if alone else 0
    reader = readers.interpret(socket.get("consumer"), read, watched)
    if alone:
        return _with_rates(intervals, reader, truesize, sample, settings, int(socket.get("receive_buffer") or 0))
    return _without_rates(intervals, reader, truesize, sample, settings, socket, not_alone_because)


def _with_rates(
    intervals: list[replay.Interval],
    reader: readers.Reader | None,
    truesize: int,
    sample: Mapping[str, Any],
    settings: Mapping[str, Any],
    buffer: int,
) -> Analysis:
    played = replay.replay(intervals, reader.capacity if reader else None)
    truesize = _charged(intervals, played.peak, buffer, truesize)
    top = buffers.ceiling(sample, settings, played.capacity or None, truesize)
    largest = top.size * buffers.BUSY_READER_SHARE / truesize
    verdict = causes.decide(intervals, played, reader, largest, settings["thresholds"])
    needed = None
    if verdict.cured:
        wanted = _needed(intervals, played.peak, buffer, truesize)
        if top.size > buffer or wanted <= top.size:
            # Rounding must not lead above the ceiling, nor what may have come between two looks.
            needed = min(wanted, top.size)
        else:
            # The buffer that overflowed is larger than any that may be set.
            verdict = causes.decide(
                intervals, played._replace(needed=largest + 1.0), reader, largest, settings["thresholds"]
            )
    service = played.read_rate if played.saturated and played.read_rate > 0 else None
    pace = service or (played.capacity or None)
    return Analysis(
        verdict=verdict,
        reader=reader,
        truesize=truesize,
        ceiling=top,
        needed_buffer=needed,
        arrival_rate=played.arrival_rate,
        service_rate=service,
        capacity=played.capacity,
        utilisation=None if math.isinf(played.utilisation) else played.utilisation,
        rates_unknown_because=None,
        consumers_needed=queueing.consumers_for(played.arrival_rate, pace) if pace else None,
        longest_stall=played.longest_stall,
        losing_share=_share_of(intervals, lambda row: row.drops > 0),
        empty_share=_share_of(intervals, lambda row: row.empty),
    )


def _without_rates(
    intervals: list[replay.Interval],
    reader: readers.Reader | None,
    truesize: int,
    sample: Mapping[str, Any],
    settings: Mapping[str, Any],
    socket: Mapping[str, Any],
    because: str | None,
) -> Analysis:
    """Decide from the socket's own drops and queue: what it read cannot be told from what its neighbours read."""
    thresholds = settings["thresholds"]
    top = buffers.ceiling(sample, settings, None, truesize)
    empty = _share_of(intervals, lambda row: row.empty)
    losing = _share_of(intervals, lambda row: row.drops > 0)
    buffer = float(socket.get("receive_buffer") or 0)
    stalled = reader is not None and reader.stall_share >= thresholds["stall_share"]
    nature = causes.READER_STALL if stalled else causes.ARRIVAL_BURST
    needed: int | None = buffers.buffer_for(buffer / truesize + _most_lost_at_once(intervals), truesize)
    # A queue that never ran empty once it stood has a reader that does not read, or one that is always behind.
    body = replay.since_first_queue(intervals)
    drained = _share_of(body, lambda row: row.empty) > 0.02
    cured = drained and needed is not None and needed <= top.size
    if not cured:
        nature, needed = causes.SLOW_CONSUMER, None
    return Analysis(
        verdict=causes.Verdict([nature], {nature: 1.0}, cured),
        reader=reader,
        truesize=truesize,
        ceiling=top,
        needed_buffer=needed,
        arrival_rate=None,
        service_rate=None,
        capacity=None,
        utilisation=None,
        rates_unknown_because=because or "several sockets of this namespace received datagrams",
        consumers_needed=None,
        longest_stall=0.0,
        losing_share=losing,
        empty_share=empty,
    )


def _charged(intervals: Sequence[replay.Interval], peak: float, buffer: int, truesize: int) -> int:
    """Return the bytes that a datagram of this socket is charged: ``truesize``, unless the loss itself proves more.

    ``truesize`` is that of datagrams which the host sends itself. A NIC's driver may charge more, and then a buffer
    overflows that should hold the ``peak`` datagrams of the replay: it held at most those that were not lost. No more
    is believed than twice what was measured, since a look between two drops counts too few.
    """
    lost = _most_lost_at_once(intervals)
    if not lost or math.isinf(peak) or buffers.buffer_for(peak, truesize) > buffer:
        return truesize
    return min(2 * truesize, max(truesize, math.ceil(buffer / max(1.0, peak - lost))))


def _needed(intervals: Sequence[replay.Interval], peak: float, buffer: int, truesize: int) -> int:
    """Return the buffer (bytes) that holds the ``peak`` datagrams: always more than the one that overflowed."""
    needed = buffers.buffer_for(peak, truesize)
    lost = _most_lost_at_once(intervals)
    return buffer + math.ceil(lost * truesize) if lost and needed <= buffer else needed


def _most_lost_at_once(intervals: Sequence[replay.Interval]) -> float:
    """Return the most datagrams lost between two looks at an empty queue."""
    most = current = 0.0
    for interval in intervals:
        current += interval.drops
        most = max(most, current)
        if interval.empty:
            current = 0.0
    return most


def _share_of(intervals: Sequence[replay.Interval], test: Any) -> float:
    return sum(1 for interval in intervals if test(interval)) / len(intervals) if intervals else 0.0


def rates(analysis: Analysis) -> dict[str, Any]:
    """Return the rates as a finding's socket shows them."""
    service = analysis.service_rate
    return {
        "arrival_rate": None if analysis.arrival_rate is None else round(analysis.arrival_rate, 1),
        "service_rate": None if service is None else round(service, 1),
        "service_time": None if not service else round(1.0 / service, 9),
        "utilisation": None if analysis.utilisation is None else round(analysis.utilisation, 4),
        "consumers_needed": analysis.consumers_needed if causes.SLOW_CONSUMER in analysis.verdict.causes else None,
        "rates_unknown_because": analysis.rates_unknown_because,
    }
