# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's own reason for each packet that it frees as lost, counted in the kernel, and who reads how much.

The histogram trigger of ``skb:kfree_skb`` counts by reason and by the function that gave the packet up; those of
``sock:sock_recv_length`` and ``sock:sock_send_length`` (6.12 has them, 6.1 not) by thread. No event is handed to us,
whatever the rate. An instance sees the whole machine: all network namespaces, all protocols over IP.
"""

from __future__ import annotations

import os
import re
import time
from typing import Any, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.tracefs import (
    Histogram,
    parse_fields,
    parse_hist,
    parse_symbols,
    symbol,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.host import read_text
from ansible_collections.rxpath.linux.plugins.module_utils._sample.thread_traffic import traffic_rows
from ansible_collections.rxpath.linux.plugins.module_utils._sample.trace_instance import (
    TraceInstance,
    affordable,
    find_tracefs,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns

WHAT = "drop reasons of the kernel"
TRAFFIC = "what each process reads and sends"
_DROPS = "events/skb/kfree_skb/"
_READS = "events/sock/sock_recv_length/"
_SENDS = "events/sock/sock_send_length/"
# ETH_P_IP and ETH_P_IPV6.
_IP_ALONE = " if protocol==2048||protocol==34525"
# The best first; a kernel that knows a word of it not (EINVAL) gets the next. The size bounds the buckets.
_BY_REASON: tuple[str, ...] = (
    "hist:keys=reason,location.sym:size=2048" + _IP_ALONE,
    "hist:keys=reason:size=256" + _IP_ALONE,
    "hist:keys=reason:size=256",
)
# IPPROTO_UDP. MSG_PEEK is 2: what was only looked at is read again.
_BY_THREAD: tuple[str, ...] = (
    "hist:keys=common_pid:vals=ret:size=2048 if protocol==17 && ret > 0 && !(flags & 2)",
    "hist:keys=common_pid:vals=ret:size=2048 if protocol==17 && ret > 0",
)
_MAX_ROWS = 64
# Root is refused in a container with a /sys of its own, and where the kernel's lockdown forbids tracing.
_AS_ROOT = "run it on the host itself, not in a container, on a kernel that is not locked down"
_AVAILABLE = re.compile(r"^MemAvailable: +([0-9]+) kB$", re.M)


class _Traced:
    """An event with a histogram, and what the histogram held at the window's two ends. Raises OSError."""

    def __init__(self, instance: TraceInstance, event: str, triggers: tuple[str, ...]) -> None:
        self._instance, self._event = instance, event
        self.trigger = self._set(triggers)
        self.start = self.end = Histogram([], 0, 0)

    def _set(self, triggers: tuple[str, ...]) -> str:
        for number, trigger in enumerate(triggers, 1):
            try:
                self._instance.write(self._event + "trigger", trigger)
            except OSError:
                if number == len(triggers):
                    raise
            else:
                return trigger
        raise ValueError("no trigger to set")

    def read(self) -> Histogram:
        """Return the histogram as it is now. Raises OSError, ParseError."""
        return parse_hist(self._instance.read(self._event + "hist"))


