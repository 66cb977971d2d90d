# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Guarded changes, with real guards: a host's file takes the place of a knob, the processes and locks are real."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply import armed, guard, take_back
from ansible_collections.rxpath.linux.plugins.module_utils._apply.connection import Session, boot_clock
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target

from .conftest import MakeHost

KEY = "net.core.somaxconn"
OLD, NEW = "4096", "8192"
ABOUT: dict[str, Any] = {"family": "nic_ring", "device": "eth0", "key": None, "request": {}, "scope": "both"}


def open_files(pid: str) -> Iterator[str]:
    """Yield what a process holds open. One that has just begun closes most of it meanwhile."""
    with contextlib.suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):
            with contextlib.suppress(OSError):
                yield os.readlink(f"/proc/{pid}/fd/{name}")


class Bed:
    """A host with one guarded value."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.file = Path(host.path("/proc/sys/net/core/somaxconn"))

    def value(self) -> str:
        return self.file.read_text().strip()

    def change(self) -> dict[str, Any]:
        self.file.write_text(NEW)
        return {"changed": True}

    def arm(self, seconds: float, work: Callable[[], dict[str, Any]] | None = None) -> str:
        old = take_back.as_old_values([("sysctl", Target("", KEY), OLD)])
        record = guard.arm(self.host, work or self.change, old, seconds, about=ABOUT)
        return str(record["token"])

    def phase(self, token: str) -> str:
        record = armed.read(self.host, token)
        assert record is not None
        return str(record["phase"])

    def wait(self, token: str, *phases: str, seconds: float = 15.0) -> str:
        end = time.monotonic() + seconds
        while self.phase(token) not in phases:
            assert time.monotonic() < end, self.phase(token)
            time.sleep(0.02)
        return self.phase(token)

    def kill(self, token: str, seconds: float = 15.0) -> None:
        """Kill a guard; a busy machine takes its time to close what it held."""
        os.kill(self.guards()[token], signal.SIGKILL)
        end = time.monotonic() + seconds
        while armed.is_alive(self.host, token):
            assert time.monotonic() < end, f"the guard of {token} lives on"
            time.sleep(0.02)

    def guards(self) -> dict[str, int]:
        """Return token → pid of the guards that live: who holds a lock open."""
        found = {}
        folder = self.host.path(armed.DIRECTORY)
        for pid in filter(str.isdecimal, os.listdir("/proc")):
            if int(pid) == os.getpid():
                continue
            for link in open_files(pid):
                if link.startswith(folder) and link.endswith(".lock"):
                    found[os.path.basename(link)[: -len(".lock")]] = int(pid)
        return found


@pytest.fixture
def bed(make_host: MakeHost) -> Iterator[Bed]:
    found = Bed(make_host({KEY: OLD}))
    yield found
    for pid in found.guards().values():
        os.kill(pid, signal.SIGKILL)


def test_confirmed_change_stays(bed: Bed) -> None:
    token = bed.arm(3)
    bed.wait(token, armed.CHANGED)
    assert bed.value() == NEW
    assert guard.confirm(bed.host, token, None)["phase"] == armed.CONFIRMED
    end = time.monotonic() + 5
    while bed.guards():
        assert time.monotonic() < end
        time.sleep(0.05)
    time.sleep(max(0.0, 3.2 - 2))
    assert bed.value() == NEW
    # To confirm twice is to confirm: the first answer may have been lost.
    assert guard.confirm(bed.host, token, None)["result"] == {"changed": True}


def test_change_that_nobody_confirms_is_taken_back_and_its_token_refused(bed: Bed) -> None:
    token = bed.arm(1.5)
    bed.wait(token, armed.CHANGED)
    assert bed.value() == NEW
    bed.wait(token, armed.REVERTED)
    assert bed.value() == OLD
    with pytest.raises(KnobError, match=r"was reverted at \d\d:\d\d:\d\d, because no confirmation came within 2 s"):
        guard.confirm(bed.host, token, None)
    assert bed.value() == OLD


def test_record_is_private_and_there_before_the_change(bed: Bed) -> None:
    seen: list[dict[str, Any]] = []

    def work() -> dict[str, Any]:
        (path,) = Path(bed.host.path(armed.DIRECTORY)).glob("*.json")
        record = json.loads(path.read_text())
        return {"mode": stat.S_IMODE(path.stat().st_mode), "revert": record["revert"], "phase": record["phase"]}

    token = bed.arm(5, work)
    bed.wait(token, armed.CHANGED)
    record = guard.confirm(bed.host, token, None)
    seen.append(record["result"])
    assert seen == [
        {
            "mode": 0o600,
            "revert": [{"knob": "sysctl", "device": "", "item": KEY, "value": OLD}],
            "phase": armed.CHANGING,
        }
    ]
    assert stat.S_IMODE(os.stat(bed.host.path(armed.DIRECTORY)).st_mode) == 0o700


@pytest.mark.parametrize("phase", [pytest.param(armed.ARMED, id="before"), pytest.param(armed.CHANGED, id="after")])
def test_killed_guard_is_noticed_by_the_next_run(bed: Bed, phase: str) -> None:
    token = bed.arm(60)
    bed.wait(token, phase)
    bed.kill(token)
    (told,) = take_back.settle(bed.host)
    assert "because its guard was killed" in told
    assert bed.value() == OLD
    assert take_back.settle(bed.host) == []
    with pytest.raises(KnobError, match="was reverted"):
        guard.confirm(bed.host, token, None)


def test_token_of_a_killed_guard_is_refused_and_taken_back(bed: Bed) -> None:
    token = bed.arm(60)
    bed.wait(token, armed.CHANGED)
    bed.kill(token)
    with pytest.raises(KnobError, match="guard was killed"):
        guard.confirm(bed.host, token, None)
    assert bed.value() == OLD


def test_guard_that_is_ended_takes_the_change_back(bed: Bed) -> None:
    token = bed.arm(60)
    bed.wait(token, armed.CHANGED)
    os.kill(bed.guards()[token], signal.SIGTERM)
    assert bed.wait(token, armed.REVERTED, armed.STUCK) == armed.REVERTED
    assert bed.value() == OLD


def test_confirmation_comes_over_a_connection_that_is_younger_than_the_change(bed: Bed) -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    early = Session(os.getpid(), int(boot_clock() * ticks))
    token = bed.arm(20)
    # Before the change there is nothing to confirm, whoever comes.
    assert guard.confirm(bed.host, token, None)["not_yet"] == "the change is being made"
    bed.wait(token, armed.CHANGED)
    record = armed.read(bed.host, token)
    assert record is not None
    # This test may itself run over SSH or not.
    record["connection"] = list(early)
    armed.write(bed.host, record)
    assert "older than the change" in guard.confirm(bed.host, token, early)["not_yet"]
    assert bed.phase(token) == armed.CHANGED
    late = Session(os.getpid(), int((boot_clock() + 0.02) * ticks) + 1)
    assert guard.confirm(bed.host, token, late)["phase"] == armed.CONFIRMED


def test_rule_of_the_new_connection_is_void_for_a_local_run(bed: Bed) -> None:
    token = bed.arm(20)
    bed.wait(token, armed.CHANGED)
    early = Session(1, 1)
    assert guard.confirm(bed.host, token, early, new_connection=False)["phase"] == armed.CONFIRMED


def test_change_that_fails_is_put_back_and_told(bed: Bed) -> None:
    def work() -> dict[str, Any]:
        bed.file.write_text("13")
        raise KnobError("eth0 (igb): the link did not come back within 60 s")

    token = bed.arm(20, work)
    bed.wait(token, armed.FAILED)
    assert bed.value() == OLD
    with pytest.raises(KnobError, match=r"nic_ring of eth0 failed at .*: eth0 \(igb\): the link did not come back"):
        guard.confirm(bed.host, token, None)


def test_second_change_waits_for_the_first(bed: Bed) -> None:
    token = bed.arm(20)
    with pytest.raises(take_back.GuardedError, match=r"a change of eth0 made at .* waits for its confirmation until"):
        bed.arm(20)
    bed.wait(token, armed.CHANGED)
    guard.confirm(bed.host, token, None)
    bed.arm(20)


def test_unknown_and_malformed_tokens_are_told_apart(bed: Bed) -> None:
    with pytest.raises(KnobError, match="is unknown: no change was armed with it"):
        guard.outcome(bed.host, armed.new_token())
    with pytest.raises(KnobError, match="is no token"):
        guard.outcome(bed.host, "../../etc/shadow")


def test_value_that_cannot_be_put_back_is_named(bed: Bed) -> None:
    def work() -> dict[str, Any]:
        bed.change()
        bed.file.unlink()
        bed.file.mkdir()
        return {}

    token = bed.arm(1, work)
    assert bed.wait(token, armed.STUCK, armed.REVERTED, seconds=25) == armed.STUCK
    with pytest.raises(KnobError, match="had to be reverted, because no confirmation came within 1 s, and could not"):
        guard.confirm(bed.host, token, None)


def test_clear_leaves_nothing(bed: Bed) -> None:
    token = bed.arm(20)
    bed.wait(token, armed.CHANGED)
    guard.confirm(bed.host, token, None)
    take_back.clear(bed.host)
    assert not os.path.exists(bed.host.path(armed.DIRECTORY))
