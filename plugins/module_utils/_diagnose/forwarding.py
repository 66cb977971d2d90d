# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What came in and what went on: a proxy that receives far more than it sends is behind with its reading."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import Ledger, total, udp

# Below this share of what was read nothing is answered or sent on: a sink, of which there is nothing to say.
_SINK = 0.01


def evidence(
    namespace: Mapping[str, Any], ledger: Ledger, sample: Mapping[str, Any], losers: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Say arrivals, reads and sends of the namespace, and of the processes that lost where the kernel counts them."""
    seconds = float(sample["window"]["seconds"])
    said = _network(namespace, ledger, seconds)
    for pid in dict.fromkeys(socket.get("pid") for socket in losers):
        traffic = traffic_of(pid, sample)
        if traffic is not None:
            said.append(
                _process(traffic, sum(int(s.get("drops") or 0) for s in losers if s.get("pid") == pid), seconds)
            )
    return said


def traffic_of(pid: Any, sample: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what a process read and sent by the kernel's own count, None where it was not counted."""
    rows = (sample.get("drop_reasons") or {}).get("threads") or []
    return next((row for row in rows if pid and row["pid"] == pid), None)


def _network(namespace: Mapping[str, Any], ledger: Ledger, seconds: float) -> list[str]:
    counters: Mapping[str, Any] = namespace.get("counters") or {}
    sent = udp(counters, "OutDatagrams")
    if seconds <= 0 or not ledger.arrived or sent < _SINK * ledger.read or not sent:
        return []
    received = total(counters, "IpExt.InOctets", "Ip6.InOctets")
    gone = total(counters, "IpExt.OutOctets", "Ip6.OutOctets")
    octets = ""
    if received and gone:
        pair = numbers.size(received / seconds), numbers.size(gone / seconds)
        octets = "; of IP, all protocols, {} came in a second and {} went out".format(*pair)
    went = min(1.0, sent / ledger.arrived)
    rates = [numbers.rate(number / seconds) for number in (ledger.arrived, ledger.read, sent)]
    said = (
        "{} arrived in this namespace, {} were read and {} sent: of 100 datagrams that arrived {} were answered or went"
        " on{}"
    )
    return [said.format(*rates, round(100 * went), octets)]


def _process(traffic: Mapping[str, Any], lost: int, seconds: float) -> str:
    reads, sends = int(traffic["reads"]), int(traffic["sends"])
    read = f"read {numbers.count(reads)} datagrams"
    if reads:
        read += f" of {numbers.count(traffic['read_bytes'] / reads)} bytes"
    sent = f"sent {numbers.count(sends)}"
    if sends:
        sent += f" of {numbers.count(traffic['sent_bytes'] / sends)} bytes"
    pace = f": λ = {numbers.rate((reads + lost) / seconds)} came for it, {numbers.rate(reads / seconds)} it read"
    who = "{} (pid {})".format(traffic["process"] or "process", traffic["pid"])
    return (
        f"by the kernel's count of its system calls, {who} {read} and {sent}, while its sockets lost"
        f" {numbers.count(lost)}{pace if seconds > 0 else ''}"
    )
