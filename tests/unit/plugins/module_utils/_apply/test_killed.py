# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process killed before each single thing that it changes: the run can be made again, and it can be rolled back."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rollback import rollback

from .dying import dies_before, snapshot

MAX, MEM = "net.core.rmem_max", "net.ipv4.udp_mem"
FILE = "/etc/sysctl.d/99-udp-tuning.conf"
REQUEST: dict[str, Any] = {
    "family": "sysctl_settings",
    "settings": {MAX: 8388608, MEM: "20 40 60"},
    "file": FILE,
    "lower": False,
}
# Locks and leases are gone after a reboot.
RUN = "/run"


@pytest.fixture(autouse=True)
def no_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the disk out: what a killed process wrote, others see."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


def hosts(make_host: Any, tmp_path: Path, own_file: bool) -> Iterator[Host]:
    """Yield one fresh host for every attempt, without end."""
    for attempt in itertools.count():
        host = make_host(
            {MAX: "212992\n", MEM: "10 20 30\n"},
            {FILE: "# mine\nnet.core.wmem_max = 5\n"} if own_file else None,
            root=tmp_path / str(attempt),
        )
        if own_file:
            Path(host.path(FILE)).chmod(0o640)
        yield host


@pytest.mark.parametrize("own_file", [False, True], ids=["new file", "file of the administrator"])
def test_killed_anywhere_in_a_run(make_host: Any, tmp_path: Path, own_file: bool) -> None:
    every = hosts(make_host, tmp_path, own_file)
    whole = next(every)
    before = snapshot(Path(whole.root), RUN)
    tune(whole, REQUEST, check=False)
    after = snapshot(Path(whole.root), RUN)
    assert not tune(whole, REQUEST, check=False)["changed"]
    for step in itertools.count(1):
        host = next(every)
        if not dies_before(lambda host=host: tune(host, REQUEST, check=False), step):  # type: ignore[misc]
            break
        # Either it is made again ...
        tune(host, REQUEST, check=False)
        made = snapshot(Path(host.root), RUN)
        assert made == after, f"made again after a kill at step {step}"
        assert not tune(host, REQUEST, check=False)["changed"]
        rollback(host, check=False)
        assert snapshot(Path(host.root), RUN) == before, f"made again and rolled back after a kill at step {step}"
        # ... or it is rolled back at once.
        host = next(every)
        assert dies_before(lambda host=host: tune(host, REQUEST, check=False), step)  # type: ignore[misc]
        rollback(host, check=False)
        assert snapshot(Path(host.root), RUN) == before, f"rolled back after a kill at step {step}"
        assert not rollback(host, check=False)["changed"]
    assert step > 20


def test_killed_anywhere_in_a_rollback(make_host: Any, tmp_path: Path) -> None:
    every = hosts(make_host, tmp_path, own_file=True)
    before = snapshot(Path(next(every).root), RUN)
    for step in itertools.count(1):
        host = next(every)
        tune(host, REQUEST, check=False)
        if not dies_before(lambda host=host: rollback(host, check=False), step):  # type: ignore[misc]
            break
        rollback(host, check=False)
        assert snapshot(Path(host.root), RUN) == before, f"after a kill at step {step}"
    assert step > 8
