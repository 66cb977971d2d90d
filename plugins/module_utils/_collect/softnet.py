# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""/proc/net/softnet_stat: the per-CPU backlog and the softirq that drains the NICs.

Source: softnet_seq_show() in net/core/net-procfs.c. The file is the machine's: every network namespace shows the same.
"""

from __future__ import annotations

from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError

_WHAT = "/proc/net/softnet_stat"


class SoftnetRow(NamedTuple):
    """One online CPU. Counters are u32 since boot; None where this kernel has no such column.

    ``received_rps`` counts wake-ups by other CPUs, not packets. ``backlog`` is the queue's length now.
    """

    cpu: int
    processed: int
    dropped: int
    time_squeeze: int
    received_rps: int | None
    flow_limit: int | None
    backlog: int | None


# 00000e98 00000000 00000000 0 0 0 0 0 00000000 00000000 00000000 00000000 00000001 00000000 00000000
# processed, dropped, time_squeeze, five unused, cpu_collision (9 columns, always there); then received_rps,
# flow_limit (3.11), backlog length and CPU (5.10, RHEL 8.6), input and process queue length (6.4).
def parse_softnet(text: str, online: list[int]) -> list[SoftnetRow]:
    """Return a row for each online CPU. ``online`` names the CPUs where the kernel does not (fewer than 13 columns).

    Columns are told by their number, never by the kernel's version: distributions port them back.
    Raises ParseError, also where old rows cannot be matched to ``online`` (a CPU came or went between the two reads).
    """
    lines = [line.split() for line in text.split("\n") if line.strip()]
    if not lines:
        raise ParseError(_WHAT, "empty")
    rows = []
    for index, fields in enumerate(lines):
        if len(fields) < 9:
            raise ParseError(_WHAT, f"row {index} has {len(fields)} columns, at least 9 are expected")
        try:
            numbers = [int(field, 16) for field in fields]
        except ValueError as error:
            raise ParseError(_WHAT, f"row {index} is not hexadecimal") from error
        if min(numbers) < 0:
            raise ParseError(_WHAT, f"row {index} has a negative number")
        if len(numbers) < 13 and len(lines) != len(online):
            raise ParseError(_WHAT, f"{len(lines)} rows for {len(online)} online CPUs")
        rows.append(
            SoftnetRow(
                cpu=numbers[12] if len(numbers) >= 13 else online[index],
                processed=numbers[0],
                dropped=numbers[1],
                time_squeeze=numbers[2],
                received_rps=numbers[9] if len(numbers) >= 10 else None,
                flow_limit=numbers[10] if len(numbers) >= 11 else None,
                backlog=numbers[11] if len(numbers) >= 12 else None,
            )
        )
    return rows