class DropReasons:
    """Set up before the window (``open_drop_reasons``), read at both its ends, closed whatever happens.

    What cannot be set up raises OSError or ParseError; what can no longer be read is an unknown.
    """

    def __init__(self, tracefs: str, unknowns: Unknowns) -> None:
        self._unknowns = unknowns
        self._open = True
        began = time.monotonic()
        layout = read_text(os.path.join(tracefs, _DROPS, "format"))
        self._names = parse_symbols(layout, "reason")
        self._instance = TraceInstance(tracefs)
        try:
            self._drops = _Traced(self._instance, _DROPS, usable_triggers(layout))
            self._reads = self._traced(tracefs, _READS)
            self._sends = self._traced(tracefs, _SENDS)
        except BaseException:
            self._instance.close()
            raise
        self._setup = time.monotonic() - began

    def _traced(self, tracefs: str, event: str) -> Optional[_Traced]:
        """Trace what threads read or send, where this kernel tells it; the reasons can be had without."""
        if not os.path.exists(os.path.join(tracefs, event, "format")):
            return None
        try:
            return _Traced(self._instance, event, _BY_THREAD)
        except OSError as error:
            self._unknowns.add_error(TRAFFIC, error)
            return None

    def begin(self) -> None:
        """Keep what was counted before the window."""
        try:
            for one in self._traces():
                one.start = one.read()
        except (OSError, ParseError) as error:
            self._unknowns.add_error(WHAT, error)
            self.close()

    def finish(self) -> Optional[dict[str, Any]]:
        """Return the ``drop_reasons`` part of the sample document, and remove the instance."""
        if not self._open:
            return None
        try:
            for one in self._traces():
                one.end = one.read()
            return self._document()
        except (OSError, ParseError) as error:
            self._unknowns.add_error(WHAT, error)
            return None
        finally:
            self.close()

    def _traces(self) -> list[_Traced]:
        return [one for one in (self._drops, self._reads, self._sends) if one is not None]

    def _document(self) -> dict[str, Any]:
        counted = reason_rows(self._names, self._drops.start, self._drops.end)
        traced = self._traces()
        return {
            "reasons": counted[:_MAX_ROWS],
            "further": sum(row["count"] for row in counted[_MAX_ROWS:]),
            "uncounted": self._drops.end.dropped - self._drops.start.dropped,
            "ip_alone": _IP_ALONE in self._drops.trigger,
            "functions": "location" in self._drops.trigger,
            "events": sum(one.end.hits - one.start.hits for one in traced),
            "setup_seconds": round(self._setup, 4),
            "threads": self._threads(),
        }

    def _threads(self) -> Optional[list[dict[str, Any]]]:
        """Return what processes read and sent; None where the kernel does not tell, or not all of it."""
        if self._reads is None or self._sends is None:
            return None
        full = sum(one.end.dropped - one.start.dropped for one in (self._reads, self._sends))
        if full:
            why = "%d datagrams found no room in the kernel's histogram: more than 2048 threads read or send" % full
            self._unknowns.add(TRAFFIC, why)
            return None
        return traffic_rows(self._reads.start, self._reads.end, self._sends.start, self._sends.end)

    def close(self) -> None:
        """Remove the instance; a second call does nothing."""
        if self._open and not self._instance.close():
            why = "somebody holds a file of %s open; it counts on until the next audit removes it" % self._instance.path
            self._unknowns.add("removal of the instance of tracefs", why, "close that file")
        self._open = False


def open_drop_reasons(unknowns: Unknowns) -> Optional[DropReasons]:
    """Return the histograms of this machine, set; None where they cannot be had, and then ``unknowns`` says why."""
    tracefs = find_tracefs(read_text("/proc/self/mounts"))
    if tracefs is None:
        unknowns.add(WHAT, *why_missing(read_text("/proc/filesystems")))
        return None
    event = os.path.join(tracefs, _DROPS)
    if os.access(tracefs, os.X_OK) and os.path.isdir(event) and not os.path.exists(os.path.join(event, "hist")):
        why = "this kernel has no histogram triggers (CONFIG_HIST_TRIGGERS)"
        unknowns.add(WHAT, why, "a kernel that has them, as those of Debian and Red Hat do")
        return None
    memory = _AVAILABLE.search(read_text("/proc/meminfo"))
    cpus = os.sysconf("SC_NPROCESSORS_CONF")
    if memory is not None and not affordable(cpus, int(memory.group(1)) << 10):
        unknowns.add(WHAT, "an instance of tracefs takes 1.4 MiB for each of %d CPUs while it is made" % cpus)
        return None
    try:
        return DropReasons(tracefs, unknowns)
    except (OSError, ParseError) as error:
        if os.geteuid() == 0:
            unknowns.add(WHAT, str(error), _AS_ROOT)
        else:
            unknowns.add_error(WHAT, error)
        return None


def why_missing(filesystems: str) -> tuple[str, str]:
    """Return why tracefs is not mounted, given /proc/filesystems, and what would help."""
    if "tracefs" in filesystems.split():
        return "tracefs is not mounted", "mount it: mount -t tracefs tracefs /sys/kernel/tracing"
    return "this kernel has no tracefs (CONFIG_TRACING)", "a kernel that has it, as those of Debian and Red Hat do"


def usable_triggers(layout: str) -> tuple[str, ...]:
    """Return the triggers whose fields this kernel's event has, the best first. Raises ParseError."""
    fields = parse_fields(layout)
    return tuple(
        trigger
        for trigger in _BY_REASON
        if ("location" not in trigger or "location" in fields) and ("protocol" not in trigger or "protocol" in fields)
    )


def reason_rows(names: dict[int, str], start: Histogram, end: Histogram) -> list[dict[str, Any]]:
    """Return what each reason and function gained, most first; a reason without a name is told by its number."""
    gained: dict[tuple[str, str], int] = {}
    for sign, histogram in ((-1, start), (1, end)):
        for row in histogram.rows:
            number = row.keys.get("reason", "")
            name = names.get(int(number), number) if number.isdecimal() else number
            key = (name, symbol(row.keys.get("location", "")))
            gained[key] = gained.get(key, 0) + sign * row.hits
    return [
        {"reason": reason, "function": function or None, "count": count}
        for (reason, function), count in sorted(gained.items(), key=lambda item: (-item[1], item[0]))
        if count > 0
    ]
