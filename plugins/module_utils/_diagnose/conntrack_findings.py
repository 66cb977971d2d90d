# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings of connection tracking: its table was full, or two inserts raced."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import (
    BOUND,
    EXACT,
    PACKETS,
    Where,
    advise,
    finding,
    sysctl,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ip_findings import before_any_socket
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import total

Finding = dict[str, Any]

_HOST = "host"
_KEY = "net.netfilter.nf_conntrack_max"
# nf_conntrack_udp_timeout of a flow that was not answered yet, seconds, and what an entry takes at the most, bytes.
_TIMEOUT = 30
_ENTRY = 512


def conntrack(
    namespace: Mapping[str, Any], where: Where, sample: Mapping[str, Any], thresholds: Mapping[str, float]
) -> list[Finding]:
    """Packets that connection tracking dropped: the table was full, or an insert raced."""
    counters: Mapping[str, Any] = namespace.get("counters") or {}
    seconds = float(sample["window"]["seconds"])
    dropped, raced = total(counters, "conntrack.drop"), total(counters, "conntrack.insert_failed")
    full = max(0, dropped - raced)
    table: Mapping[str, Any] = namespace.get("conntrack") or {}
    found = []
    if full:
        count, limit = table.get("count"), table.get("max")
        known_full = bool(count and limit and count >= thresholds["conntrack_full_ratio"] * limit)
        said = f"the table held {count} of {limit} entries" if limit else "the size of the table could not be read"
        found.append(
            finding(
                "conntrack.table_full",
                where,
                full,
                unit=PACKETS,
                certainty=EXACT if known_full else BOUND,
                seconds=seconds,
                evidence=[f"conntrack drop +{numbers.count(dropped)}, insert_failed +{numbers.count(raced)}; {said}"],
                advice=[
                    _raise(where, sample, count if known_full else None, limit, full, thresholds),
                    advise(
                        "or take this UDP port out of tracking (notrack)", None, None, True, "it then needs no entry"
                    ),
                    before_any_socket("conntrack"),
                ],
            )
        )
    if raced:
        found.append(
            finding(
                "conntrack.insert_failed",
                where,
                raced,
                unit=PACKETS,
                certainty=BOUND,
                seconds=seconds,
                evidence=[f"insert_failed +{numbers.count(raced)}: two first packets of one flow raced"],
                advice=[
                    advise("take this UDP port out of tracking (notrack)", None, None, True, "no entry, no race"),
                    advise(
                        "raise net.netfilter.nf_conntrack_max", table.get("max"), None, False, "the table was not full"
                    ),
                ],
            )
        )
    return found


def _raise(
    where: Where,
    sample: Mapping[str, Any],
    count: int | None,
    limit: int | None,
    lost: int,
    thresholds: Mapping[str, float],
) -> dict[str, Any]:
    """Advise on the size of the table: each packet that was lost would have had an entry until that timed out."""
    action = f"raise {_KEY} on the node (and nf_conntrack_buckets with it)"
    why = "one limit for the machine, compared with each namespace's own count"
    memory, seconds = sample["host"].get("memory_bytes"), float(sample["window"]["seconds"])
    if where.name != _HOST or not (count and limit and memory) or seconds <= 0:
        return advise(action, limit, None, True, why)
    missing = math.ceil(lost / seconds * _TIMEOUT)
    wanted = min(max(count, limit) + missing, int(memory * thresholds["buffer_memory_share"]) // _ENTRY)
    if wanted <= limit:
        share = numbers.share(thresholds["buffer_memory_share"])
        return advise(action, limit, None, True, f"{why}; it has {share} of the memory already: notrack costs none")
    why += (
        f": {numbers.count(count)} entries and {numbers.rate(lost / seconds)} lost x {_TIMEOUT} s that an entry lives ="
        f" {numbers.count(count + missing)}"
    )
    fill = (wanted - limit) * seconds / lost
    return advise(action, limit, wanted, True, why, knob=sysctl(_KEY, wanted), fill_seconds=fill)
