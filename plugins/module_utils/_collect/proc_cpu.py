# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What CPUs and threads did: /proc/{stat,softirqs,interrupts} and /proc/PID/task/TID/{schedstat,syscall,stat}.

Source: fs/proc/{stat,softirqs,base,array}.c, kernel/irq/proc.c; man 5 proc.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import MAX_CPU
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError

# "5-edge", "27" (then "Level" or "Edge" on ARM): the interrupt's number at its controller.
_HARDWARE_IRQ = re.compile(r"\d+(-\S+)?$")


class CpuTimes(NamedTuple):
    """Time since boot of one CPU, in clock ticks (sysconf SC_CLK_TCK, 100 a second)."""

    user: int
    nice: int
    system: int
    idle: int
    iowait: int
    irq: int
    softirq: int
    steal: int


# cpu0 1011 0 824 91514 24 0 5 9 0 0
def parse_stat(text: str) -> dict[int, CpuTimes]:
    """Return the times of every online CPU; the sum of all (`cpu`) is left out. Raises ParseError."""
    times: dict[int, CpuTimes] = {}
    for line in text.split("\n"):
        fields = line.split()
        if not fields or not fields[0].startswith("cpu") or fields[0] == "cpu":
            continue
        cpu = _cpu(fields[0][3:], "/proc/stat")
        numbers = _numbers(fields[1:9], "/proc/stat")
        if len(numbers) != 8:
            raise ParseError("/proc/stat", f"CPU {cpu} has {len(numbers)} times, at least 8 are expected")
        times[cpu] = CpuTimes(*numbers)
    if not times:
        raise ParseError("/proc/stat", "no line of a CPU")
    return times


#                     CPU0       CPU1
#       NET_RX:       1889       2828
def parse_softirqs(text: str) -> dict[str, list[int]]:
    """Return runs of each softirq handler since boot, indexed by CPU number (one column a *possible* CPU).

    A CPU number that the header leaves out reads 0. Raises ParseError.
    """
    lines = text.split("\n")
    cpus = [_cpu(word[3:], "/proc/softirqs") for word in lines[0].split()]
    if not cpus:
        raise ParseError("/proc/softirqs", "no header")
    result: dict[str, list[int]] = {}
    for line in lines[1:]:
        if not line.strip():
            continue
        name, _colon, rest = line.partition(":")
        numbers = _numbers(rest.split(), "/proc/softirqs")
        if len(numbers) != len(cpus):
            raise ParseError("/proc/softirqs", f"{len(cpus)} CPUs, {len(numbers)} values of {name[:40]!r}")
        row = result[name.strip()] = [0] * (max(cpus) + 1)
        for cpu, number in zip(cpus, numbers):
            row[cpu] = number
    return result


class IrqRow(NamedTuple):
    """One interrupt: its number or short name, its count since boot on each *online* CPU, and who asked for it."""

    irq: str
    counts: dict[int, int]
    name: str


#            CPU0       CPU1
#  38:          0       2887 PCI-MSIX-0000:00:03.0   1-edge      virtio2-input.0
# LOC:      19333      23373   Local timer interrupts
# ERR:          0
def parse_interrupts(text: str, wanted: Container[str] | None = None) -> list[IrqRow]:
    """Return the rows in the file's order; with ``wanted`` only those interrupts ("38"), the rest not even split.

    Raises ParseError.
    """
    lines = text.split("\n")
    cpus = [_cpu(word[3:], "/proc/interrupts") for word in lines[0].split()]
    if not cpus:
        raise ParseError("/proc/interrupts", "no header")
    rows = []
    for line in lines[1:]:
        if not line.strip():
            continue
        label, colon, rest = line.partition(":")
        irq = label.strip()
        if not colon:
            raise ParseError("/proc/interrupts", f"line {line[:40]!r} has no colon")
        if wanted is not None and irq not in wanted:
            continue
        words = rest.split(None, len(cpus))
        # ERR and MIS have one number for the whole machine.
        shared = len(words) == 1 and len(cpus) > 1
        numbers = _numbers(words[:1] if shared else words[: len(cpus)], "/proc/interrupts")
        if not shared and len(numbers) != len(cpus):
            raise ParseError("/proc/interrupts", f"{len(cpus)} CPUs, {len(numbers)} counts of {irq}")
        counts = {cpus[0]: numbers[0]} if shared else dict(zip(cpus, numbers))
        rows.append(IrqRow(irq, counts, _action(irq, words[len(cpus) :])))
    return rows


