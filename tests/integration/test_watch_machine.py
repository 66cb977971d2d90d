# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The watch on a virtual machine: it counts what the kernel counts, changes and goes without a trace."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.tests.hosts import prometheus
from ansible_collections.rxpath.linux.tests.hosts.machines import Bed, Guest, MachinesUnavailableError, machines
from ansible_collections.rxpath.linux.tests.hosts.monitoring import Monitoring, monitoring
from ansible_collections.rxpath.linux.tests.hosts.monitoring import missing as monitoring_lacks

pytestmark = pytest.mark.needs_root

PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
NAME = os.environ.get("RXPATH_GUESTS", "bookworm").split(",", maxsplit=1)[0]
SERVICE = "rxpath-linux-watch.service"
FIRST, SECOND = "/var/lib/node_exporter/textfile_collector", "/srv/metrics"
FILE = "rxpath_udp_watch.prom"
# Everything of the guest's own disk and of /run where something of ours could be.
TREE = "find /etc /var/lib /srv /run /usr/local /opt -xdev -not -path '/run/udev/*' -not -path '*/ansible*' | sort"
OVERFLOW = 'finding="socket.receive_buffer_overflow"'
# A reader that never reads, and a sender: what the buffer does not hold is lost, and counted. "100x64" is 100 calls
# of 64 datagrams each (UDP_SEGMENT, man 7 udp).
POD = """
import socket, sys
reader = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
reader.bind(("127.0.0.1", 5353))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
for line in sys.stdin:
    calls, _, each = line.strip().partition("x")
    if each:
        sender.setsockopt(socket.IPPROTO_UDP, 103, 200)
    for _ in range(int(calls)):
        sender.sendto(bytes(200 * int(each or 1)), ("127.0.0.1", 5353))
"""
# Each pod lives in a unit of its own, whatever becomes of the watch, and is fed through a FIFO.
START_POD = (
    "ip netns add {0} && ip -n {0} link set lo up && mkfifo /root/{0} && systemd-run -q --unit={0} "
    "sh -c 'exec ip netns exec {0} python3 /root/pod.py <>/root/{0}' && "
    "until ip netns exec {0} ss -Huan 'sport = 5353' | grep -q .; do sleep 0.2; done"
)
# What the pod that no longer loses has lost is told to Prometheus with a billion more: its kernel would count that far
# in hours. The first number is what it really loses on the guest.
HISTORY, BILLION = 100_000, 10**9


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    try:
        with machines([NAME], tmp_path_factory.mktemp("watch")) as started:
            yield started
    except MachinesUnavailableError as missing:
        pytest.skip(str(missing))


