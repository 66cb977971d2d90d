# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's drop reasons as a window of the report shows them: each with its finding, the rest in sentences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.witness import TESTIMONIES, rows_of

# What a reason means that no counter of the audit may show. In the words of include/net/dropreason-core.h.
_MEANINGS = {
    "BPF_CGROUP_EGRESS": "a BPF program of a control group let it not go out",
    "CPU_BACKLOG": "the backlog of a CPU was full, or the flow limit was reached",
    "FULL_RING": "the ring of a tun or tap device was full",
    "NETFILTER_DROP": "a rule of nftables or iptables dropped it, at whatever hook, the device's ingress too",
    "NOMEM": "there was no memory",
    "PROTO_MEM": "the memory of the protocol's sockets was used up (udp_mem, or the limit of a control group)",
    "QDISC_DROP": "a queueing discipline dropped it on its way out",
    "SECURITY_HOOK": "a security module refused it",
    "SOCKET_FILTER": "the filter of a socket refused it",
    "SOCKET_RCVBUFF": "the receive buffer of a socket was full",
    "TAP_FILTER": "the filter of a tun or tap device refused it",
    "TC_EGRESS": "a tc program dropped it on its way out",
    "TC_INGRESS": "a tc program dropped it on its way in",
    "XDP": "an XDP program dropped it in generic mode",
    "XFRM_POLICY": "no policy of IPsec let it pass",
}
# No loss of UDP: other protocols' own, frames for somebody else, and what a device frees after it was sent.
_NO_LOSS = ("NOT_SPECIFIED", "OTHERHOST", "UNHANDLED_PROTO", "ICMP_", "IPV6_NDISC_", "TCP_", "UNIX_")
_CLOSING = ("udp_destruct_common", "udp_destruct_sock", "udp_lib_close", "inet_sock_destruct")
_MAX_SAID = 8


def window_part(sample: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Return the ``drop_reasons`` of a window: None where they were not asked for, or could not be had."""
    told = sample.get("drop_reasons")
    if not told:
        return None
    present = {one["finding"] for one in findings if one["delta"] > 0}
    owners: dict[int, list[str]] = {}
    for testimony in TESTIMONIES:
        for row in rows_of(testimony, told):
            owners[id(row)] = [name for name in testimony.findings if name in present]
    rows = [{**row, "findings": owners.get(id(row), [])} for row in told["reasons"]]
    seconds = float(sample["window"]["seconds"])
    return {
        "reasons": rows,
        "further": told["further"],
        "uncounted": told["uncounted"],
        "events": told["events"],
        "event_rate": round(told["events"] / seconds, 1) if seconds > 0 else None,
        "setup_seconds": told["setup_seconds"],
        "said": _said(rows, int(told["uncounted"])),
        "processes": told["threads"],
    }


def _said(rows: Sequence[Mapping[str, Any]], uncounted: int) -> list[str]:
    """Say what the kernel had no room to count, then what no finding tells, the largest first."""
    said = []
    if uncounted:
        said.append(
            f"{numbers.count(uncounted)} drops found no room in the kernel's histogram: their reasons are unknown"
        )
    closing = sum(row["count"] for row in rows if row["function"] in _CLOSING)
    if closing:
        queued = f"{numbers.count(closing)} datagrams were still in the queues of sockets that were closed"
        said.append(f"{queued}: no counter has them")
    for row in rows:
        if row["findings"] or row["reason"].startswith(_NO_LOSS) or _of_tcp(row):
            continue
        place = f" in {row['function']}" if row["function"] else ""
        meaning = _MEANINGS.get(row["reason"])
        said.append(
            f"{row['reason']} +{numbers.count(row['count'])}{place}, and no finding of this audit shows it"
            + (f": {meaning}" if meaning else "")
        )
    return said[:_MAX_SAID]


def _of_tcp(row: Mapping[str, Any]) -> bool:
    return (row["function"] or "").lstrip("_").startswith("tcp")
