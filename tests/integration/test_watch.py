# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs of the watch over real namespaces with datagrams of known numbers: each sum must be exactly right."""

from __future__ import annotations

import json
import marshal
import os
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply import archive
from ansible_collections.rxpath.linux.plugins.module_utils._watch import run as watch
from ansible_collections.rxpath.linux.tests.hosts import prometheus

pytestmark = pytest.mark.needs_root

OVERFLOW = 'finding="socket.receive_buffer_overflow"'
# A process in a namespace of its own that calls itself as it is told and does what it reads, line by line.
ACTOR = textwrap.dedent(
    """
    import ctypes, json, os, socket, sys
    ctypes.CDLL(None).prctl(15, sys.argv[1].encode(), 0, 0, 0)
    sockets = {}
    def bind(port):
        sockets[port] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sockets[port].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        sockets[port].bind(("127.0.0.1", port))
    def send(port, count):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            for _ in range(count):
                sender.sendto(bytes(200), ("127.0.0.1", port))
    def close(port):
        sockets.pop(port).close()
    def inode():
        return os.stat("/proc/self/ns/net").st_ino
    def lost():
        lines = [line.split() for line in open("/proc/self/net/snmp") if line.startswith("Udp:")]
        return int(dict(zip(*lines))["RcvbufErrors"])
    print("ready", flush=True)
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        print(json.dumps(globals()[name](*arguments)), flush=True)
    """
)


# A machine of its own: without the namespaces that others on this one make, and lose datagrams in, meanwhile.
MACHINE = "mount -t proc proc /proc && mount -t tmpfs none /run && ip link set lo up && echo ready && exec cat"


@pytest.fixture(name="inside", scope="module")
def inside_fixture() -> Iterator[list[str]]:
    """Yield the words that start a program on the machine."""
    command = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child=SIGKILL", "sh", "-c", MACHINE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "ready\n"
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="ascii")
            yield ["nsenter", "--target", children.strip(), "--net", "--mount", "--pid"]
        finally:
            process.kill()


