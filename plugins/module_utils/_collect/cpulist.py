# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CPU lists ("0,2-3") and CPU masks ("00000003,ffffffff") as the kernel prints and takes them.

Source: lib/bitmap-str.c (bitmap_parselist, bitmap_print_to_pagebuf), man 7 cpuset "FORMATS".
"""

from __future__ import annotations

from collections.abc import Iterable

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError

# Far above any NR_CPUS (8192 on x86-64); keeps a garbled "0-4000000000" from filling the memory.
MAX_CPU = 65535


# 0,2-3,8-15:2/4
def parse_cpulist(text: str) -> list[int]:
    """Return the CPU numbers of a list in ascending order; an empty list is a valid value. Raises ParseError."""
    cpus: set[int] = set()
    for part in text.strip().split(","):
        if part.strip():
            cpus.update(_range(part.strip()))
    return sorted(cpus)


def _range(part: str) -> list[int]:
    """Return the numbers of "N", "A-B" or "A-B:USED/GROUP"."""
    bounds, grouped, group = part.partition(":")
    first, ranged, last = bounds.partition("-")
    try:
        start = int(first)
        end = int(last) if ranged else start
        used, size = (int(number) for number in group.split("/")) if grouped else (1, 1)
    except ValueError as error:
        raise ParseError("CPU list", f"{part[:40]!r} is no number or range") from error
    if not 0 <= start <= end <= MAX_CPU or not 0 < used <= size:
        raise ParseError("CPU list", f"range {part[:40]!r} is not within 0-{MAX_CPU}")
    return [cpu for cpu in range(start, end + 1) if (cpu - start) % size < used]


# 00000003,ffffffff
def parse_cpumask(text: str) -> list[int]:
    """Return the CPU numbers of a mask: hexadecimal groups of 32 bits, most significant first. Raises ParseError."""
    mask = 0
    groups = text.strip().split(",")
    if len(groups) * 32 > MAX_CPU + 1:
        raise ParseError("CPU mask", f"{len(groups)} groups")
    for group in groups:
        try:
            bits = int(group, 16)
        except ValueError as error:
            raise ParseError("CPU mask", f"{group[:40]!r} is not hexadecimal") from error
        if not 0 <= bits <= 0xFFFFFFFF:
            raise ParseError("CPU mask", f"group {group[:40]!r} has more than 32 bits")
        mask = mask << 32 | bits
    return [cpu for cpu in range(mask.bit_length()) if mask >> cpu & 1]


def format_cpulist(cpus: Iterable[int]) -> str:
    """Return the shortest list: [0, 2, 3] gives "0,2-3"; no CPU gives ""."""
    runs: list[list[int]] = []
    for cpu in sorted(set(cpus)):
        if runs and cpu == runs[-1][1] + 1:
            runs[-1][1] = cpu
        else:
            runs.append([cpu, cpu])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def format_cpumask(cpus: Iterable[int], nr_cpus: int) -> str:
    """Return the mask with as many groups as ``nr_cpus`` needs: what the kernel prints, and the most it takes.

    More groups or a bit beyond ``nr_cpus`` would be refused with EOVERFLOW (Documentation/networking/scaling.rst
    names the file; the check is __bitmap_parse), so it raises ValueError here.
    """
    mask = 0
    for cpu in cpus:
        if not 0 <= cpu < nr_cpus:
            raise ValueError(f"CPU {cpu} is not one of the {nr_cpus} that a mask holds here")
        mask |= 1 << cpu
    groups = max(1, (nr_cpus + 31) // 32)
    head = nr_cpus - (groups - 1) * 32
    parts = [mask >> 32 * index & 0xFFFFFFFF for index in reversed(range(groups))]
    # The first group has only the digits that the number of CPUs needs: "3" on 2 CPUs, "ff,ffffffff" on 40.
    return ",".join([f"{parts[0]:0{(head + 3) // 4}x}", *(f"{part:08x}" for part in parts[1:])])
