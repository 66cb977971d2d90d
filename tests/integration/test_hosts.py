# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts that are made of namespaces: what they can reach, what they cannot write, and that they end."""

from __future__ import annotations

import os
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.hosts import untouched
from ansible_collections.rxpath.linux.tests.hosts.namespaces import SSHD, SshHosts, UntouchedError, ssh_hosts
from ansible_collections.rxpath.linux.tests.hosts.traces import VARIABLE, new_mark, traces
from ansible_collections.rxpath.linux.tests.matrix.tools import command

pytestmark = [pytest.mark.needs_root, pytest.mark.skipif(not SSHD, reason="no sshd on this machine")]

# A sysctl that paces kernel messages of the network: whatever it is, nobody notices for a moment.
HARMLESS = Path("/proc/sys/net/core/message_cost")
# Some of the global sysctls do not even exist in a network namespace that is not the first.
REFUSALS = ("Read-only file system", "Permission denied", "No such file or directory")
LAN = str(Path(__file__).parents[1] / "hosts/lan.py")
OWNER = """
import sys, time
from pathlib import Path
from ansible_collections.rxpath.linux.tests.hosts.namespaces import ssh_hosts
with ssh_hosts(["a", "b"], Path(sys.argv[1])) as hosts:
    hosts.start(sys.argv[2:], "a")
    print("up", flush=True)
    time.sleep(60)
"""


@pytest.fixture(scope="module")
def hosts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshHosts]:
    """Two hosts."""
    with ssh_hosts(["web", "dns"], tmp_path_factory.mktemp("hosts")) as made:
        yield made


def on(hosts: SshHosts, name: str, script: str) -> subprocess.CompletedProcess[str]:
    """Run a shell script on a host over SSH, from outside of its network."""
    options = hosts.variables(name, from_outside=True)
    words = ["ssh", "-i", options["ansible_ssh_private_key_file"], *shlex.split(options["ansible_ssh_common_args"])]
    done = subprocess.run(
        [*words, f"root@{hosts.address(name)}", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert done.returncode != 255, done.stderr
    return done


@pytest.mark.parametrize(
    "path",
    [
        "/proc/irq/default_smp_affinity",
        "/proc/sys/kernel/printk",
        "/proc/sys/net/core/message_cost",
        "/proc/sys/net/core/rmem_max",
        "/proc/sys/vm/swappiness",
        "/proc/sysrq-trigger",
        "/sys/class/net/eth0/queues/rx-0/rps_cpus",
        "/sys/module/kernel/parameters/panic",
        "/etc/sysctl.d/99-rxpath.conf",
        "/var/lib/rxpath",
    ],
)
def test_what_is_the_machines_cannot_be_written(hosts: SshHosts, path: str) -> None:
    before = Path(path).read_text(encoding="utf-8") if Path(path).is_file() and "trigger" not in path else None
    done = on(hosts, "web", f"echo 1 > {path}")
    assert done.returncode != 0
    assert any(reason in done.stderr for reason in REFUSALS), done.stderr
    assert (Path(path).read_text(encoding="utf-8") if before is not None else None) == before


def test_every_interrupt_is_out_of_reach(hosts: SshHosts) -> None:
    done = on(hosts, "web", "for f in /proc/irq/*/smp_affinity; do cat $f > $f && echo wrote $f; done; true")
    assert "wrote" not in done.stdout


def test_a_host_has_its_own_network_processes_name_and_run(hosts: SshHosts) -> None:
    done = on(hosts, "dns", "hostname; ls /proc | grep -c '^[0-9]'; ls /run/netns; cat /proc/1/comm; ls /sys/class/net")
    name, processes, *rest = done.stdout.splitlines()
    assert name == "dns"
    assert int(processes) < 12
    assert rest == ["sshd", "eth0", "lo"]


def test_hosts_reach_each_other(hosts: SshHosts) -> None:
    address = hosts.address("dns")
    script = f"import socket; socket.create_connection(('{address}', 22), 5)"
    assert on(hosts, "web", f'/usr/bin/python3 -c "{script}"').returncode == 0


def test_a_changed_machine_is_noticed(tmp_path: Path) -> None:
    was = HARMLESS.read_text(encoding="utf-8")
    try:
        with pytest.raises(UntouchedError, match=f"{HARMLESS} was '{was.strip()}' and is"), ssh_hosts([], tmp_path):
            HARMLESS.write_text(str(int(was) + 1))
    finally:
        HARMLESS.write_text(was)


def test_a_sysctl_that_moves_by_itself_is_not_compared() -> None:
    first = untouched.snapshot()
    with socket.socket(), open("/dev/null", encoding="utf-8"):
        assert untouched.differences(first, untouched.snapshot()) == []


def test_a_hundred_hosts(tmp_path: Path) -> None:
    names = [f"host{number:03}" for number in range(100)]
    began = time.monotonic()
    with ssh_hosts(names, tmp_path) as hosts:
        up = time.monotonic() - began
        check = "import socket, sys\nfor a in sys.argv[1:]: socket.create_connection((a, 22), 5).recv(4)"
        done = hosts.run(sys.executable, "-c", check, *map(hosts.address, names))
        assert done.returncode == 0, done.stdout
    print(f"100 hosts up in {up:.1f} s, gone after {time.monotonic() - began:.1f} s")
    assert up < 20


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_nothing_outlives_the_owner(number: signal.Signals, tmp_path: Path) -> None:
    mark = new_mark()
    before = traces(mark)
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tmp_path), *command("drain")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, VARIABLE: mark, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert owner.stdout is not None
    assert owner.stdout.readline() == "up\n"
    assert traces(mark).beyond(before)
    owner.send_signal(number)
    owner.wait(30)
    end = time.monotonic() + 10
    while (left := traces(mark).beyond(before)) and time.monotonic() < end:
        time.sleep(0.1)
    assert left == []


def test_nothing_outlives_a_starter_killed_in_mid_start(hosts: SshHosts, tmp_path: Path) -> None:
    folder = tmp_path / "lan"
    mark = new_mark()
    before = traces(mark)
    starter = subprocess.Popen(
        [sys.executable, LAN, "start", "--folder", str(folder), "--owner", "0", "--lifetime", "60", "a", "b"],
        env={**os.environ, VARIABLE: mark},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    end = time.monotonic() + 10
    while not (folder / "user_key").exists() and time.monotonic() < end:
        time.sleep(0.01)
    assert starter.poll() is None
    assert traces(mark).beyond(before)
    starter.kill()
    starter.wait(10)
    end = time.monotonic() + 30
    while ((left := traces(mark).beyond(before)) or folder.exists()) and time.monotonic() < end:
        time.sleep(0.1)
    assert (left, folder.exists()) == ([], False)
