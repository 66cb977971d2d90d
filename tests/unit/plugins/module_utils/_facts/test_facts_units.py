# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._facts.irqbalance_ban import parse_devices
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._facts.units import parse_start, start_commands
from hypothesis import given
from hypothesis import strategies as st

Tree = Callable[..., str]

MAIN = r"/lib/systemd/system/x.service|[Unit]\nExecStart=/no\n[Service]\nExecStart=/usr/sbin/x $ARGS\n"


@pytest.mark.parametrize(
    ("text", "before", "commands"),
    [
        pytest.param("[Service]\nExecStart=/a\n", [], ["/a"], id="one"),
        pytest.param("[Service]\nExecStart=\nExecStart = /b\n", ["/a"], ["/b"], id="cleared"),
        pytest.param("[Service]\nExecStart=/b\n", ["/a"], ["/a", "/b"], id="added"),
        pytest.param("[Unit]\nExecStart=/b\n", ["/a"], ["/a"], id="another-section"),
        pytest.param(
            "[Service]\nExecStart=/a \\\n# not this\n  -b \\\n;nor this\n  -c\nType=simple\n",
            [],
            ["/a -b -c"],
            id="joined",
        ),
        pytest.param("", ["/a"], ["/a"], id="empty"),
    ],
)
def test_commands(text: str, before: list[str], commands: list[str]) -> None:
    assert parse_start(text, before) == commands


def test_drop_ins_by_name_and_the_nearer_directory_first(tree: Tree) -> None:
    root = tree(
        None,
        MAIN,
        r"/usr/lib/systemd/system/x.service.d/10-a.conf|[Service]\nExecStart=\nExecStart=/far\n",
        r"/etc/systemd/system/x.service.d/10-a.conf|[Service]\nExecStart=\nExecStart=/near\n",
        r"/run/systemd/system/service.d/05-all.conf|[Service]\nExecStart=\n",
        r"/etc/systemd/system/x.service.d/50-ours.conf|[Service]\nExecStart=\nExecStart=/ours\n",
        r"/etc/systemd/system/x.service.d/90-no.txt|[Service]\nExecStart=\n",
    )
    assert start_commands(Reader(root), "x.service") == ["/ours"]
    assert start_commands(Reader(root), "x.service", without="50-ours.conf") == ["/near"]


def test_a_unit_of_the_administrators(tree: Tree) -> None:
    root = tree(None, MAIN, r"/etc/systemd/system/x.service|[Service]\nExecStart=/mine\n")
    assert start_commands(Reader(root), "x.service") == ["/mine"]


def test_no_unit_and_a_masked_one(tree: Tree) -> None:
    root = tree(None, MAIN, "/etc/systemd/system/x.service|")
    assert start_commands(Reader(root), "x.service") == []
    assert start_commands(Reader(root), "y.service") == []


def test_devices() -> None:
    text = "# a comment\n0000:00:05.0 igb\n\n10000:81:00.1\nrubbish\n0000:00:06.0 a b\n"
    assert parse_devices(text) == {"0000:00:05.0": "igb", "10000:81:00.1": ""}


@given(st.text())
def test_any_text(text: str) -> None:
    parse_start(text, [])
    parse_devices(text)
