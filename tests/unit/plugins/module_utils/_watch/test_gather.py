# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What sockets lost: whose it is, what is history, and what no counter shows."""

from __future__ import annotations

import marshal
import os
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag import UdpSocket
from ansible_collections.rxpath.linux.plugins.module_utils._collect.softnet import SoftnetRow
from ansible_collections.rxpath.linux.plugins.module_utils._sample import owners
from ansible_collections.rxpath.linux.plugins.module_utils._sample.host import HostReading
from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import Found
from ansible_collections.rxpath.linux.plugins.module_utils._watch import gather
from ansible_collections.rxpath.linux.plugins.module_utils._watch.gather import Machine, Pace
from ansible_collections.rxpath.linux.plugins.module_utils._watch.look import Socket
from ansible_collections.rxpath.linux.plugins.module_utils._watch.losers import Label
from ansible_collections.rxpath.linux.plugins.module_utils._watch.memory import Known, Memory, load, put, save

MEMORY, OVERFLOW = "udp.memory_limit datagrams ", "socket.receive_buffer_overflow datagrams "
FOUND = Found((4, 7), own=False, pids=(), mounts=())
LABEL = ("udp", "127.0.0.1:53", "server")


def sockets(drops: int) -> list[Socket]:
    source: Any = None
    return [Socket((1, 11, 0, 0, 4096, drops), source)]


def known(overflow: int) -> Known:
    made = Known(["pod", "named", None, None], [])
    made.names = {1: LABEL}
    made.book.sums = {OVERFLOW: overflow, MEMORY: 0}
    return made


def take(memory: Memory, pod: Known, drops: int, arriving: float = 10.0, history: bool = False) -> None:
    gather._sockets(memory, "4:7", pod, FOUND, sockets(drops), Pace(15.0, arriving), history)


def unread(overflow: int) -> Known:
    made = known(overflow)
    made.errors = None
    return made


@pytest.mark.parametrize(("arriving", "silent"), [(10.0, 30), (5000.0, 0)])
def test_drops_that_no_counter_shows_are_the_memory_limits_unless_they_just_came(arriving: float, silent: int) -> None:
    memory, pod = Memory(5), known(20)
    take(memory, pod, 50, arriving)
    assert memory.losers.sums == {Label("4:7", *LABEL): 50}
    assert pod.book.sums[MEMORY] == silent
    # The next time only what is new counts.
    pod.book.sums[OVERFLOW] += 5
    take(memory, pod, 55, arriving)
    assert pod.book.sums[MEMORY] == silent
    assert memory.losers.sums == {Label("4:7", *LABEL): 55}


def test_a_burst_between_counters_and_sockets_is_not_the_memory_limits() -> None:
    memory, pod = Memory(5), known(20)
    gather._sockets(memory, "4:7", pod, FOUND, sockets(220), Pace(15.0, 10.0, late=200), history=False)
    assert pod.book.sums[MEMORY] == 0
    # The counters tell of it the next time.
    pod.book.sums[OVERFLOW] += 200
    take(memory, pod, 220)
    assert (pod.book.sums[MEMORY], memory.losers.sums) == (0, {Label("4:7", *LABEL): 220})


def test_what_closed_sockets_took_along_is_not_made_up_by_others() -> None:
    memory, pod = Memory(5), known(1000)
    take(memory, pod, 50)
    assert (pod.book.sums[MEMORY], pod.errors) == (0, 1000)
    take(memory, pod, 150)
    assert pod.book.sums[MEMORY] == 100


def test_a_history_that_could_not_be_read_at_first_is_none_when_it_can() -> None:
    memory, pod = Memory(5), unread(1000)
    take(memory, pod, 900)
    assert (memory.losers.sums, pod.book.sums[MEMORY], pod.errors) == ({}, 0, 1000)
    pod.book.sums[OVERFLOW] += 7
    take(memory, pod, 907)
    assert (memory.losers.sums, pod.book.sums[MEMORY]) == ({Label("4:7", *LABEL): 7}, 0)


@pytest.mark.parametrize(("pages", "near"), [(9900, True), (100, False), (None, False)])
def test_memory_near_its_limit(pages: int | None, near: bool) -> None:
    rows = [SoftnetRow(0, 0, 0, 0, 0, 0, 0)]
    machine = Machine(HostReading(rows, None, None, pages), {"udp_mem": [10000, 20000, 30000]})
    assert machine.near_limit is near


