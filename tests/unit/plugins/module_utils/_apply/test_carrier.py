# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Waiting for a link, in a tree of files that change while it waits."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carrier import link_condition, watch_link
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

SLAVE = {"carrier": "1", "bonding_slave/mii_status": "up", "bonding_slave/ad_actor_oper_port_state": "61"}


def put(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        place = root / "sys/class/net/eth0" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text + "\n")


def test_condition(tmp_path: Path) -> None:
    reader = Reader(str(tmp_path))
    assert link_condition(reader, "eth0") == frozenset()
    put(tmp_path, SLAVE)
    assert link_condition(reader, "eth0") == {"carrier", "mii_status up", "collecting and distributing"}
    # Activity, aggregation and synchronisation, and neither collecting nor distributing.
    put(tmp_path, {"bonding_slave/ad_actor_oper_port_state": "13", "carrier": "0"})
    assert link_condition(reader, "eth0") == {"mii_status up"}


def test_waits_until_the_slave_carries_again(tmp_path: Path) -> None:
    put(tmp_path, SLAVE)
    wait = watch_link(Host(str(tmp_path)), "eth0", 10)
    put(tmp_path, {"carrier": "0", "bonding_slave/ad_actor_oper_port_state": "69"})
    steps = [
        threading.Timer(0.3, put, (tmp_path, {"carrier": "1"})),
        threading.Timer(0.6, put, (tmp_path, {"bonding_slave/ad_actor_oper_port_state": "61"})),
    ]
    began = time.monotonic()
    for step in steps:
        step.start()
    wait()
    assert 0.6 <= time.monotonic() - began < 5
    for step in steps:
        step.join()


def test_names_what_did_not_come_back(tmp_path: Path) -> None:
    put(tmp_path, SLAVE)
    wait = watch_link(Host(str(tmp_path)), "eth0", 0.2)
    put(tmp_path, {"carrier": "0", "bonding_slave/mii_status": "down"})
    with pytest.raises(KnobError, match=r"^eth0: the link did not come back within 0.2 s: no carrier, mii_status up$"):
        wait()


def test_a_link_that_was_down_is_not_awaited(tmp_path: Path) -> None:
    put(tmp_path, {"carrier": "0"})
    began = time.monotonic()
    watch_link(Host(str(tmp_path)), "eth0")()
    assert time.monotonic() - began < 0.5