class Pod:
    """A namespace with one process; all of it ends with the process."""

    def __init__(self, stack: ExitStack, inside: list[str], name: str) -> None:
        command = [*inside, "unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$0" -c "$1" "$2"']
        self._process = stack.enter_context(
            subprocess.Popen(
                [*command, sys.executable, ACTOR, name], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
        )
        assert self._process.stdout
        assert self._process.stdout.readline() == "ready\n"
        self.inode = self.do("inode")

    def do(self, *words: Any) -> Any:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def lose(self, port: int, datagrams: int) -> int:
        """Send to a socket that nobody reads; return what the namespace has lost until now."""
        self.do("send", port, datagrams)
        return int(self.do("lost"))

    def end(self) -> None:
        assert self._process.stdin
        self._process.stdin.close()
        self._process.wait(10)

    def __str__(self) -> str:
        return f'inode="{self.inode}"'


@pytest.fixture(name="pods")
def pods_fixture(inside: list[str]) -> Iterator[Callable[[str], Pod]]:
    with ExitStack() as stack:
        yield lambda name: Pod(stack, inside, name)


class Watch:
    """The service's program, as it is installed, with files of its own."""

    def __init__(self, folder: Path, inside: list[str]) -> None:
        self.folder = folder
        self.inside = inside
        self._code = folder / "watch.pyz"
        self._code.write_bytes(archive.build(watch.__name__))

    def command(self, *words: str, python: tuple[str, ...] = (sys.executable,)) -> list[str]:
        code = [*self.inside, *python, "-I", str(self._code)]
        return [*code, "--directory", str(self.folder), "--state", str(self.folder / "state"), *words]

    @property
    def text(self) -> str:
        return (self.folder / watch.FILE).read_text(encoding="utf-8")

    def run(self, *words: str) -> dict[str, float]:
        done = subprocess.run(self.command(*words), capture_output=True, text=True, check=False, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
        return prometheus.read(self.text)


@pytest.fixture(name="watched")
def watched_fixture(tmp_path: Path, inside: list[str]) -> Watch:
    return Watch(tmp_path, inside)


def one(found: dict[str, float], name: str, *labels: object) -> float:
    chosen = {
        series: value
        for series, value in found.items()
        if series.startswith(f"rxpath_udp_watch_{name}") and all(str(label) in series for label in labels)
    }
    assert len(chosen) == 1, (name, labels, chosen)
    return next(iter(chosen.values()))


def none(found: dict[str, float], name: str, *labels: object) -> bool:
    return not any(
        series.startswith(f"rxpath_udp_watch_{name}") and all(str(label) in series for label in labels)
        for series in found
    )


def test_sums_are_the_kernels_and_sockets_begin_at_the_first_run(pods: Callable[[str], Pod], watched: Watch) -> None:
    pod = pods("reader")
    pod.do("bind", 5353)
    history = pod.lose(5353, 100)
    found = watched.run("--verbose")
    assert one(found, "loss_total", pod, OVERFLOW) == history > 80
    assert none(found, "socket_drops_total", pod)

    lost = pod.lose(5353, 70)
    found = watched.run()
    assert (lost - history, one(found, "loss_total", pod, OVERFLOW)) == (70, lost)
    assert one(found, "socket_drops_total", pod, 'local="127.0.0.1:5353"', 'process="reader"') == 70

    # Another socket, which is closed before anyone looks: the namespace has counted it all the same.
    pod.do("bind", 5354)
    pod.lose(5354, 100)
    lost = pod.do("close", 5354) or pod.do("lost")
    found = watched.run()
    assert one(found, "loss_total", pod, OVERFLOW) == lost
    assert one(found, "socket_drops_total", pod) == 70
    assert one(found, "loss_total", pod, 'finding="udp.memory_limit"') == 0

    # Nothing moves: nothing rises.
    assert {key: value for key, value in watched.run().items() if str(pod) in key} == {
        key: value for key, value in found.items() if str(pod) in key
    }


def test_namespace_that_comes_counts_whole_and_one_that_goes_is_gone(
    pods: Callable[[str], Pod], watched: Watch
) -> None:
    watched.run()
    pod = pods("newcomer")
    pod.do("bind", 5353)
    lost = pod.lose(5353, 90)
    found = watched.run()
    assert one(found, "loss_total", pod, OVERFLOW) == one(found, "socket_drops_total", pod) == lost
    assert one(found, "passed_total", pod, 'handoff="socket"') == 0
    pod.end()
    assert not [series for series in watched.run() if str(pod) in series]


def test_beyond_the_bounds_losses_are_added_up(pods: Callable[[str], Pod], watched: Watch) -> None:
    bounds = ("--namespaces", "2", "--sockets", "1")
    quiet, first = pods("quiet"), pods("first")
    for port in (5353, 5354):
        first.do("bind", port)
    watched.run(*bounds)
    before = first.lose(5353, 200)
    lost = first.lose(5354, 60)
    found = watched.run(*bounds)
    assert one(found, "namespaces", 'told="yes"') == 2
    drops = [value for series, value in found.items() if "socket_drops_total{" in series]
    assert len(drops) == 1
    assert drops[0] + found["rxpath_udp_watch_socket_drops_rest_total"] == lost
    assert max(drops[0], lost - drops[0]) == before
    # The loser has a place among the two by now; what it lost before that is in the rest.
    assert one(found, "loss_total", first, OVERFLOW) == lost
    assert none(found, "loss_total", quiet, OVERFLOW)
    again = first.lose(5353, 10)
    after = watched.run(*bounds)
    assert one(after, "loss_total", first, OVERFLOW) == again
    rest = 'netns="rest"'
    assert one(after, "loss_total", rest, OVERFLOW) <= one(found, "loss_total", rest, OVERFLOW) + (again - lost)


def test_more_losers_than_are_named_at_once_are_all_counted(pods: Callable[[str], Pod], watched: Watch) -> None:
    pod = pods("many")
    for port in range(6000, 6100):
        pod.do("bind", port)
    watched.run()
    lost = 0
    for port in range(6000, 6100):
        lost = pod.lose(port, 10 + port % 50)
    for _run in range(2):
        found = watched.run()
        drops = [value for series, value in found.items() if "socket_drops_total{" in series and str(pod) in series]
        assert len(drops) == 20
        assert sum(drops) + found["rxpath_udp_watch_socket_drops_rest_total"] == lost
        assert {series.rsplit("process=", 1)[1] for series in found if "socket_drops_total{" in series} == {'"many"}'}


def test_any_name_is_carried(pods: Callable[[str], Pod], watched: Watch) -> None:
    pod = pods('a"b\\n}\n{#')
    pod.do("bind", 5353)
    watched.run()
    lost = pod.lose(5353, 50)
    watched.run()
    text = watched.text
    line = next(line for line in text.splitlines() if "socket_drops_total{" in line and str(pod) in line)
    labels = re.findall(r'(\w+)="((?:[^"\\]|\\.)*)"[,}]', line)
    assert dict(labels)["process"] == r"a\"b\\n}\n{#"
    assert line.endswith(f" {lost}")
    if prometheus.promtool():
        done = subprocess.run(
            ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False, timeout=30
        )
        assert (done.returncode, done.stderr) == (0, "")


def test_runs_at_once_add_each_gain_once_and_an_audit_beside_them_measures_the_same(
    pods: Callable[[str], Pod], watched: Watch
) -> None:
    pod = pods("reader")
    pod.do("bind", 5353)
    start = one(watched.run(), "loss_total", pod, OVERFLOW)
    audit = subprocess.Popen(
        [*watched.inside, sys.executable, "-c", AUDIT, str(pod.inode)],
        stdout=subprocess.PIPE,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    with audit:
        assert audit.stdout
        assert audit.stdout.readline() == "begun\n"
        lost = 0
        for _ in range(3):
            lost = pod.lose(5353, 40)
            several = [subprocess.Popen(watched.command()) for _ in range(3)]
            assert [process.wait(60) for process in several] == [0, 0, 0]
        found = prometheus.read(watched.text)
        sample = json.loads(audit.stdout.read())
    assert one(found, "loss_total", pod, OVERFLOW) == lost
    assert one(found, "socket_drops_total", pod) == lost - start
    counters = sample["namespaces"][0]["counters"]
    assert counters["Udp.RcvbufErrors"] == lost - start


AUDIT = textwrap.dedent(
    """
    import json, sys
    from ansible_collections.rxpath.linux.plugins.module_utils._sample import window
    from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import Options
    options = Options(window=6.0, namespaces=(sys.argv[1],), max_extension=0.0)
    print(json.dumps(window.measure(options, progress=lambda _left: print("begun", flush=True))))
    """
)


def test_what_is_remembered_of_another_boot_or_cannot_be_read_is_taken_for_nothing(
    pods: Callable[[str], Pod], watched: Watch
) -> None:
    pod = pods("reader")
    pod.do("bind", 5353)
    watched.run()
    lost = pod.lose(5353, 60)
    watched.run()
    remembered = watched.folder / "state/sums"
    document: dict[str, Any] = marshal.loads(remembered.read_bytes())
    assert remembered.stat().st_mode & 0o777 == 0o600
    others = [marshal.dumps({**document, "boot": "another"}), marshal.dumps({**document, "listed": 1}), b"{", b""]
    for other in others:
        remembered.write_bytes(other)
        found = watched.run()
        assert one(found, "loss_total", pod, OVERFLOW) == lost
        assert none(found, "socket_drops_total", pod)


def test_it_says_what_it_could_not_write(watched: Watch) -> None:
    done = subprocess.run(
        [*watched.command(), "--directory", "/proc/none"], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, "No such file or directory" in done.stderr) == (1, True)


def test_without_rights_it_tells_what_it_can(watched: Watch, pods: Callable[[str], Pod]) -> None:
    pods("reader")
    os.chmod(watched.folder, 0o777)
    for path in (watched.folder, *watched.folder.parents[:3]):
        if not path.stat().st_mode & 0o001:
            os.chmod(path, path.stat().st_mode | 0o011)

    nobody = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "/usr/bin/python3")
    done = subprocess.run(watched.command(python=nobody), capture_output=True, text=True, check=False, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    found = prometheus.read(watched.text)
    assert found["rxpath_udp_watch_unknowns"] > 0
    assert one(found, "loss_total", 'netns="host"', OVERFLOW) >= 0
