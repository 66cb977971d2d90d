# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts to reach over SSH: each a set of namespaces with an sshd as its first process, all joined by a bridge.

Use them where Ansible's side is tested: inventories, forks, unreachable hosts; up to 100 of them. Each has its own
network, processes, name, /run and /proc. File system, kernel and global sysctls are this machine's and read-only there
(``host.sh``); after the block the machine's are compared with what they were before it, and a difference is an error.

    with ssh_hosts(["web", "dns"], tmp_path) as hosts:
        hosts.start([*command("drain"), "-w", "30"], "dns")            # a program on a host; says "ready"
        hosts.start([*command("flood"), "-a", hosts.address("dns")]).go()    # one on the bridge
        inventory = hosts.write_inventory({"web": {}, "dns": {"udp_audit_window": 3}})
        done = hosts.run("ansible-playbook", "-i", str(inventory), "audit.yml")

Everything made here ends with the ``with`` block, and with this process if it is killed: the namespaces have no names
that would keep them, and each process in them dies with the one that started it. Needs root, ip, sshd and util-linux.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.rxpath.linux.tests.hosts import untouched
from ansible_collections.rxpath.linux.tests.matrix.bed import Program, run
from ansible_collections.rxpath.linux.tests.matrix.guard import alone

HERE = Path(__file__).parent
_READY_SECONDS = 20.0
_GATEWAY = "10.88.0.1"
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

# A host's first process in namespaces of its own. --kill-child: the kernel ends it, and with it all in its PID
# namespace, when unshare itself ends, which in turn dies with us (Program).
_UNSHARE = ("unshare", "--net", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child=SIGKILL")
# The bridge lives as long as this process; cat ends at the end of its input, which is ours to hold open.
_BRIDGE = f"""
ip link set lo up
ip link add br0 type bridge
ip addr add {_GATEWAY}/16 dev br0
ip link set br0 up
echo ready
exec cat
"""


class UntouchedError(Exception):
    """The machine is not as it was; the text says in what."""


class SshHosts:
    """The hosts of one ``ssh_hosts`` block."""

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        """Take the hosts' names and a folder for keys, logs and inventories."""
        self.names = list(names)
        self.folder = folder
        self.bridge: Program | None = None
        self.hosts: dict[str, Program] = {}
        self.programs: list[Program] = []

    def address(self, name: str) -> str:
        """Return the IPv4 address of a host."""
        high, low = divmod(self.names.index(name) + 2, 250)
        return f"10.88.{high}.{low + 1}"

    def enter(self, name: str | None = None) -> list[str]:
        """Return the words before a command that make it run on a host, or beside the bridge."""
        program = self.bridge if name is None else self.hosts[name]
        assert program is not None
        words = ["nsenter", f"--target={program.pid}", "--net"]
        if name is not None:
            words += ["--mount", "--uts", "--ipc", f"--pid=/proc/{program.pid}/ns/pid_for_children"]
        return [*words, "--"]

    def start(self, command: Sequence[str], name: str | None = None) -> Program:
        """Start a program on a host, or beside the bridge, and return it when it has said that it is ready."""
        program = Program([*self.enter(name), *command], None)
        self.programs.append(program)
        return program.ready()

    def run(
        self, *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a program beside the bridge, from where all hosts are reached; its output is one text."""
        return subprocess.run(
            [*self.enter(), *command],
            cwd=cwd,
            env={**os.environ, "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp"), **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )

    def variables(self, name: str, *, from_outside: bool = False) -> dict[str, Any]:
        """Return what Ansible needs to reach a host from beside the bridge, or from anywhere on this machine."""
        options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5 -o LogLevel=ERROR"
        if from_outside:
            assert self.bridge is not None
            way = shlex.join([sys.executable, str(HERE / "connect.py"), str(self.bridge.pid)])
            options += f" -o ProxyUseFdpass=yes -o ProxyCommand='{way} %h %p'"
        return {
            "ansible_host": self.address(name),
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.folder / "user_key"),
            "ansible_ssh_common_args": options,
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_pipelining": True,
            "ansible_remote_tmp": "/run/ansible",
        }

    def write_inventory(self, hosts: Mapping[str, Mapping[str, Any]], file: str = "hosts.yml") -> Path:
        """Write an inventory of these hosts, each with further variables, and return its path."""
        known = {name: {**(self.variables(name) if name in self.names else {}), **more} for name, more in hosts.items()}
        path = self.folder / file
        path.write_text(yaml.safe_dump({"all": {"hosts": known}}), encoding="utf-8")
        return path

    def build(self) -> None:
        """Make the namespaces and start their daemons."""
        for key in ("host_key", "user_key"):
            (self.folder / key).unlink(missing_ok=True)
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / key))
        self.bridge = Program(["unshare", "--net", "sh", "-eu", "-c", _BRIDGE], None).ready()
        for name in self.names:
            arguments = (name, self.address(name), str(self.folder))
            self.hosts[name] = Program([*_UNSHARE, str(HERE / "host.sh"), *arguments], None)
        for host in self.hosts.values():
            host.ready()
        batch = [
            f"link add p{index} type veth peer name eth0 netns {host.pid}\nlink set p{index} master br0 up"
            for index, host in enumerate(self.hosts.values())
        ]
        run(*self.enter(), "ip", "-batch", "-", stdin="\n".join(batch))
        for host in self.hosts.values():
            host.go()
        self._await_daemons()

    def _await_daemons(self) -> None:
        logs = [Path(f"/proc/{host.pid}/root/run/rxpath/sshd.log") for host in self.hosts.values()]
        end = time.monotonic() + _READY_SECONDS
        while not all(b"Server listening" in log.read_bytes() for log in logs):
            if time.monotonic() > end:
                raise RuntimeError("sshd did not start: " + " ".join(log.read_text() for log in logs))
            time.sleep(0.05)

    def remove(self) -> None:
        """End the hosts, and with them all that runs on them."""
        for program in [*self.programs, *self.hosts.values(), *([self.bridge] if self.bridge else [])]:
            program.kill()


@contextlib.contextmanager
def ssh_hosts(names: Sequence[str], folder: Path) -> Iterator[SshHosts]:
    """Make one host for each name; keys, logs and inventories lie in ``folder``.

    Raises UntouchedError when the machine's own sysctls or interrupts are not afterwards what they were before.
    """
    # Whoever changes a global sysctl on purpose (a case of the fault matrix) holds this lock alone.
    with alone(exclusive=False):
        before = untouched.snapshot()
        hosts = SshHosts(names, folder)
        try:
            hosts.build()
            yield hosts
        finally:
            hosts.remove()
        changed = untouched.differences(before, untouched.snapshot())
        if changed:
            raise UntouchedError("; ".join(changed))
