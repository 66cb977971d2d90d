# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Who may change a host, and until when."""

from __future__ import annotations

import os
import threading
import time
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply import lease
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.lease import LeaseHeldError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rollback import rollback
from ansible_collections.rxpath.linux.plugins.module_utils._apply.session import begin, finish, info
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target

BOOT_ID = "/proc/sys/kernel/random/boot_id"


class Clock:
    """The time that the module sees, by both clocks."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self, *_clock: int) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr("time.time", made)
    monkeypatch.setattr("time.clock_gettime", made)
    return made


def test_one_at_a_time(make_host: Any, clock: Clock) -> None:
    host = make_host()
    first = lease.take(host, "run 1", 60)
    expected = "run 1 is changing this host since 1970-01-01 00:16:40 UTC and may until 1970-01-01 00:17:40 UTC"
    with pytest.raises(LeaseHeldError, match=expected):
        lease.take(host, "run 2", 60)
    with pytest.raises(LeaseHeldError, match="run 1"):
        lease.verify(host, "0" * 32)
    lease.verify(host, first)
    lease.release(host, "0" * 32)
    assert lease.holding(host) is not None
    lease.release(host, first)
    assert lease.holding(host) is None
    lease.take(host, "run 2", 60)


def test_ends_by_itself_and_each_use_extends_it(make_host: Any, clock: Clock) -> None:
    host = make_host()
    token = lease.take(host, "run 1", 60)
    clock.now += 59
    lease.verify(host, token)
    clock.now += 59
    lease.verify(host, token)
    clock.now += 60
    with pytest.raises(LeaseHeldError, match="the lease is over"):
        lease.verify(host, token)
    lease.take(host, "run 2", 60)


def test_restart_of_the_host_ends_it(make_host: Any) -> None:
    host = make_host()
    lease.take(host, "run 1", 60)
    host.write_text(BOOT_ID, "two\n")
    assert lease.holding(host) is None


def test_call_that_was_killed_holds_nothing(make_host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_PATIENCE", 0.0)
    host = make_host()
    child = os.fork()
    if child == 0:
        with lease.held(host, None, "module nic_ring"):
            os._exit(0)
    os.waitpid(child, 0)
    assert (host.read_text(lease.LEASE) or "").count("module nic_ring") == 1
    with lease.held(host, None, "module nic_ring"):
        assert lease.holding(host) is not None
        with pytest.raises(LeaseHeldError, match="module nic_ring"):
            lease.take(host, "run 2", 60)
    assert lease.holding(host) is None


def test_single_call_is_waited_for(make_host: Any) -> None:
    host = make_host()
    child = os.fork()
    if child == 0:
        with lease.held(host, None, "reapply"):
            time.sleep(1.0)
        os._exit(0)
    while lease.holding(host) is None:
        time.sleep(0.01)
    with lease.held(host, None, "module nic_ring"):
        assert "module nic_ring" in (host.read_text(lease.LEASE) or "")
    os.waitpid(child, 0)


def test_damaged_lease_is_none(make_host: Any) -> None:
    host = make_host(files={lease.LEASE: "{"})
    os.chmod(host.path(lease.DIRECTORY), 0o700)
    assert lease.holding(host) is None


def test_run_that_was_not_finished_is_told(make_host: Any, clock: Clock) -> None:
    host = make_host()
    first = begin(host, "run 1", 60, False, check=False)
    assert (first["interrupted"], first["held"]["holder"]) == (None, "run 1")
    State.load(host).prepare([], [{"knob": "ring", "target": "eth0", "from": 1, "to": 2}])
    assert info(host)["interrupted"] is None
    with pytest.raises(LeaseHeldError):
        begin(host, "run 2", 60, False, check=False)
    clock.now += 60
    second = begin(host, "run 2", 60, False, check=False)
    assert second["interrupted"]["changes"] == [{"knob": "ring", "target": "eth0", "from": 1, "to": 2}]
    assert second["interrupted"]["message"] == (
        "run 1, begun 1970-01-01 00:16:40 UTC, was not finished; it had set out to change ring eth0. "
        "Make it again, or take it back by tuning_rollback"
    )
    with pytest.raises(LeaseHeldError):
        finish(host, first["lease"], check=False)
    assert finish(host, second["lease"], check=False)["held"] is None
    assert begin(host, "run 3", 60, False, check=False)["interrupted"] is None


def test_force_takes_it_away(make_host: Any) -> None:
    host = make_host()
    first = begin(host, "run 1", 60, False, check=False)
    second = begin(host, "run 2", 60, True, check=False)
    assert second["interrupted"]["holder"] == "run 1"
    with pytest.raises(LeaseHeldError, match="run 2"):
        finish(host, first["lease"], check=False)


def test_check_mode_takes_nothing(make_host: Any) -> None:
    host = make_host()
    assert begin(host, "run 1", 60, False, check=True) == {
        "lease": None,
        "held": None,
        "interrupted": None,
        "tuned": False,
    }
    assert not os.path.exists(host.path("/run/rxpath-linux"))


def test_state_says_that_there_is_something_to_take_back(make_host: Any) -> None:
    host = make_host()
    State.load(host).touch([("sysctl", Target("", "a.b"), "1")])
    assert info(host)["tuned"]
    with pytest.raises(KnobError, match="lease_seconds"):
        begin(host, "run 1", 0, False, check=False)


def test_run_of_the_same_name_is_told_of_the_one_before(make_host: Any, clock: Clock) -> None:
    host = make_host()
    begin(host, "run of alice", 60, False, check=False)
    clock.now += 60
    assert begin(host, "run of alice", 60, False, check=False)["interrupted"]["since"] == 1000.0


def test_force_does_not_take_it_from_a_process_that_lives(make_host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "_PATIENCE", 0.2)
    host = make_host()
    with lease.held(host, None, "rollback"):
        lease.break_lease(host)
        with pytest.raises(LeaseHeldError, match="rollback is changing this host"):
            lease.take(host, "run 2", 60, force=True)
    lease.take(host, "run 2", 60)


def test_rollback_leaves_no_lock(make_host: Any) -> None:
    host = make_host({"net.core.rmem_max": "1\n"})
    token = begin(host, "run 1", 60, False, check=False)["lease"]
    State.load(host).touch([("sysctl", Target("", "net.core.rmem_max"), "1")])
    rollback(host, check=False, lease=token)
    # The run goes on, and so does its lease.
    lease.verify(host, token)
    finish(host, token, check=False)
    State.load(host).touch([("sysctl", Target("", "net.core.rmem_max"), "1")])
    rollback(host, check=False)
    assert not os.path.exists(host.path(lease.DIRECTORY))


def test_directory_that_others_use_stays(make_host: Any) -> None:
    host = make_host(files={"/run/rxpath-linux/guard/x": ""})
    lease.release(host, "")
    lease.clear(host)
    assert os.listdir(host.path(lease.DIRECTORY)) == ["guard"]


def test_removed_lock_lets_no_two_in(make_host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who waited for the file that was removed must not go beside the one who locked its successor."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    host = make_host()
    inside: list[str] = []
    seen: list[list[str]] = []
    leave = threading.Event()

    def enter(name: str, until: threading.Event) -> None:
        with lease._locked(host):
            inside.append(name)
            seen.append(list(inside))
            until.wait(10)
            inside.remove(name)

    def started(name: str, until: threading.Event) -> threading.Thread:
        thread = threading.Thread(target=enter, args=(name, until))
        thread.start()
        return thread

    with lease._locked(host):
        waiter = started("waiter", leave)
        time.sleep(0.2)
        os.unlink(host.path("/run/rxpath-linux/lease.lock"))
        os.rmdir(host.path("/run/rxpath-linux"))
        newcomer = started("newcomer", leave)
        while not inside:
            time.sleep(0.01)
    time.sleep(0.2)
    assert inside == ["newcomer"]
    leave.set()
    for thread in (waiter, newcomer):
        thread.join()
    assert seen == [["newcomer"], ["waiter"]]


def test_lock_that_many_take_and_remove(make_host: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    host = make_host()
    inside: list[int] = []
    most: list[int] = []

    def work() -> None:
        for _turn in range(20):
            with lease._locked(host):
                inside.append(1)
                most.append(len(inside))
                time.sleep(0.0005)
                inside.pop()
            lease.clear(host)

    threads = [threading.Thread(target=work) for _number in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (set(most), len(most)) == ({1}, 60)
