# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Callable

from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._facts.services import (
    parse_environment,
    parse_options,
    service_facts,
)
from hypothesis import given
from hypothesis import strategies as st

Tree = Callable[..., str]


def test_environment() -> None:
    text = '# x\nIRQBALANCE_ARGS="--banirq=35 -m igb"\nEMPTY=\nnot an assignment\n'
    assert parse_environment(text) == {"IRQBALANCE_ARGS": "--banirq=35 -m igb", "EMPTY": ""}


def test_options() -> None:
    options = parse_options("--foreground --banirq=35 -i 36 --banmod igb -l /etc/policy --debug")
    assert options == {"banirq": ["35", "36"], "banmod": ["igb"], "policyscript": ["/etc/policy"]}


def test_files_of_a_distribution(tree: Tree) -> None:
    root = tree(
        None,
        r"/proc/1/comm|systemd\n",
        "/usr/bin/irqbalance|",
        r"/usr/lib/irqbalance/defaults.env|IRQBALANCE_ARGS=--foreground\n",
        r"/etc/sysconfig/irqbalance|IRQBALANCE_ARGS=--policyscript=/etc/policy\n",
    )
    reader = Reader(root)
    balance = service_facts(reader)["irqbalance"]
    assert (balance["installed"], balance["enabled"], balance["running"]) == (True, False, False)
    assert balance["policy_script"] == "/etc/policy"
    assert reader.unknowns == []


@given(st.text())
def test_any_text(text: str) -> None:
    parse_environment(text)
    parse_options(text)
