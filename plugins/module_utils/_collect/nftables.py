# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Chains, and the rules that drop, of the nftables of one network namespace, without the nft program.

Layout: include/uapi/linux/netfilter/nf_tables.h, over NETLINK_NETFILTER. All numbers are in network order.
Needs CAP_NET_ADMIN in the namespace's user namespace (EPERM otherwise). iptables-nft rules are here too;
those of the older iptables (ip_tables) are not.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterable
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import (
    NETLINK_NETFILTER,
    NetlinkSocket,
    iter_attributes,
    parse_attributes,
    text,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import Message

_NEWCHAIN, _GETCHAIN, _NEWRULE, _GETRULE = 0xA03, 0xA04, 0xA06, 0xA07
# struct nfgenmsg: family, version, resource.
_HEADER = struct.Struct("=BBH")
_CHAIN_TABLE, _CHAIN_NAME, _CHAIN_HOOK, _CHAIN_POLICY = 1, 3, 4, 5
_HOOK_NUMBER, _HOOK_PRIORITY, _HOOK_DEVICE, _HOOK_DEVICES = 1, 2, 3, 4
_RULE_TABLE, _RULE_CHAIN, _RULE_HANDLE, _RULE_EXPRESSIONS, _RULE_USERDATA = 1, 2, 3, 4, 7
_EXPRESSION_NAME, _EXPRESSION_DATA = 1, 2
_COUNTER_BYTES, _COUNTER_PACKETS = 1, 2
_IMMEDIATE_DATA, _DATA_VERDICT, _VERDICT_CODE, _NF_DROP = 2, 2, 1, 0
_TARGET_NAME, _COMMENT = 1, 0
_FAMILIES = {1: "inet", 2: "ip", 3: "arp", 5: "netdev", 7: "bridge", 10: "ip6"}
_HOOKS = ("prerouting", "input", "forward", "output", "postrouting", "ingress")
_WHAT = "nftables"


class NftChain(NamedTuple):
    """A chain. ``hook``, ``priority`` and ``policy`` are None for one that is only jumped to.

    A packet that a policy drops is counted nowhere. ``device`` lists the devices of a netdev chain, with commas.
    """

    family: str
    table: str
    name: str
    hook: str | None
    priority: int | None
    policy: str | None
    device: str | None


class NftRule(NamedTuple):
    """A rule that drops or rejects. ``packets`` and ``bytes`` are what it dropped since it was loaded.

    They are None without a counter between the rule's last condition and its verdict: nobody counts then.
    """

    family: str
    table: str
    chain: str
    handle: int
    comment: str
    verdict: str
    packets: int | None
    bytes: int | None


def available() -> bool:
    """Tell whether the kernel has nftables now: to ask one that has not would make it load the module."""
    try:
        with open("/proc/modules", encoding="ascii", errors="replace") as file:
            if any(line.startswith("nf_tables ") for line in file):
                return True
        release = os.uname().release
        with open(f"/lib/modules/{release}/modules.builtin", encoding="ascii", errors="replace") as file:
            return any(line.rstrip().endswith("/nf_tables.ko") for line in file)
    except OSError:
        # A kernel without modules, or one whose files are not here, loads nothing.
        return True


def open_nftables() -> NetlinkSocket:
    """Open the netlink socket for the dumps, in the current network namespace. Raises NetlinkError."""
    return NetlinkSocket(NETLINK_NETFILTER)


def dump_chains(sock: NetlinkSocket) -> list[NftChain]:
    """Return every chain of every family. Raises NetlinkError (EPERM; EINVAL without nftables), ParseError."""
    return parse_chains(sock.dump(_GETCHAIN, _HEADER.pack(0, 0, 0)))


def dump_drop_rules(sock: NetlinkSocket) -> list[NftRule]:
    """Return the rules of every family that drop or reject. Errors as ``dump_chains``."""
    return parse_drop_rules(sock.dump(_GETRULE, _HEADER.pack(0, 0, 0)))


def parse_chains(messages: Iterable[Message]) -> list[NftChain]:
    """Decode the messages of a dump of chains. Raises ParseError."""
    found = []
    for kind, body in messages:
        if kind != _NEWCHAIN:
            continue
        family, values = _decode(body)
        table, name = text(values.get(_CHAIN_TABLE)), text(values.get(_CHAIN_NAME))
        hook = policy = device = None
        priority = None
        if _CHAIN_HOOK in values:
            where = parse_attributes(values[_CHAIN_HOOK], what=_WHAT)
            number = _number(where.get(_HOOK_NUMBER))
            hook = ("egress" if number else "ingress") if family == "netdev" else dict(enumerate(_HOOKS)).get(number)
            priority = _number(where.get(_HOOK_PRIORITY), signed=True)
            devices = [value for _type, value in iter_attributes(where.get(_HOOK_DEVICES, b""), what=_WHAT)]
            names = [text(value) for value in devices] or [text(where.get(_HOOK_DEVICE))]
            device = ",".join(names) or None
            policy = "accept" if _number(values.get(_CHAIN_POLICY), default=1) else "drop"
        found.append(NftChain(family, table, name, hook, priority, policy, device))
    return found


def parse_drop_rules(messages: Iterable[Message]) -> list[NftRule]:
    """Decode the messages of a dump of rules. Raises ParseError."""
    found = []
    for kind, body in messages:
        if kind != _NEWRULE:
            continue
        family, values = _decode(body)
        verdict, counted = _parse_expressions(values.get(_RULE_EXPRESSIONS, b""))
        if not verdict:
            continue
        table, chain = text(values.get(_RULE_TABLE)), text(values.get(_RULE_CHAIN))
        comment = _parse_comment(values.get(_RULE_USERDATA, b""))
        handle = _number(values.get(_RULE_HANDLE))
        packets, size = counted or (None, None)
        found.append(NftRule(family, table, chain, handle, comment, verdict, packets, size))
    return found


def _parse_expressions(value: bytes) -> tuple[str, tuple[int, int] | None]:
    """Return the verdict, empty if it is neither drop nor reject, and packets and bytes of the counter before it."""
    counted: tuple[int, int] | None = None
    for _kind, element in iter_attributes(value, what=_WHAT):
        expression = parse_attributes(element, what=_WHAT)
        name = text(expression.get(_EXPRESSION_NAME))
        data = parse_attributes(expression.get(_EXPRESSION_DATA, b""), what=_WHAT)
        if name == "counter":
            counted = _number(data.get(_COUNTER_PACKETS)), _number(data.get(_COUNTER_BYTES))
        elif name == "immediate":
            verdict = parse_attributes(data.get(_IMMEDIATE_DATA, b""), what=_WHAT).get(_DATA_VERDICT)
            if verdict is not None:
                code = parse_attributes(verdict, what=_WHAT).get(_VERDICT_CODE)
                return ("drop" if _number(code, default=1) == _NF_DROP else ""), counted
        elif name == "reject" or (name == "target" and text(data.get(_TARGET_NAME)) == "REJECT"):
            return "reject", counted
        elif name != "log":
            counted = None  # a condition after the counter: it counts more than what is dropped
    return "", None


def _parse_comment(value: bytes) -> str:
    """Return the comment of libnftnl's user data: type, length and value, one byte each for the first two."""
    offset = 0
    while offset + 2 <= len(value):
        kind, length = value[offset], value[offset + 1]
        if kind == _COMMENT:
            return text(value[offset + 2 : offset + 2 + length])
        offset += 2 + length
    return ""


def _decode(body: memoryview) -> tuple[str, dict[int, bytes]]:
    if len(body) < _HEADER.size:
        raise ParseError(_WHAT, f"a body of {len(body)} bytes")
    family = body[0]
    return _FAMILIES.get(family, str(family)), parse_attributes(body, _HEADER.size, what=_WHAT)


def _number(value: bytes | None, default: int = 0, signed: bool = False) -> int:
    if value is None:
        return default
    if len(value) > 8:
        raise ParseError(_WHAT, f"a number of {len(value)} bytes")
    return int.from_bytes(value, "big", signed=signed)
