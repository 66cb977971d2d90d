# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The window: a full look at its start, small looks at jittered intervals, a full look at its end."""

from __future__ import annotations

import random
import time
from typing import Any, Callable, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._facts.gather import gather_facts
from ansible_collections.rxpath.linux.plugins.module_utils._sample.consumers import Consumers
from ansible_collections.rxpath.linux.plugins.module_utils._sample.document import Ends, build
from ansible_collections.rxpath.linux.plugins.module_utils._sample.drop_reasons import open_drop_reasons
from ansible_collections.rxpath.linux.plugins.module_utils._sample.enter import Doorway
from ansible_collections.rxpath.linux.plugins.module_utils._sample.extension import Extension
from ansible_collections.rxpath.linux.plugins.module_utils._sample.governor import Governor
from ansible_collections.rxpath.linux.plugins.module_utils._sample.host import boot_id, read_host, softnet_rows
from ansible_collections.rxpath.linux.plugins.module_utils._sample.interrupts import (
    find_devices,
    interrupt_rows,
    read_interrupts,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.looker import Looker
from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import Found
from ansible_collections.rxpath.linux.plugins.module_utils._sample.newcomers import find_newcomers
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import OptionError, Options
from ansible_collections.rxpath.linux.plugins.module_utils._sample.owners import Owner
from ansible_collections.rxpath.linux.plugins.module_utils._sample.plan import Plan, plan
from ansible_collections.rxpath.linux.plugins.module_utils._sample.steering import read_steering
from ansible_collections.rxpath.linux.plugins.module_utils._sample.truesize import measure_truesize
from ansible_collections.rxpath.linux.plugins.module_utils._sample.udp_memory import UdpMemory
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns
from ansible_collections.rxpath.linux.plugins.module_utils._sample.watch import Watch

# More rows than this would say no more, and the memory for them is bounded: 30 ms between looks in ten minutes.
_MAX_LOOKS = 20000


def _never() -> bool:
    return False


class Clock(NamedTuple):
    """The time, how to spend it, and whether somebody wants the window to end before it; tests bring their own."""

    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    sleep: Callable[[float], None] = time.sleep
    uniform: Callable[[float, float], float] = random.SystemRandom().uniform
    ending: Callable[[], bool] = _never


def _ignore(remaining: float) -> None:
    """Take a report of progress and do nothing with it."""
    del remaining


def measure(options: Options, clock: Clock = Clock(), progress: Callable[[float], None] = _ignore) -> dict[str, Any]:  # noqa: B008
    """Measure one window and return the sample document; see ``plan`` and ``carry_out``."""
    return carry_out(plan(options), clock, progress)


def carry_out(plan: Plan, clock: Clock = Clock(), progress: Callable[[float], None] = _ignore) -> dict[str, Any]:  # noqa: B008
    """Measure a window and return the sample document. The process must have one thread.

    ``progress`` is called with the seconds that remain (at most) when the window begins and when it is extended.
    Raises OptionError where none of the namespaces can be read.
    """
    options, chosen, present, unknowns = plan
    truesize = measure_truesize(unknowns)
    facts = _facts(unknowns) if options.facts else None
    reasons = open_drop_reasons(unknowns) if options.drop_reasons else None
    doorway = Doorway()
    watches: list[Watch] = []
    consumers = Consumers(unknowns)
    memory = UdpMemory()
    try:
        began = Began(clock.wall(), _since_boot(), time.process_time(), boot_id())
        host_start = read_host(unknowns)
        watches = _watch(chosen, doorway, unknowns)
        if reasons is not None:
            reasons.begin()
        irqs = find_devices(watches[0].start.links) if watches[0].found.own else {}
        interrupts_start = read_interrupts(irqs, unknowns)
        started = watches[0].start.moment
        progress(options.window)
        governor = Governor(options.cpu_share, options.window, time.process_time() - began.cpu)
        looker = Looker(watches, consumers, governor, options.interval)
        spent = _run(options, clock, looker, governor, progress, started + options.window, memory)
        host_end = read_host(unknowns)
        interrupts_end = read_interrupts(irqs, unknowns)
        looker.finish()
        dropped = reasons.finish() if reasons is not None else None
        seconds = watches[0].end_moment - started
        softnet = softnet_rows(host_start, host_end, seconds, unknowns)
        read_steering(watches, any(row["dropped"] for row in softnet), unknowns)
        # Into the list at once: whatever happens, they are closed.
        watches += find_newcomers(
            watches, present, options.namespaces, (began.wall, began.since_boot), doorway, unknowns
        )
        ends = Ends(
            options=options,
            began=began.wall,
            seconds=seconds,
            extended=spent.extended,
            looks=spent.looks,
            stretched=governor.stretched,
            host_start=host_start,
            host_end=host_end,
            udp_pages_highest=memory.highest,
            softnet=softnet,
            irqs=interrupt_rows(interrupts_start, interrupts_end, seconds),
            rebooted=began.boot_id != boot_id(),
            truesize=truesize,
            facts=facts,
            drop_reasons=dropped,
        )
        result = build(ends, watches, consumers, unknowns)
        result["window"]["cpu_seconds"] = round(time.process_time() - began.cpu, 4)
        return result
    finally:
        if reasons is not None:
            reasons.close()
        consumers.close()
        memory.close()
        for watch in watches:
            watch.close()
        doorway.close()


class Began(NamedTuple):
    """The start: Unix time, seconds since boot, CPU seconds of this process, and the boot."""

    wall: float
    since_boot: float
    cpu: float
    boot_id: Optional[str]


class Spent(NamedTuple):
    """How the time between the two full looks went."""

    looks: int
    extended: float


def _run(
    options: Options,
    clock: Clock,
    looker: Looker,
    governor: Governor,
    progress: Callable[[float], None],
    end: float,
    memory: UdpMemory,
) -> Spent:
    looks = 0
    least = max(options.interval, options.window / _MAX_LOOKS)
    last = clock.monotonic()
    extension = Extension(looker.watches, options.max_extension, end)
    until = end
    extended = False
    while True:
        interval = governor.next_interval(least) if looks else least
        # Jittered: a fixed interval would beat with a quota's period and see a reader always asleep or never.
        clock.sleep(max(0.0, min(clock.uniform(0.5, 1.5) * interval, until - clock.monotonic())))
        now = clock.monotonic()
        if clock.ending():
            return Spent(looks, max(0.0, now - end) if extended else 0.0)
        if now >= until:
            until = extension.until(now)
            if until <= now:
                return Spent(looks, now - end if extended else 0.0)
            if not extended:
                # How long it takes cannot be known; whoever waits must not come too early.
                progress(options.max_extension)
            extended = True
        governor.begin(now - last)
        last = now
        looker.look(now)
        memory.look()
        looks += 1


def _since_boot() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _facts(unknowns: Unknowns) -> dict[str, Any]:
    """Gather the tunables before the window, not in it: some drivers stand still while they are asked."""
    facts, missing = gather_facts()
    for one in missing:
        unknowns.add(one["what"], one["why"], one["remedy"])
    return facts


def _watch(chosen: list[tuple[Found, Owner]], doorway: Doorway, unknowns: Unknowns) -> list[Watch]:
    """Begin to watch; a namespace that is gone or closed to us is named. Raises OptionError where none is left."""
    watches = []
    for found, owner in chosen:
        try:
            watches.append(Watch(found, owner, doorway, unknowns))
        except (OSError, ParseError) as error:
            unknowns.add_error("network namespace", error, owner.name)
    if not watches:
        raise OptionError("namespaces: none of those asked for can be read: %s" % unknowns.entries())
    if doorway.why_closed:
        unknowns.add(
            "other network namespaces as seen from inside", doorway.why_closed, "run with root's rights (become)"
        )
    return watches
