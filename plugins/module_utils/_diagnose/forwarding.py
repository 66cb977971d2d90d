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
# Counters of both directions are not read in the same instant.
_OWN = 1.1


def traffic(namespace: Mapping[str, Any], ledger: Ledger) -> dict[str, Any]:
    """Return what came into a namespace and went out: datagrams of UDP, bytes of IP, null where nothing counts them."""
    counters: Mapping[str, Any] = namespace.get("counters") or {}
    received = total(counters, "IpExt.InOctets", "Ip6.InOctets")
    gone = total(counters, "IpExt.OutOctets", "Ip6.OutOctets")
    return {
        "arrived": ledger.arrived,
        "read": ledger.read,
        "sent": udp(counters, "OutDatagrams"),
        "ip_bytes_in": received or None,
        "ip_bytes_out": gone if received else None,
    }


def evidence(
    namespace: Mapping[str, Any], ledger: Ledger, sample: Mapping[str, Any], losers: Sequence[Mapping[str, Any]]
) -> list[str]:
    """Say arrivals, reads and sends of the namespace, and of the processes that lost where the kernel counts them."""
    seconds = float(sample["window"]["seconds"])
    said = _network(traffic(namespace, ledger), seconds)
    of_processes = []
    for pid in dict.fromkeys(socket.get("pid") for socket in losers):
        counted = traffic_of(pid, sample)
        if counted is not None:
            lost = sum(int(s.get("drops") or 0) for s in losers if s.get("pid") == pid)
            of_processes.append(_process(counted, lost, seconds))
    if said and not of_processes and not sample.get("drop_reasons"):
        said.append("no file of /proc counts what a process reads and sends: udp_audit_drop_reasons=true does")
    return said + of_processes


def traffic_of(pid: Any, sample: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what a process read and sent by the kernel's own count, None where it was not counted."""
    rows = (sample.get("drop_reasons") or {}).get("threads") or []
    return next((row for row in rows if pid and row["pid"] == pid), None)


def _network(moved: Mapping[str, Any], seconds: float) -> list[str]:
    arrived, read, sent = moved["arrived"], moved["read"], moved["sent"]
    if seconds <= 0 or not arrived or sent < _SINK * read or not sent:
        return []
    rates = [numbers.rate(number / seconds) for number in (arrived, read, sent)]
    said = "{} arrived in this namespace, {} were read and {} sent".format(*rates)
    # Whoever sends more than was read sends of itself as well: no share can be told.
    if sent <= _OWN * read:
        said += f": of 100 datagrams that arrived {round(100 * min(1.0, sent / arrived))} were answered or went on"
    if moved["ip_bytes_in"] and moved["ip_bytes_out"]:
        pair = numbers.size(moved["ip_bytes_in"] / seconds), numbers.size(moved["ip_bytes_out"] / seconds)
        said += "; of IP, all protocols, {} came in a second and {} went out".format(*pair)
    return [said]


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
