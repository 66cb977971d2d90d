# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""CPUs as a request names them: a list as the kernel writes it, one list for each queue, a mapping of some queues."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import format_cpulist, parse_cpulist
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._plan.topology import Cpus, Topology


class CpuRequestError(ValueError):
    """What was asked for is no list of CPUs. The text names the parameter."""


def cpus_of(parameter: str, value: Any) -> Cpus:
    """Return the CPUs of "0-3,8", of the number 3, or of a YAML list of either. Raises CpuRequestError."""
    parts = value if isinstance(value, (list, tuple)) else [value]
    found: set[int] = set()
    for part in parts:
        if isinstance(part, bool) or not isinstance(part, (int, str)):
            raise CpuRequestError(f"{parameter}: {part!r} is no list of CPUs such as 0-3,8")
        try:
            found.update(parse_cpulist(str(part)))
        except ParseError as error:
            raise CpuRequestError(f"{parameter}: {error}") from error
    return frozenset(found)


def allowed_of(request: Mapping[str, Any]) -> Cpus | None:
    """Return the request's ``allowed_cpus``; None, which is all of them, where it names none."""
    return cpus_of("allowed_cpus", request["allowed_cpus"]) if request.get("allowed_cpus") else None


def housekeeping_of(request: Mapping[str, Any]) -> Cpus:
    """Return the request's ``housekeeping_cpus``."""
    return cpus_of("housekeeping_cpus", request.get("housekeeping_cpus") or [])


def per_queue(parameter: str, value: Any) -> dict[int, Cpus]:
    """Return queue → CPUs of {0: "2", 1: "3"} or of ["2", "3"] (queues 0 and 1). Raises CpuRequestError."""
    if isinstance(value, Mapping):
        pairs = list(value.items())
    elif isinstance(value, (list, tuple)):
        pairs = list(enumerate(value))
    else:
        raise CpuRequestError(f"{parameter}: neither a list nor a mapping of queues to CPUs: {value!r}")
    found = {}
    for queue, cpus in pairs:
        if not str(queue).isdecimal():
            raise CpuRequestError(f"{parameter}: {queue!r} is no number of a queue")
        found[int(queue)] = cpus_of(f"{parameter}, queue {queue}", cpus)
    return found


def unknown_cpus(topology: Topology, cpus: Cpus) -> str:
    """Return those of the CPUs that are not online, as a list; empty where all are."""
    return format_cpulist(cpus - topology.online)
