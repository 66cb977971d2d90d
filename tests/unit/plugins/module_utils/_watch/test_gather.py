# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What sockets dropped and no counter shows is the memory limit's, where UDP's memory is used up, and else nobody's."""

from __future__ import annotations

import marshal
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.sock_diag import UdpSocket
from ansible_collections.rxpath.linux.plugins.module_utils._collect.softnet import SoftnetRow
from ansible_collections.rxpath.linux.plugins.module_utils._sample.host import HostReading
from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import Found
from ansible_collections.rxpath.linux.plugins.module_utils._watch import gather
from ansible_collections.rxpath.linux.plugins.module_utils._watch.gather import Machine
from ansible_collections.rxpath.linux.plugins.module_utils._watch.look import Socket
from ansible_collections.rxpath.linux.plugins.module_utils._watch.losers import Label
from ansible_collections.rxpath.linux.plugins.module_utils._watch.memory import Known, Memory, load, save

MEMORY, OVERFLOW = "udp.memory_limit datagrams ", "socket.receive_buffer_overflow datagrams "
FOUND = Found((4, 7), own=False, pids=(), mounts=())
LABEL = ("udp", "127.0.0.1:53", "server")


def machine(pages: int, limit: int = 10000) -> Machine:
    rows = [SoftnetRow(0, 0, 0, 0, 0, 0, 0)]
    return Machine(HostReading(rows, None, None, pages), {"udp_mem": [limit, limit * 2, limit * 3]})


def sockets(drops: int) -> list[Socket]:
    source: Any = None
    return [Socket((1, 11, 0, 0, 4096, drops), source)]


def known(overflow: int) -> Known:
    made = Known(["pod", "named", None, None], [])
    made.names = {1: LABEL}
    made.book.sums = {OVERFLOW: overflow, MEMORY: 0}
    return made


@pytest.mark.parametrize(("pages", "silent"), [(9900, 30), (100, 0)])
def test_silent_drops(pages: int, silent: int) -> None:
    memory, pod = Memory(5), known(20)
    gather._sockets(memory, "4:7", pod, FOUND, sockets(50), machine(pages), 15.0, history=False)
    assert memory.losers.sums == {Label("4:7", "udp", "127.0.0.1:53", "server"): 50}
    assert pod.book.sums[MEMORY] == silent
    # The next time only what is new counts.
    pod.book.sums[OVERFLOW] += 5
    gather._sockets(memory, "4:7", pod, FOUND, sockets(55), machine(pages), 15.0, history=False)
    assert pod.book.sums[MEMORY] == silent
    assert memory.losers.sums == {Label("4:7", "udp", "127.0.0.1:53", "server"): 55}


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
        gather._sockets(memory, "4:7", pod, FOUND, rows, machine(0), 15.0, history=False)
        whole = sum(run * (100 + number) for number in range(100))
        assert sum(memory.losers.sums.values()) + memory.losers.rest == whole
    # Each was asked for once, those first that lost most.
    assert sorted(source.asked) == list(range(100))
    assert min(source.asked[:64]) == 36
    labels = {(label.protocol, label.local) for label in memory.losers.sums}
    assert labels == {("udp", f"127.0.0.1:{port}") for port in range(50)} | {("udp", "")}


def test_history_is_nobodys_loss() -> None:
    memory, pod = Memory(5), known(0)
    gather._sockets(memory, "4:7", pod, FOUND, sockets(10**9), machine(9999), 15.0, history=True)
    assert (memory.losers.sums, pod.book.sums[MEMORY], pod.sockets) == ({}, 0, {1: 10**9})


def test_a_socket_that_wrapped_counts_through() -> None:
    memory, pod = Memory(5), known(0)
    pod.sockets = {1: (1 << 32) - 10}
    gather._sockets(memory, "4:7", pod, FOUND, sockets(5), machine(0), 15.0, history=False)
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