class Source:
    """Sockets at 127.0.0.1, two to a port, as sock_diag would name them."""

    def __init__(self) -> None:
        self.asked: list[int] = []

    def find(self, numbers: set[int]) -> dict[int, Any]:
        self.asked += numbers
        return {
            number: UdpSocket("ipv4", "udp", f"127.0.0.1:{number // 2}", "", 0, 0, 0, number, 0, 0, 0, 0, 7)
            for number in numbers
            # One that was closed meanwhile is in no answer.
            if number != 13
        }


def test_more_losers_than_are_named_at_once_are_all_counted() -> None:
    memory, pod = Memory(1000), known(0)
    pod.names = {}
    source: Any = Source()
    for run in (1, 2, 3):
        rows = [Socket((number, 0, 0, 0, 4096, run * (100 + number)), source) for number in range(100)]
        gather._sockets(memory, "4:7", pod, FOUND, rows, Pace(15.0, 10.0), history=False)
        whole = sum(run * (100 + number) for number in range(100))
        assert sum(memory.losers.sums.values()) + memory.losers.rest == whole
    # Each was asked for once, those first that lost most.
    assert sorted(source.asked) == list(range(100))
    assert min(source.asked[:64]) == 36
    labels = {(label.protocol, label.local) for label in memory.losers.sums}
    assert labels == {("udp", f"127.0.0.1:{port}") for port in range(50)} | {("udp", "")}


def test_history_is_nobodys_loss() -> None:
    memory, pod = Memory(5), known(0)
    take(memory, pod, 10**9, history=True)
    assert (memory.losers.sums, pod.book.sums[MEMORY], pod.sockets) == ({}, 0, {1: 10**9})


def test_a_socket_that_wrapped_counts_through() -> None:
    memory, pod = Memory(5), known(0)
    pod.sockets = {1: (1 << 32) - 10}
    take(memory, pod, 5)
    assert sum(memory.losers.sums.values()) == 15


def test_what_is_saved_is_what_is_loaded(tmp_path: Any) -> None:
    memory, path = Memory(5), str(tmp_path / "sums")
    memory.runs, memory.moment, memory.listed = 3, 12.5, ["4:7"]
    memory.namespaces["4:7"] = known(20)
    memory.machine.sums = {"softnet.backlog_overflow packets ": 4}
    memory.losers.lost(Label("4:7", *LABEL), 9)
    save(path, memory, "boot")
    again = load(path, "boot", 5)
    save(path + "2", again, "boot")
    first, second = (marshal.loads((tmp_path / name).read_bytes()) for name in ("sums", "sums2"))
    assert first == second
    assert (again.runs, again.moment, again.listed) == (3, 12.5, ["4:7"])
    assert (again.namespaces["4:7"].names, again.losers.sums) == ({1: LABEL}, memory.losers.sums)
    assert load(path, "other", 5).runs == 0
    (tmp_path / "sums").write_bytes((tmp_path / "sums").read_bytes()[:-20])
    assert load(path, "boot", 5).runs == 0


@pytest.mark.parametrize("stands", ["hard link", "symbolic link", "fifo"])
def test_what_stands_in_the_files_way_is_put_away_and_never_opened(tmp_path: Any, stands: str) -> None:
    other, path, new = tmp_path / "other", tmp_path / "metrics.prom", tmp_path / "metrics.prom.new"
    other.write_text("another user's")
    if stands == "fifo":
        os.mkfifo(new)
        reader = os.open(new, os.O_RDONLY | os.O_NONBLOCK)
    else:
        reader = os.open(other, os.O_RDONLY)
        (os.link if stands == "hard link" else os.symlink)(other, new)
    try:
        put(str(path), b"ours", 0o644)
    finally:
        os.close(reader)
    assert (other.read_text(), new.exists()) == ("another user's", False)
    assert (path.is_file(), path.stat().st_nlink) == (True, 1)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"ours", 0o644)


def test_a_passing_process_gives_a_namespace_no_other_name(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {500: "server", 7: "probe"}
    monkeypatch.setattr(owners, "command", names.get)
    monkeypatch.setattr(owners, "cgroup_paths", lambda _pid: [])
    memory = Memory(5)

    def seen(*pids: int) -> str | None:
        return gather._known(memory, "4:7", FOUND._replace(pids=pids)).owner[0]

    assert seen(500) == "server[500]"
    # Process numbers began again at 1 meanwhile.
    assert seen(7, 500) == "server[500]"
    assert seen(500) == "server[500]"
    # Its first process is gone.
    assert seen(7) == "probe[7]"
