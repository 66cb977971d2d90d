# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where software steers what a device receives and sends: RPS, RFS and XPS of each queue.

Source: Documentation/networking/scaling.rst; /sys/class/net/IF/queues.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import format_cpulist, parse_cpumask
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader


class QueueValues(NamedTuple):
    """By queue: RPS and XPS as CPU lists, RFS as a number of entries; None where the queue has none."""

    rps: dict[int, str | None]
    rfs: dict[int, int | None]
    xps: dict[int, str | None]


def queue_values(reader: Reader, name: str) -> QueueValues:
    """Return what each queue of a device is set to."""
    base = f"/sys/class/net/{name}/queues"
    rx = _numbers(reader, base, "rx-")
    tx = _numbers(reader, base, "tx-")
    return QueueValues(
        {queue: _mask(reader, f"{base}/rx-{queue}/rps_cpus") for queue in rx},
        {queue: reader.number(f"{base}/rx-{queue}/rps_flow_cnt") for queue in rx},
        {queue: _mask(reader, f"{base}/tx-{queue}/xps_cpus") for queue in tx},
    )


def queue_facts(reader: Reader, name: str) -> dict[str, Any]:
    """Return the numbers of queues, and RPS, RFS and XPS as runs: [{"queues": "0-7", "cpus": ""}, …].

    Queues of the same setting share an entry, so that 128 of them are one line. XPS is left out where the device
    has no mask (one transmit queue), RPS and RFS where the kernel was built without them.
    """
    values = queue_values(reader, name)
    facts: dict[str, Any] = {"queues": {"rx": len(values.rps), "tx": len(values.xps)}}
    by_key: tuple[tuple[str, str, dict[int, Any]], ...] = (
        ("rps", "cpus", values.rps),
        ("rfs", "flows", values.rfs),
        ("xps", "cpus", values.xps),
    )
    for key, field, by_queue in by_key:
        grouped = runs(by_queue, field)
        if grouped:
            facts[key] = grouped
    return facts


def runs(values: dict[int, Any], field: str) -> list[dict[str, Any]]:
    """Group the queues of equal value; queues without one (None) are left out."""
    groups: dict[Any, list[int]] = {}
    for queue in sorted(values):
        if values[queue] is not None:
            groups.setdefault(values[queue], []).append(queue)
    return [{"queues": format_cpulist(queues), field: value} for value, queues in groups.items()]


def _numbers(reader: Reader, base: str, prefix: str) -> list[int]:
    names = [name[len(prefix) :] for name in reader.names(base) if name.startswith(prefix)]
    return sorted(int(number) for number in names if number.isdecimal())


def _mask(reader: Reader, path: str) -> str | None:
    word = reader.word(path)
    if not word:
        return None
    try:
        return format_cpulist(parse_cpumask(word))
    except ParseError as error:
        reader.unknown(path, str(error), "report the kernel's version")
        return None
