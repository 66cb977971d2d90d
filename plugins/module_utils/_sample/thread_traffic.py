# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Datagrams that threads read and sent, from histograms by thread."""

from __future__ import annotations

import os
import re
from typing import Any, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.tracefs import Histogram
from ansible_collections.rxpath.linux.plugins.module_utils._sample.host import read_text
from ansible_collections.rxpath.linux.plugins.module_utils._sample.processes import command
from ansible_collections.rxpath.linux.plugins.module_utils._sample.trace_instance import pid_namespace

# Those with the most traffic; a row is about 150 bytes.
MAX_PROCESSES = 32
# PROC_PID_INIT_INO of include/linux/proc_ns.h: the histogram has the ids of the machine's first namespace.
_FIRST_NAMESPACE = 0xEFFFFFFC
_OWNER = re.compile(r"^Tgid:\s+([0-9]+)$", re.M)


class Traffic(NamedTuple):
    """Datagrams and the bytes of their payload."""

    reads: int
    read_bytes: int
    sends: int
    sent_bytes: int

    def plus(self, other: Traffic) -> Traffic:
        """Return both together."""
        return Traffic(*(mine + its for mine, its in zip(self, other)))


def by_thread(read: tuple[Histogram, Histogram], sent: tuple[Histogram, Histogram]) -> dict[int, Traffic]:
    """Return what each thread read and sent between the start and the end of two histograms."""
    result: dict[int, Traffic] = {}
    for at, (start, end) in ((0, read), (2, sent)):
        for sign, histogram in ((-1, start), (1, end)):
            for row in histogram.rows:
                word = row.keys.get("common_pid", "")
                if not word.isdecimal():
                    continue
                part = [0, 0, 0, 0]
                part[at], part[at + 1] = sign * row.hits, sign * row.sums.get("ret", 0)
                tid = int(word)
                result[tid] = result.get(tid, Traffic(0, 0, 0, 0)).plus(Traffic(*part))
    return {tid: traffic for tid, traffic in result.items() if traffic.reads > 0 or traffic.sends > 0}


def traffic_rows(
    read_start: Histogram, read_end: Histogram, sent_start: Histogram, sent_end: Histogram
) -> list[dict[str, Any]]:
    """Return a row for each process, the busiest first.

    A thread that has ended is a process of its own, without a name; so is each where we live in a namespace of process
    ids in which the kernel's ids mean nothing.
    """
    known = pid_namespace() == _FIRST_NAMESPACE
    processes: dict[int, Traffic] = {}
    threads: dict[int, int] = {}
    for tid, traffic in by_thread((read_start, read_end), (sent_start, sent_end)).items():
        pid = (_process_of(tid) if known else None) or tid
        processes[pid] = processes.get(pid, Traffic(0, 0, 0, 0)).plus(traffic)
        threads[pid] = threads.get(pid, 0) + 1
    busiest = sorted(processes.items(), key=lambda item: (-item[1].reads - item[1].sends, item[0]))[:MAX_PROCESSES]
    return [
        {
            "pid": pid,
            "process": command(pid) if known else None,
            "namespace": _network_namespace(pid) if known else None,
            "threads": threads[pid],
            **traffic._asdict(),
        }
        for pid, traffic in busiest
    ]


def _process_of(tid: int) -> Optional[int]:
    try:
        found = _OWNER.search(read_text("/proc/%d/status" % tid))
    except OSError:
        return None
    return int(found.group(1)) if found else None


def _network_namespace(pid: int) -> Optional[int]:
    try:
        return os.stat("/proc/%d/ns/net" % pid).st_ino
    except OSError:
        return None
