# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Windows over real namespaces with traffic of known numbers: every delta must be exactly right."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

pytestmark = pytest.mark.needs_root

# A process inside a namespace that does what it is told, line by line, and answers each line when it is done.
ACTOR = textwrap.dedent(
    """
    import json, os, socket, sys, threading, time
    sockets, held = {}, []
    def bind(name, port, buffer=0, family="4"):
        sockets[name] = socket.socket(socket.AF_INET6 if family == "6" else socket.AF_INET, socket.SOCK_DGRAM)
        if buffer:
            sockets[name].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, buffer)
        sockets[name].bind(("::1" if family == "6" else "127.0.0.1", port))
    def send(port, count, size=100, pause=0.0, family="4"):
        with socket.socket(socket.AF_INET6 if family == "6" else socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(count):
                sender.sendto(bytes(size), ("::1" if family == "6" else "127.0.0.1", port))
                if pause:
                    time.sleep(pause)
    def read(name, count):
        for _ in range(count):
            sockets[name].recv(65536)
    def close(name):
        sockets.pop(name).close()
    def block_in_write(name):
        # A reader that takes one datagram and is then stuck with its downstream, for ever.
        def work():
            near, far = os.pipe()
            held.extend((near, far))
            sockets[name].recv(65536)
            while True:
                os.write(far, bytes(65536))
        threading.Thread(target=work, daemon=True).start()
    def wait_in_epoll(name):
        import select
        def work():
            poll = select.epoll()
            poll.register(sockets[name], select.EPOLLIN)
            while True:
                poll.poll()
                sockets[name].recv(65536)
        threading.Thread(target=work, daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        name, arguments = json.loads(line)
        globals()[name](*arguments)
        print("done", flush=True)
    """
)
# Measures as the module does, and tells when the window begins. Dropping rights leaves a process "not dumpable", and
# so closed to itself in /proc; a program that a user starts is not.
MEASURE = textwrap.dedent(
    """
    import ctypes, json, os, sys
    from ansible_collections.rxpath.linux.plugins.module_utils._sample import window
    from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import Options
    arguments = json.loads(sys.argv[1])
    if arguments.pop("nobody", False):
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)
        ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)
    arguments["namespaces"] = tuple(arguments["namespaces"])
    begun = []
    def progress(remaining):
        if not begun:
            begun.append(1)
            print("begun", flush=True)
    print(json.dumps(window.measure(Options(**arguments), progress=progress)), flush=True)
    """
)


class Actor:
    def __init__(self, namespace: str) -> None:
        command = ["ip", "netns", "exec", namespace, sys.executable, "-c", ACTOR]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._answer() == "ready"

    def _answer(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def tell(self, name: str, *arguments: Any) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps([name, arguments]) + "\n")
        self.process.stdin.flush()

    def do(self, name: str, *arguments: Any) -> None:
        self.tell(name, *arguments)
        assert self._answer() == "done"

    def end(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=10)


class Bed:
    """Namespaces of this test, with names that nobody else has."""

    def __init__(self) -> None:
        self.names: set[str] = set()
        self.actors: list[Actor] = []

    def add(self, label: str) -> str:
        name = f"rxw-{os.getpid()}-{label}"
        _run("ip", "netns", "add", name)
        self.names.add(name)
        _run("ip", "-n", name, "link", "set", "lo", "up")
        return name

    def actor(self, name: str) -> Actor:
        actor = Actor(name)
        self.actors.append(actor)
        return actor

    def delete(self, name: str) -> None:
        self.names.discard(name)
        _run("ip", "netns", "del", name)

    def close(self) -> None:
        for actor in self.actors:
            actor.end()
        for name in list(self.names):
            self.delete(name)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, timeout=20)


@pytest.fixture
def bed() -> Iterator[Bed]:
    if os.geteuid() != 0:
        pytest.skip("needs root")
    with ExitStack() as stack:
        made = Bed()
        stack.callback(made.close)
        yield made


