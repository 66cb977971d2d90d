# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's own drop reasons as a witness beside the counters: never added to them, and heard where they disagree.

Reasons: enum skb_drop_reason in include/net/dropreason-core.h (6.1: include/net/dropreason.h). The witness sees
the whole machine, a finding one namespace; so what is compared is the sum over all namespaces.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import (
    BOUND,
    PACKETS,
    Where,
    advise,
    finding,
    order,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ip_findings import before_any_socket

Finding = dict[str, Any]
Row = Mapping[str, Any]

# Counters and histogram are read one after the other: what comes in between is in one of them alone.
_APART_SHARE = 0.01
_APART = 5
# The reason of a checksum that is looked at when the datagram is read; before that it is UDP_CSUM.
_AT_THE_READER = ("udp_recvmsg", "udpv6_recvmsg", "__first_packet_length", "first_packet_length", "udp_read_skb")
_UNNAMED = "NOT_SPECIFIED"


class Testimony(NamedTuple):
    """Reasons that mean the same loss as findings; with ``of_udp`` only where a function of UDP gave the packet up."""

    findings: tuple[str, ...]
    reasons: tuple[str, ...]
    of_udp: bool = False


TESTIMONIES = (
    Testimony(("nic.xdp_drop",), ("XDP",)),
    Testimony(("tc.drop",), ("TC_INGRESS",)),
    Testimony(("softnet.backlog_overflow", "softnet.flow_limit"), ("CPU_BACKLOG",)),
    Testimony(("ip.header_errors",), ("IP_CSUM", "IP_INHDR")),
    Testimony(("ip.no_route",), ("IP_INNOROUTES", "IP_INADDRERRORS")),
    Testimony(("ip.reverse_path_filter",), ("IP_RPFILTER",)),
    # Connection tracking drops in a hook of netfilter, so with netfilter's reason.
    Testimony(("ip.policy_drop", "conntrack.table_full", "conntrack.insert_failed"), ("NETFILTER_DROP",)),
    Testimony(("qdisc.drop",), ("QDISC_DROP",)),
    Testimony(("udp.no_listener",), ("NO_SOCKET",), of_udp=True),
    Testimony(("udp.checksum_errors",), ("UDP_CSUM",)),
    Testimony(("udp.memory_limit",), ("PROTO_MEM",), of_udp=True),
    Testimony(("udp.socket_filter",), ("SOCKET_FILTER",), of_udp=True),
    Testimony(("socket.receive_buffer_overflow",), ("SOCKET_RCVBUFF",), of_udp=True),
)
_POLICY = next(one for one in TESTIMONIES if "ip.policy_drop" in one.findings)


def rows_of(testimony: Testimony, told: Mapping[str, Any]) -> list[Row]:
    """Return the rows of a sample's ``drop_reasons`` that mean the loss."""
    return [row for row in told.get("reasons") or [] if _means(testimony, row)]


def _means(testimony: Testimony, row: Row) -> bool:
    function = row.get("function")
    if "udp.checksum_errors" in testimony.findings and row["reason"] == _UNNAMED:
        return function in _AT_THE_READER
    if row["reason"] not in testimony.reasons:
        return False
    # A kernel that names no function gives the reason alone: all protocols over IP share it.
    return not testimony.of_udp or function is None or function.lstrip("_").startswith("udp")


def hear(findings: Sequence[Finding], sample: Mapping[str, Any]) -> list[Finding]:
    """Return the findings, in path order, with what the witness says to each in its evidence."""
    told = sample.get("drop_reasons")
    if not told:
        return list(findings)
    heard = _name_policy(list(findings), told, float(sample["window"]["seconds"]))
    for testimony in TESTIMONIES:
        beside = [one for one in heard if one["finding"] in testimony.findings and one["delta"] > 0]
        if beside:
            sentence = _compare(testimony, sum(one["delta"] for one in beside), told)
            for one in beside:
                one["evidence"] = [*one["evidence"], sentence]
    return sorted(heard, key=lambda one: (order(one["finding"]), -one["delta"]))


def _compare(testimony: Testimony, counted: int, told: Mapping[str, Any]) -> str:
    rows = rows_of(testimony, told)
    seen = sum(int(row["count"]) for row in rows)
    beside = f"beside {numbers.count(counted)} counted in all namespaces of this audit"
    if not seen:
        names = " or ".join(testimony.reasons)
        return f"the kernel gave the reason {names} for no packet, {beside}: the two disagree"
    said = f"drop reasons of the kernel: {_list(rows)} {beside}"
    if seen == counted:
        return f"{said}: they agree"
    if abs(seen - counted) <= _APART + _APART_SHARE * max(seen, counted):
        return f"{said}: they agree but for what came between their readings"
    return f"{said}: they disagree; {_why(seen, counted, testimony, told)}"


def _why(seen: int, counted: int, testimony: Testimony, told: Mapping[str, Any]) -> str:
    if seen < counted:
        if told.get("uncounted"):
            return f"{numbers.count(told['uncounted'])} drops found no room in the kernel's histogram"
        return "trust the counters: a kernel can free a packet without its reason, or under another one"
    if testimony.of_udp and not told.get("functions"):
        return "this kernel does not tell UDP's drops from those of other protocols with the same reason"
    return "the rest was lost in namespaces or at places that the counters of this audit do not cover"


def _list(rows: Sequence[Row]) -> str:
    by_reason: dict[str, int] = {}
    for row in rows:
        name = str(row["reason"])
        if name == _UNNAMED:
            name = f"{name} in {row['function']}"
        by_reason[name] = by_reason.get(name, 0) + int(row["count"])
    return ", ".join(f"{name} +{numbers.count(count)}" for name, count in by_reason.items())


def _name_policy(findings: list[Finding], told: Mapping[str, Any], seconds: float) -> list[Finding]:
    """Turn what is unaccounted into a drop by policy where the firewall dropped as much and no rule told it."""
    known = sum(one["delta"] for one in findings if one["finding"] in _POLICY.findings)
    seen = sum(int(row["count"]) for row in rows_of(_POLICY, told))
    residual = [one for one in findings if one["finding"] == "ip.unaccounted"]
    rest = sum(one["delta"] for one in residual)
    if not rest or seen - known < rest - _APART - _APART_SHARE * rest:
        return findings
    named = {one["namespace"]["name"] for one in findings if one["finding"] == "ip.policy_drop" and one["namespace"]}
    return [_policy(one, seen, seconds) if one in residual and _place(one) not in named else one for one in findings]


def _place(one: Finding) -> str:
    return str((one["namespace"] or {}).get("name"))


def _policy(one: Finding, seen: int, seconds: float) -> Finding:
    where = one["namespace"] or {}
    made = finding(
        "ip.policy_drop",
        Where(str(where.get("name")), where.get("inode"), where.get("container")),
        one["delta"],
        unit=PACKETS,
        certainty=BOUND,
        seconds=seconds,
        evidence=[
            one["evidence"][0],
            (
                f"the kernel gave NETFILTER_DROP as its reason for {numbers.count(seen)} packets on this host: a rule"
                " of nftables or iptables that has no counter"
            ),
        ],
        advice=[
            advise("change the rule, if this traffic should pass", None, None, True, "a rule drops it by design"),
            before_any_socket("the firewall"),
        ],
    )
    made["ratio"] = one["ratio"]
    return made
