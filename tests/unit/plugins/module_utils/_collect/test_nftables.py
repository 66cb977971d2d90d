# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Rules that drop, as this kernel dumped them: with a counter before the verdict, without, and before a condition."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import iter_bodies
from ansible_collections.rxpath.linux.plugins.module_utils._collect.nftables import parse_chains, parse_drop_rules

RECORDED = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/netlink"


def test_chains() -> None:
    chains = {chain.name: chain for chain in parse_chains(iter_bodies((RECORDED / "nft_chains.bin").read_bytes()))}
    assert chains["in"][:1] + chains["in"][3:] == ("inet", "input", 0, "drop", None)
    assert chains["sub"][3:] == (None, None, None, None)
    assert chains["i"][:1] + chains["i"][3:] == ("netdev", "ingress", -5, "accept", "lo")


def test_only_a_counter_beside_the_verdict_counts_drops() -> None:
    rules = parse_drop_rules(iter_bodies((RECORDED / "nft_rules.bin").read_bytes()))
    assert [(rule.chain, rule.verdict, rule.packets, rule.bytes) for rule in rules] == [
        ("in", "drop", 7, 203),
        ("in", "drop", None, None),
        ("in", "drop", None, None),
        ("in", "reject", 7, 203),
        ("i", "drop", None, None),
    ]
    assert rules[0].comment == "no-dns"
