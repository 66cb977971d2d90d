# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings between the device and UDP: IP, reassembly, routing, policy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import (
    BOUND,
    EVENTS,
    EXACT,
    HINT,
    PACKETS,
    Where,
    advise,
    finding,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import total

Finding = dict[str, Any]

# (finding, counters that mean it, certainty, unit, what it says, what helps)
_COUNTED: tuple[tuple[str, tuple[str, ...], str, str, str, str], ...] = (
    (
        "ip.header_errors",
        ("Ip.InHdrErrors", "Ip6.InHdrErrors", "IpExt.InTruncatedPkts", "Ip6.InTruncatedPkts"),
        EXACT,
        PACKETS,
        "bad version, header checksum, options or length, or a TTL that ran out while forwarding",
        "find the sender or the device on the path that damages headers",
    ),
    (
        "ip.no_route",
        ("IpExt.InNoRoutes", "Ip6.InNoRoutes", "Ip.InAddrErrors", "Ip6.InAddrErrors"),
        EXACT,
        PACKETS,
        "no route, or an address that is not this host's",
        "correct the route or the address",
    ),
    (
        "ip.reverse_path_filter",
        ("TcpExt.IPReversePathFilter",),
        EXACT,
        PACKETS,
        "the way back to the sender leads over another interface, and rp_filter is on",
        "set net.ipv4.conf.*.rp_filter to 2 (loose) or mend the asymmetric route",
    ),
    (
        "ip.discards",
        ("Ip.InDiscards", "Ip6.InDiscards"),
        BOUND,
        PACKETS,
        "the kernel had no memory for the packet, or the interface does not take it",
        "look at the host's free memory",
    ),
)


def counted(
    namespace: Mapping[str, Any], where: Where, seconds: float, thresholds: Mapping[str, float]
) -> list[Finding]:
    """Findings that a counter of IP names outright."""
    counters: Mapping[str, Any] = namespace.get("counters") or {}
    received = total(counters, "Ip.InReceives", "Ip6.InReceives")
    found = []
    for name, keys, certainty, unit, meaning, helps in _COUNTED:
        lost = total(counters, *keys)
        if name == "ip.no_route":
            # IPv6 counts a multicast that nobody joined (router and listener solicitations) as having no route.
            lost -= min(total(counters, "Ip6.InNoRoutes"), total(counters, "Ip6.InMcastPkts"))
        if lost < thresholds["ip_noise"]:
            continue
        named = ", ".join(f"{key} +{numbers.count(counters[key])}" for key in keys if counters.get(key))
        found.append(
            finding(
                name,
                where,
                lost,
                unit=unit,
                certainty=certainty,
                seconds=seconds,
                arrived=received,
                evidence=[f"{named}: {meaning}", "of all protocols, not of UDP alone"],
                advice=[advise(helps, None, None, True, meaning), before_any_socket("IP")],
            )
        )
    return found


def reassembly(namespace: Mapping[str, Any], where: Where, seconds: float) -> list[Finding]:
    """Fragmented datagrams that were never complete."""
    counters: Mapping[str, Any] = namespace.get("counters") or {}
    failed = total(counters, "Ip.ReasmFails", "Ip6.ReasmFails")
    if failed <= 0:
        return []
    timeouts = total(counters, "Ip.ReasmTimeout", "Ip6.ReasmTimeout")
    return [
        finding(
            "ip.reassembly_failures",
            where,
            failed,
            unit=EVENTS,
            certainty=BOUND,
            seconds=seconds,
            evidence=[
                (
                    f"ReasmFails +{numbers.count(failed)}, of which time-outs {numbers.count(timeouts)}:"
                    " fragments of these datagrams never came, or the memory for"
                    " fragments (ipfrag_high_thresh) was used up"
                )
            ],
            advice=[
                advise(
                    "send datagrams that fit the path's MTU, or find where fragments are lost",
                    None,
                    None,
                    True,
                    "one lost fragment loses the whole datagram",
                ),
                before_any_socket("reassembly"),
            ],
        )
    ]