def play(bed: Bed, *words: str, **variables: Any) -> str:
    """Run the playbook; return what it printed."""
    done = subprocess.run(
        [
            PLAYBOOK,
            *("-i", str(bed.write_inventory())),
            *("-e", json.dumps({"target": NAME, "udp_watch_interval": 5, **variables})),
            "rxpath.linux.watch",
            *words,
        ],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        # Of two connections for each task one is enough.
        env={**os.environ, "ANSIBLE_PIPELINING": "true"},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def changed(printed: str) -> int:
    found = re.search(r"changed=(\d+)", printed)
    assert found, printed
    return int(found[1])


def timed(guest: Guest, directory: str) -> dict[str, float]:
    """Return the series of the next file that the timer has written."""
    path = f"{directory}/{FILE}"
    stamp = f"stat -c %Y.%i {path} 2>/dev/null || true"
    before, end = guest.ssh(stamp), time.monotonic() + 60
    while guest.ssh(stamp) == before:
        if time.monotonic() > end:
            raise AssertionError(guest.ssh(f"systemctl status {SERVICE}; journalctl -o cat -u {SERVICE}", check=False))
        time.sleep(1)
    return prometheus.read(guest.ssh(f"cat {path}"))


def metrics(guest: Guest, directory: str) -> dict[str, float]:
    """Return the series of a file that was begun from now on: a start that finds a run at work waits for just that."""
    start = f"systemctl start {SERVICE}"
    return prometheus.read(guest.ssh(f"{start} && {start} && cat {directory}/{FILE}"))


def value(found: dict[str, float], name: str, *labels: str) -> float:
    """Return the one series of a metric that has all these labels."""
    chosen = [
        number
        for series, number in found.items()
        if series.startswith(f"rxpath_udp_watch_{name}") and all(label in series for label in labels)
    ]
    assert len(chosen) == 1, (name, labels, sorted(found))
    return chosen[0]


def kernel(guest: Guest, name: str = "pod") -> tuple[int, int]:
    """Return a pod's RcvbufErrors as nstat has them, and the drops of its socket as ss has them."""
    errors = guest.ssh(f"ip netns exec {name} nstat -asz UdpRcvbufErrors | awk '/^Udp/ {{print $2}}'")
    drops = re.search(r",d(\d+)\)", guest.ssh(f"ip netns exec {name} ss -uanm 'sport = 5353'"))
    assert drops
    return int(errors), int(drops[1])


def lose(guest: Guest, datagrams: str, name: str = "pod") -> tuple[int, int]:
    """Have a pod lose datagrams; return what its kernel counts when no more are lost."""
    begun = kernel(guest, name)
    guest.ssh(f"echo {datagrams} > /root/{name}")
    before, end = begun, time.monotonic() + 90
    while (now := kernel(guest, name)) != before or now == begun:
        assert time.monotonic() < end
        before = now
        time.sleep(0.5)
    return now


def follow(guest: Guest, watched: Monitoring, true: Callable[[], bool], losing: str = "") -> None:
    """Have Prometheus see the guest's file until something is true, while the pod loses datagrams or none does."""
    end = time.monotonic() + 90
    while not true():
        assert time.monotonic() < end, watched.alerts()
        feed = f"echo {losing} > /root/pod; " if losing else ""
        text = guest.ssh(f"{feed}cat {FIRST}/{FILE}")
        watched.put(re.sub(rf"^(.*{OVERFLOW}.*netns=\"old\".*) (\d+)$", older, text, flags=re.MULTILINE))
        time.sleep(0.5)


def older(line: re.Match[str]) -> str:
    return f"{line[1]} {int(line[2]) + BILLION}"


def alerts_of(guest: Guest, folder: Path) -> None:
    """Prometheus, behind node_exporter, is silent of history, and names the pod that loses, and it alone."""
    rate = 'netns:rxpath_udp_watch_overflow:rate5m{netns="old"}'
    written = f'rxpath_udp_watch_loss_total{{{OVERFLOW},netns="old"}}'
    losing = {("firing", "UdpReceiveBufferErrors", "pod")}
    seen: set[tuple[str, str, str]] = set()
    with monitoring(folder) as watched:

        def alerts() -> set[tuple[str, str, str]]:
            now = watched.alerts()
            seen.update(now)
            return now

        # Two files at least: what the second shows is no rise.
        end = time.monotonic() + 9
        follow(guest, watched, lambda: not alerts() and time.monotonic() > end)
        assert [number for _labels, number in watched.query(rate)] == [0.0]
        assert [number >= BILLION + HISTORY for _labels, number in watched.query(written)] == [True]
        assert seen == set()
        follow(guest, watched, lambda: alerts() == losing, losing="200")
        follow(guest, watched, lambda: not alerts())
        assert seen == losing | {("pending", "UdpReceiveBufferErrors", "pod")}
        assert [number for _labels, number in watched.query("node_textfile_scrape_error")] == [0.0]


def test_counts_what_the_kernel_counts_and_goes_without_a_trace(bed: Bed, tmp_path: Path) -> None:
    guest = bed[NAME]
    guest.reset()
    guest.run("cat > /root/pod.py", stdin=POD)
    for name in ("pod", "old"):
        guest.ssh(START_POD.format(name))
    history, _drops = lose(guest, "500")
    assert history > 400
    long_ago, _drops = lose(guest, f"{HISTORY // 64 + 10}x64", "old")
    assert long_ago >= HISTORY
    before = guest.ssh(TREE)

    printed = play(bed, "--check", "--diff", udp_watch_directory=FIRST)
    assert changed(printed) == 1
    assert "+ExecStart=" in printed
    assert guest.ssh(TREE) == before
    assert changed(play(bed, udp_watch_directory=FIRST)) == 1
    assert changed(play(bed, udp_watch_directory=FIRST)) == 0

    pod = ('netns="pod"', OVERFLOW)
    timed(guest, FIRST)
    found = timed(guest, FIRST)
    assert value(found, "loss_total", *pod) == history
    assert value(found, "loss_total", 'netns="old"', OVERFLOW) == long_ago
    assert not [series for series in found if "socket_drops_total" in series], "history is no loss of a socket"
    assert value(found, "unknowns") == 0
    if not monitoring_lacks():
        alerts_of(guest, tmp_path)
    errors, drops = lose(guest, "2000")
    found = metrics(guest, FIRST)
    assert (errors, drops) == kernel(guest)
    assert value(found, "loss_total", *pod) == errors > history
    told = value(found, "socket_drops_total", 'netns="pod"', 'local="127.0.0.1:5353"', 'process="python3"')
    assert told == drops - history
    assert value(found, "loss_total", 'netns="host"', OVERFLOW) == 0
    assert value(found, "loss_total", 'netns="old"', OVERFLOW) == long_ago
    assert value(found, "loss_total", pod[0], 'finding="udp.memory_limit"') == 0

    score = re.search(r"exposure level for \S+: ([0-9.]+)", guest.ssh(f"systemd-analyze security {SERVICE} | tail -1"))
    assert score
    assert float(score[1]) <= 3.0

    # Another directory, another number of sockets: the old file goes, the sums go on.
    assert changed(play(bed, udp_watch_directory=SECOND, udp_watch_sockets=3)) == 1
    time.sleep(2)
    assert guest.ssh(f"ls -d {FIRST} {FIRST.rpartition('/')[0]} 2>/dev/null || true") == ""
    more, _drops = lose(guest, "300")
    found = metrics(guest, SECOND)
    assert value(found, "loss_total", *pod) == more > errors
    assert value(found, "socket_drops_total", 'netns="pod"') == more - history
    assert guest.ssh(f"journalctl -b -o cat -p warning -u {SERVICE}") == ""

    assert changed(play(bed, "--check", udp_watch_state="absent")) == 1
    assert changed(play(bed, udp_watch_state="absent")) == 1
    assert changed(play(bed, udp_watch_state="absent")) == 0
    assert guest.ssh(TREE) == before
    assert "rxpath" not in guest.ssh("systemctl list-units --all --no-legend; systemctl list-unit-files --no-legend")
    if monitoring_lacks():
        pytest.skip(f"all but the alerts passed; for those there is no {' and no '.join(monitoring_lacks())}")