def _action(irq: str, tail: list[str]) -> str:
    """Return the name of the handler: what follows the controller, its own number and the trigger."""
    words = tail[0].split() if tail else []
    if irq.isdigit() and words:
        words = words[1:]
        if words and _HARDWARE_IRQ.match(words[0]):
            words = words[1:]
        if words and words[0] in ("Level", "Edge"):
            words = words[1:]
    return " ".join(words)


def _cpu(digits: str, what: str) -> int:
    if not digits.isdecimal() or len(digits) > 5 or int(digits) > MAX_CPU:
        raise ParseError(what, f"{digits[:40]!r} is no CPU number")
    return int(digits)


def _numbers(words: list[str], what: str) -> list[int]:
    try:
        return [int(word) for word in words]
    except ValueError as error:
        raise ParseError(what, "a value is no number") from error


class SchedStat(NamedTuple):
    """Nanoseconds on a CPU, nanoseconds runnable but waiting for one, and the number of time slices."""

    run_ns: int
    wait_ns: int
    slices: int


# 368047 789097 2
def parse_schedstat(text: str) -> SchedStat:
    """Return a thread's schedstat. All three are 0 where the kernel lacks CONFIG_SCHED_INFO. Raises ParseError."""
    fields = text.split()
    try:
        run, wait, slices = (int(field) for field in fields)
    except ValueError as error:
        raise ParseError("/proc/PID/schedstat", f"{text[:60]!r} is not three numbers") from error
    return SchedStat(run, wait, slices)


class TaskSyscall(NamedTuple):
    """Where a thread was found. ``number`` is None for a running thread, -1 for one blocked outside a system call."""

    number: int | None
    arguments: tuple[int, ...]


# 0 0x3 0x7fc18c0ac000 0x20000 0x7fc18c13eb60 0xffffffff 0x0 0x7ffe6d747488 0x7fc18c2272ad
# running
# -1 0x7ffc7d0a3a08 0x7f6b1e1b5e2d
def parse_task_syscall(text: str) -> TaskSyscall:
    """Return the system call in which a thread is blocked and its (up to six) arguments. Raises ParseError."""
    fields = text.split()
    if fields == ["running"]:
        return TaskSyscall(None, ())
    try:
        number = int(fields[0])
        arguments = tuple(int(field, 16) for field in fields[1:7])
    except (IndexError, ValueError) as error:
        raise ParseError("/proc/PID/syscall", f"{text[:60]!r} is no system call") from error
    return TaskSyscall(number, arguments if number >= 0 else ())


class TaskStat(NamedTuple):
    """``state`` is one letter (R running or runnable, S, D, T, Z…); times in clock ticks, ``start`` since boot."""

    tid: int
    name: str
    state: str
    parent: int
    user: int
    system: int
    start: int
    cpu: int


# 5599 (cat) R 5556 5556 3369 0 -1 4194304 110 0 0 0 0 0 0 0 20 0 1 0 93658 …
def parse_task_stat(text: str) -> TaskStat:
    """Return the head of a thread's stat. The name may hold blanks and parentheses. Raises ParseError."""
    head, _paren, tail = text.rpartition(")")
    number, paren, name = head.partition("(")
    fields = tail.split()
    if not paren or len(fields) < 37:
        raise ParseError("/proc/PID/stat", f"{text[:60]!r} is cut off")
    try:
        return TaskStat(
            tid=int(number),
            name=name,
            state=fields[0],
            parent=int(fields[1]),
            user=int(fields[11]),
            system=int(fields[12]),
            start=int(fields[19]),
            cpu=int(fields[36]),
        )
    except ValueError as error:
        raise ParseError("/proc/PID/stat", f"{text[:60]!r} has a word for a number") from error