def residual(counters: Mapping[str, Any]) -> int:
    """Return what IPv4 received and neither delivered, forwarded nor counted as lost; never below 0.

    Fragments count one by one on arrival and once on delivery. IPv6 is left out: with conntrack its fragments are
    put together before they are counted as delivered, which looks like a loss and is none.
    """
    gone = total(counters, "Ip.InReceives")
    for name in (
        "Ip.InDelivers",
        "Ip.ForwDatagrams",
        "Ip.InHdrErrors",
        "Ip.InAddrErrors",
        "Ip.InDiscards",
        "Ip.InUnknownProtos",
        "IpExt.InNoRoutes",
        "IpExt.InTruncatedPkts",
        "TcpExt.IPReversePathFilter",
        "Ip.ReasmReqds",
    ):
        gone -= total(counters, name)
    return max(0, gone + total(counters, "Ip.ReasmOKs"))


def unaccounted(
    namespace: Mapping[str, Any], where: Where, seconds: float, thresholds: Mapping[str, float]
) -> list[Finding]:
    """What a named firewall rule dropped, and what is left that nothing explains."""
    counters: Mapping[str, Any] = namespace.get("counters") or {}
    found = []
    witnessed = _rules(namespace)
    by_policy = sum(int(rule["packets"]) for rule in witnessed)
    received = total(counters, "Ip.InReceives", "Ip6.InReceives")
    if by_policy:
        found.append(
            finding(
                "ip.policy_drop",
                where,
                by_policy,
                unit=PACKETS,
                seconds=seconds,
                arrived=received,
                evidence=[_rule_sentence(rule) for rule in witnessed[:5]],
                advice=[
                    advise(
                        "change the rule, if this traffic should pass", None, None, True, "a rule drops it by design"
                    ),
                    before_any_socket("the firewall"),
                ],
            )
        )
    conntrack = total(counters, "conntrack.drop")
    rest = residual(counters) - _ipv4_share(witnessed) - conntrack
    if rest >= max(thresholds["unaccounted_min"], thresholds["unaccounted_ratio"] * total(counters, "Ip.InReceives")):
        found.append(
            finding(
                "ip.unaccounted",
                where,
                rest,
                unit=PACKETS,
                certainty=HINT,
                seconds=seconds,
                arrived=received,
                evidence=[
                    (
                        f"InReceives less InDelivers and every counted loss leaves {numbers.count(rest)} packets"
                        " of all protocols"
                    ),
                    (
                        "a firewall rule without a counter, a martian source or a multicast group that nobody joined"
                        " looks like this"
                    ),
                ],
                advice=[
                    advise(
                        "put a counter on the firewall's drop rules and measure again",
                        None,
                        None,
                        True,
                        "it names the rule",
                    )
                ],
            )
        )
    return found


# Only these see a packet between IP's own counters; a drop at the device's ingress is before them.
_IP_HOOKS = ("prerouting", "input", "forward")


def _rules(namespace: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    rules = (namespace.get("nft") or {}).get("rules") or []
    hit = [
        rule for rule in rules if (rule.get("packets") or 0) > 0 and rule.get("hook") in (*_IP_HOOKS, "ingress", None)
    ]
    return sorted(hit, key=lambda rule: -rule["packets"])


def _ipv4_share(rules: list[Mapping[str, Any]]) -> int:
    return sum(
        int(rule["packets"]) for rule in rules if rule.get("family") in ("ip", "inet") and rule.get("hook") in _IP_HOOKS
    )


def _rule_sentence(rule: Mapping[str, Any]) -> str:
    comment = " ({})".format(rule["comment"]) if rule.get("comment") else ""
    return "rule {} of chain {} in table {} {}{} dropped {} packets".format(
        rule.get("handle"),
        rule.get("chain"),
        rule.get("family"),
        rule.get("table"),
        comment,
        numbers.count(rule["packets"]),
    )


def before_any_socket(place: str) -> dict[str, Any]:
    """Say that no buffer helps against a loss at ``place``."""
    why = f"they were lost at {place}, before any socket"
    return advise("a larger receive_buffer", None, None, False, why)