class Window:
    """A window in a process of its own, begun when this is made."""

    def __init__(self, *namespaces: str, **options: Any) -> None:
        arguments = {"window": 1.0, "interval": 0.02, "max_extension": 0.0, "namespaces": namespaces, **options}
        self.process = subprocess.Popen(
            [sys.executable, "-c", MEASURE, json.dumps(arguments)], stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line == "begun\n", line

    def sample(self) -> dict[str, Any]:
        output, _none = self.process.communicate(timeout=60)
        assert self.process.returncode == 0
        document: dict[str, Any] = json.loads(output)
        return document


def _namespace(sample: dict[str, Any], name: str, state: str = "steady") -> dict[str, Any]:
    found: list[dict[str, Any]] = [one for one in sample["namespaces"] if one["name"] == name and one["state"] == state]
    assert len(found) == 1, [(one["name"], one["state"]) for one in sample["namespaces"]]
    return found[0]


def test_counts_of_two_namespaces(bed: Bed) -> None:
    lossy, healthy = bed.add("lossy"), bed.add("healthy")
    one, two = bed.actor(lossy), bed.actor(healthy)
    one.do("bind", "small", 5300, 4096)
    one.do("send", 5300, 50)
    two.do("bind", "large", 5301)
    two.do("bind", "six", 5302, 0, "6")
    window = Window(lossy, healthy)
    one.do("send", 5300, 700)
    for _ in range(10):
        two.do("send", 5301, 20)
        two.do("read", "large", 20)
    two.do("send", 5302, 30, 100, 0.0, "6")
    two.do("read", "six", 30)
    sample = window.sample()

    lost = _namespace(sample, lossy)
    assert lost["counters"]["Udp.RcvbufErrors"] == 700
    assert lost["counters"]["Udp.InErrors"] == 700
    assert lost["counters"]["Udp.InDatagrams"] == 0
    assert sum(lost["series"]["overflows"]) == 700
    assert len(lost["series"]["t"]) == len(lost["series"]["reads"])
    assert lost["socket_summary"] == {
        "count": 1,
        "with_queue": 1,
        "drops": 700,
        "listed": 1,
        "closed": 0,
        "closed_drops": 0,
    }
    socket = lost["sockets"][0]
    assert (socket["local"], socket["drops"], socket["receive_buffer"]) == ("127.0.0.1:5300", 700, 8192)
    assert socket["drops_total"] > 700, "what was lost before the window is in the total alone"
    assert (socket["pid"], socket["kernel_owned"]) == (one.process.pid, False)
    assert sum(drops or 0 for drops in socket["series"]["drops"]) == 700
    assert {len(column) for column in socket["series"].values()} == {len(lost["series"]["t"])}
    assert socket["queue_start"] == socket["queue_end"] > 0

    read = _namespace(sample, healthy)
    assert read["counters"]["Udp.InDatagrams"] == 200
    assert read["counters"]["Udp6.InDatagrams"] == 30
    assert read["counters"]["Udp.InErrors"] == 0
    assert sum(read["series"]["reads"]) == 230
    assert not any(one["drops"] for one in read["sockets"])


def test_a_socket_closes_with_its_drops(bed: Bed) -> None:
    name = bed.add("closed")
    actor = bed.actor(name)
    actor.do("bind", "small", 5300, 4096)
    window = Window(name, window=1.5)
    actor.do("send", 5300, 400)
    time.sleep(0.8)
    actor.do("close", "small")
    actor.do("bind", "again", 5300, 4096)
    namespace = _namespace(window.sample(), name)

    summary = namespace["socket_summary"]
    lost = namespace["counters"]["Udp.RcvbufErrors"]
    assert 390 <= lost < 400
    assert (summary["drops"], summary["closed_drops"], summary["closed"]) == (0, lost, 1)
    closed = [socket for socket in namespace["sockets"] if socket["closed"]]
    assert len(closed) == 1
    assert (closed[0]["local"], closed[0]["drops"], closed[0]["pid"]) == ("127.0.0.1:5300", lost, actor.process.pid)
    assert closed[0]["process"], "the process is known from when the socket was open"
    assert not closed[0]["kernel_owned"]


def test_a_namespace_is_restarted(bed: Bed) -> None:
    """What the old one lost until its end, and the new one from its beginning, both count; no number is made up."""
    name = bed.add("pod")
    actor = bed.actor(name)
    actor.do("bind", "small", 5300, 4096)
    actor.do("send", 5300, 3000)
    window = Window(name, window=3.5)
    actor.do("send", 5300, 200)
    actor.end()
    bed.delete(name)
    time.sleep(1.5)
    assert bed.add("pod") == name
    actor = bed.actor(name)
    actor.do("bind", "small", 5300, 4096)
    actor.do("send", 5300, 150)
    sample = window.sample()

    old, new = _namespace(sample, name, "vanished"), _namespace(sample, name, "restarted")
    assert old["counters"]["Udp.RcvbufErrors"] == 200
    accepted = 150 - new["counters"]["Udp.RcvbufErrors"]
    assert 0 < accepted < 10
    assert new["socket_summary"]["drops"] == 150 - accepted
    assert new["sockets"][0]["opened"]
    assert not new["resets"]


def test_the_reader_is_stuck_with_its_downstream(bed: Bed) -> None:
    name = bed.add("stuck")
    actor = bed.actor(name)
    actor.do("bind", "small", 5300, 4096)
    actor.do("bind", "other", 5301)
    actor.do("block_in_write", "small")
    actor.do("wait_in_epoll", "other")
    actor.do("send", 5300, 20)
    actor.do("send", 5301, 5)
    time.sleep(0.1)
    window = Window(name)
    for _ in range(8):
        actor.do("send", 5300, 10)
        actor.do("send", 5301, 10)
        time.sleep(0.05)
    namespace = _namespace(window.sample(), name)

    stuck, waiting = (
        next(socket for socket in namespace["sockets"] if socket["local"] == local)
        for local in ("127.0.0.1:5300", "127.0.0.1:5301")
    )
    assert stuck["drops"] == 80
    threads = stuck["consumer"]["threads"]
    assert any(
        thread["states"]["write"] > 5 and (thread["blocked_in"] or "").startswith("write to pipe:")
        for thread in threads
    )
    readers = [thread for thread in waiting["consumer"]["threads"] if thread["reader"]]
    assert len(readers) == 1
    assert readers[0]["states"]["receive"] > 5


def test_the_kernel_owns_a_socket(bed: Bed) -> None:
    name = bed.add("vxlan")
    _run("ip", "-n", name, "link", "add", "vxlan7", "type", "vxlan", "id", "7", "dstport", "4789", "dev", "lo")
    _run("ip", "-n", name, "link", "set", "vxlan7", "up")
    namespace = _namespace(Window(name, window=0.3).sample(), name)
    assert namespace["traits"]["tunnels"] == ["vxlan7"]
    owned = {socket["local"]: socket["kernel_owned"] for socket in namespace["sockets"]}
    assert owned["0.0.0.0:4789"] is True


def test_the_window_goes_on_until_a_growing_queue_overflows(bed: Bed) -> None:
    name = bed.add("pending")
    actor = bed.actor(name)
    actor.do("bind", "default", 5300, 53248)
    window = Window(name, max_extension=20.0, interval=0.05, window=1.5)
    # 46 datagrams of 2,304 bytes fit: full after some two seconds.
    actor.tell("send", 5300, 200, 1200, 0.04)
    sample = window.sample()
    namespace = _namespace(sample, name)
    assert 0 < sample["window"]["extended_seconds"] < 10
    assert namespace["counters"]["Udp.RcvbufErrors"] > 0
    assert sample["window"]["seconds"] > 2.0


def test_without_rights(bed: Bed) -> None:
    name = bed.add("foreign")
    actor = bed.actor(name)
    actor.do("bind", "small", 5300, 4096)
    window = Window("all", nobody=True, window=1.0)
    actor.do("send", 5300, 200)
    sample = window.sample()
    assert sample["host"]["root"] is False
    foreign = [
        one
        for one in sample["namespaces"]
        if any(socket["local"] == "127.0.0.1:5300" and socket["drops"] for socket in one["sockets"])
    ]
    assert len(foreign) == 1
    lost = foreign[0]["counters"]["Udp.RcvbufErrors"]
    assert 190 <= lost < 200
    assert foreign[0]["inode"] is None
    assert foreign[0]["socket_summary"]["drops"] == lost
    socket = foreign[0]["sockets"][0]
    assert (socket["receive_buffer"], socket["process"], socket["kernel_owned"]) == (None, None, False)
    assert any("root" in one["remedy"] for one in sample["unknowns"])


def test_nothing_of_ours_stays_in_a_namespace(bed: Bed) -> None:
    """A window that ended holds no namespace: the kernel removes it, and its veth's other end with it."""
    name = bed.add("let-go")
    host = f"rxw{os.getpid() % 100000}"
    _run("ip", "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", name)
    window = Window(name, window=3.0)
    bed.delete(name)
    deadline = time.monotonic() + 2.5
    while os.path.exists(f"/sys/class/net/{host}") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not os.path.exists(f"/sys/class/net/{host}"), "let go before the window's end"
    assert _namespace(window.sample(), name, "vanished")
