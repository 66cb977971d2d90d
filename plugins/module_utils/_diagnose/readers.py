# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the threads that read a socket did during the window.

Which thread reads is known from the system calls it was found in; how much it could have read from its time on
the CPU (schedstat) and from the share of the window in which it waited for something other than datagrams.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers

# Found in one of these, a thread does not wait for datagrams and does not run.
_DOWNSTREAM = ("write", "lock", "disk")
_STALLS = ("sleep", "write", "lock", "disk", "stopped", "other")
_NAMES = {
    "sleep": "asleep by its own choice (nanosleep)",
    "write": "blocked in a write to its downstream",
    "lock": "waiting for a lock or another thread (futex)",
    "disk": "in uninterruptible sleep (disk or swap)",
    "stopped": "stopped by a signal or a debugger",
    "other": "blocked outside the receive call",
}
# Less CPU time than this says nothing about the cost of a datagram.
_MIN_RUN_SECONDS = 0.002


class Reader(NamedTuple):
    """The readers of a socket, taken together; shares are of the window, 0 to 1 per thread."""

    threads: int
    run_share: float
    queue_share: float  # runnable, waiting for a CPU
    throttled_share: float  # stopped by the CPU quota of the cgroup
    blocked_share: float  # waiting for something other than datagrams
    downstream_share: float  # the part of it spent in a write, a lock or disk I/O
    receive_share: float  # waiting for datagrams
    quota_cpus: float | None
    capacity: float | None  # datagrams per second, were there always some
    mechanism: str | None  # the largest reason not to read

    @property
    def stall_share(self) -> float:
        """Share of the window in which the readers neither ran nor waited for datagrams."""
        return min(1.0, self.blocked_share + max(self.queue_share, self.throttled_share))


def observed_seconds(consumer: Mapping[str, Any] | None, seconds: float) -> float:
    """Return for how long the readers were watched: from the moment their socket came to matter to the end."""
    return float((consumer or {}).get("observed_seconds") or seconds)


def interpret(consumer: Mapping[str, Any] | None, reads: int, seconds: float) -> Reader | None:
    """Return what the readers did, or None when nothing of them is known.

    ``reads`` are the datagrams that these threads took over the ``seconds`` in which they were watched.
    """
    if not consumer or not consumer.get("threads") or seconds <= 0:
        return None
    threads = [thread for thread in consumer["threads"] if thread.get("reader")]
    if not threads:
        # None was caught reading: the thread with most CPU time is the best guess, if any ran at all.
        busiest = max(consumer["threads"], key=lambda thread: thread.get("run_seconds") or 0.0)
        threads = [busiest]
    number = len(threads)
    run = sum(thread.get("run_seconds") or 0.0 for thread in threads)
    wait = sum(thread.get("wait_seconds") or 0.0 for thread in threads)
    states = _add_states(threads)
    known = sum(number_of for state, number_of in states.items() if state != "unknown")
    blocked = sum(states.get(state, 0) for state in _STALLS) / known if known else 0.0
    receive = states.get("receive", 0) / known if known else 0.0
    throttled = min(1.0, (consumer.get("throttled_seconds") or 0.0) / seconds / number)
    queue_share = min(1.0, wait / seconds / number)
    reader = Reader(
        threads=number,
        run_share=run / seconds / number,
        queue_share=queue_share,
        throttled_share=throttled,
        blocked_share=blocked,
        downstream_share=sum(states.get(state, 0) for state in _DOWNSTREAM) / known if known else 0.0,
        receive_share=receive,
        quota_cpus=consumer.get("quota_cpus"),
        capacity=None,
        mechanism=_mechanism(threads, states, known, queue_share, throttled, consumer),
    )
    if run < _MIN_RUN_SECONDS or reads <= 0:
        return reader
    cpus = number * max(0.0, 1.0 - reader.stall_share)
    if reader.quota_cpus and throttled > 0:
        # Throttled or not at the moment of a look: over time the quota is what it gets.
        cpus = min(number * max(0.0, 1.0 - blocked), reader.quota_cpus)
    return reader._replace(capacity=reads / run * cpus)


def _add_states(threads: list[Mapping[str, Any]]) -> dict[str, int]:
    total: dict[str, int] = {}
    for thread in threads:
        for state, number in (thread.get("states") or {}).items():
            total[state] = total.get(state, 0) + number
    return total


def _mechanism(
    threads: list[Mapping[str, Any]],
    states: Mapping[str, int],
    known: int,
    queue_share: float,
    throttled: float,
    consumer: Mapping[str, Any],
) -> str | None:
    """Name the largest reason for which the readers did not read."""
    shares = {state: states.get(state, 0) / known for state in _STALLS} if known else {}
    state = max(shares, key=lambda name: shares[name]) if shares else None
    blocked = shares[state] if state else 0.0
    if throttled > 0.02 and throttled >= blocked:
        quota = consumer.get("quota_cpus")
        return "stopped by the CPU quota of its cgroup{} in {} of {} periods, {} of the window".format(
            "" if quota is None else f" ({quota:g} CPUs)",
            numbers.count(consumer.get("throttled_periods") or 0),
            numbers.count(consumer.get("periods") or 0),
            numbers.share(throttled),
        )
    if queue_share > 0.02 and queue_share >= blocked:
        return f"waiting for a CPU (preempted) for {numbers.share(queue_share)} of the window"
    if state and blocked > 0.02:
        places = [thread["blocked_in"] for thread in threads if thread.get("blocked_in")]
        where = f" ({places[0]})" if places else ""
        return f"{_NAMES[state]}{where} in {numbers.share(blocked)} of the looks"
    return None
