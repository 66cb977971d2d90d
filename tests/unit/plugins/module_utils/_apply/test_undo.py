# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the open run changed is taken back, and nothing of what was made before it."""

from __future__ import annotations

import itertools
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rollback import rollback
from ansible_collections.rxpath.linux.plugins.module_utils._apply.session import begin, finish, info
from ansible_collections.rxpath.linux.plugins.module_utils._apply.undo import undo

from .dying import dies_before, snapshot

MAX, BACKLOG = "net.core.rmem_max", "net.core.netdev_max_backlog"
FILE = "/etc/sysctl.d/99-udp-tuning.conf"
RUN = "/run"


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def host(make_host: Any) -> Host:
    made: Host = make_host({MAX: "212992\n", BACKLOG: "1000\n"})
    return made


def request(**values: Any) -> dict[str, Any]:
    return {"family": "sysctl_settings", "settings": values["settings"], "file": FILE, "lower": False}


def running(host: Host, key: str) -> str:
    return (host.read_text("/proc/sys/" + key.replace(".", "/")) or "").strip()


def test_only_the_open_run_is_taken_back(host: Host) -> None:
    tune(host, request(settings={MAX: 1000000}), check=False)
    before = snapshot(Path(host.root), RUN)
    lease = begin(host, "the audit", 60, False, check=False)["lease"]
    tune(host, request(settings={MAX: 4000000}), check=False, scope="running", lease=lease)
    tune(host, request(settings={MAX: 5000000, BACKLOG: 3000}), check=False, lease=lease)
    told = undo(host, check=True)
    assert {(row["knob"], row["target"], row["to"]) for row in told["changes"] if row["knob"] == "sysctl"} == {
        ("sysctl", MAX, "1000000"),
        ("sysctl", BACKLOG, "1000"),
    }
    assert running(host, MAX) == "5000000"
    done = undo(host, check=False, lease=lease)
    assert done["changed"]
    assert (running(host, MAX), running(host, BACKLOG)) == ("1000000", "1000")
    assert snapshot(Path(host.root), RUN)[FILE] == before[FILE]
    finish(host, lease, check=False)
    assert info(host)["interrupted"] is None
    rollback(host, check=False)
    assert (running(host, MAX), host.read_text(FILE)) == ("212992", None)


def test_nothing_open_is_no_change(host: Host) -> None:
    tune(host, request(settings={MAX: 1000000}), check=False)
    assert not undo(host, check=True)["changed"]
    assert not undo(host, check=False)["changed"]
    assert running(host, MAX) == "1000000"


def test_another_run_at_work_is_left_alone(host: Host) -> None:
    lease = begin(host, "the audit", 60, False, check=False)["lease"]
    tune(host, request(settings={MAX: 4000000}), check=False, scope="running", lease=lease)
    with pytest.raises(KnobError, match="the audit is changing this host"):
        undo(host, check=False)
    assert running(host, MAX) == "4000000"
    undo(host, check=False, force=True)
    assert running(host, MAX) == "212992"


def test_killed_anywhere_it_is_made_again(make_host: Any, tmp_path: Path) -> None:
    for attempt in itertools.count(1):
        host = make_host({MAX: "212992\n", BACKLOG: "1000\n"}, root=tmp_path / str(attempt))
        begin(host, "the audit", 60, False, check=False)
        lease = begin(host, "the audit", 60, True, check=False)["lease"]
        tune(host, request(settings={MAX: 4000000, BACKLOG: 3000}), check=False, lease=lease)
        died = dies_before(lambda host=host: undo(host, check=False, force=True), attempt)  # type: ignore[misc]
        undo(host, check=False, force=True)
        assert (running(host, MAX), running(host, BACKLOG), host.read_text(FILE)) == ("212992", "1000", None)
        assert info(host)["interrupted"] is None
        if not died:
            break
    assert attempt > 3


def test_some_of_its_changes_alone(host: Host) -> None:
    lease = begin(host, "the audit", 60, False, check=False)["lease"]
    tune(host, request(settings={MAX: 4000000}), check=False, scope="running", lease=lease)
    tune(host, request(settings={BACKLOG: 3000}), check=False, scope="running", lease=lease)
    undo(host, check=False, lease=lease, only={("sysctl", BACKLOG)})
    assert (running(host, MAX), running(host, BACKLOG)) == ("4000000", "1000")
    undo(host, check=False, lease=lease)
    assert running(host, MAX) == "212992"
