# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Hosts to reach over SSH: network namespaces with an sshd each, joined by a bridge in a namespace of its own.

Use it where Ansible's side is tested: inventories, forks, unreachable hosts. Each host has the network counters and
sockets of a host of its own; the file system, the processes, the kernel and its sysctls are this machine's, so nothing
may be changed there that lies outside the network namespace, and an audit of one host should be told to look at
``udp_audit_namespaces=host`` only, or it sees all the others.

    with ssh_hosts(["web", "dns"], tmp_path) as hosts:
        hosts.start([*command("drain"), "-w", "30"], "dns")            # a program on a host; says "ready"
        hosts.start([*command("flood"), "-a", hosts.address("dns")]).go()    # one on the bridge
        inventory = hosts.write_inventory({"web": {}, "dns": {"udp_audit_window": 3}})
        done = hosts.run("ansible-playbook", "-i", str(inventory), "audit.yml")

Everything made here ends with the ``with`` block. Needs root, ip and sshd.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.rxpath.linux.tests.matrix.bed import Program, run

PREFIX = "rxh"
_NUMBERS = itertools.count(1)
_READY_SECONDS = 20.0
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")

_CONFIGURATION = """\
ListenAddress {address}
HostKey {folder}/host_key
AuthorizedKeysFile {folder}/user_key.pub
PidFile none
UsePAM no
UseDNS no
StrictModes no
PermitRootLogin prohibit-password
PasswordAuthentication no
MaxStartups 100
Subsystem sftp internal-sftp
"""


class SshHosts:
    """The hosts of one ``ssh_hosts`` block."""

    def __init__(self, names: Sequence[str], folder: Path) -> None:
        self.names = list(names)
        self.folder = folder
        self.session = f"{PREFIX}{os.getpid()}-{next(_NUMBERS)}"
        self.lan = f"{self.session}-lan"
        self.programs: list[Program] = []
        self.daemons: list[subprocess.Popen[bytes]] = []

    def address(self, name: str) -> str:
        """Return the IPv4 address of a host."""
        high, low = divmod(self.names.index(name) + 2, 250)
        return f"10.88.{high}.{low + 1}"

    def namespace(self, name: str) -> str:
        """Return the network namespace that is a host."""
        return f"{self.session}-{self.names.index(name)}"

    def start(self, command: Sequence[str], name: str | None = None) -> Program:
        """Start a traffic program on a host, or on the bridge, and return it when it has said that it is ready."""
        program = Program(command, self.lan if name is None else self.namespace(name))
        self.programs.append(program)
        return program.ready()

    def run(
        self, *command: str, cwd: Path | None = None, env: Mapping[str, str] | None = None, timeout: float = 120
    ) -> subprocess.CompletedProcess[str]:
        """Run a program beside the bridge, from where all hosts are reached; its output is one text."""
        return subprocess.run(
            ["ip", "netns", "exec", self.lan, *command],
            cwd=cwd,
            env={**os.environ, "ANSIBLE_SSH_CONTROL_PATH_DIR": str(self.folder / "cp"), **(env or {})},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )

    def variables(self, name: str) -> dict[str, Any]:
        """Return what Ansible needs to reach a host."""
        options = "-o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ConnectTimeout=5 -o LogLevel=ERROR"
        return {
            "ansible_host": self.address(name),
            "ansible_user": "root",
            "ansible_ssh_private_key_file": str(self.folder / "user_key"),
            "ansible_ssh_common_args": options,
            "ansible_python_interpreter": "/usr/bin/python3",
            "ansible_pipelining": True,
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
            run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(self.folder / key))
        run("ip", "netns", "add", self.lan)
        batch = ["link set lo up", "link add br0 type bridge", "addr add 10.88.0.1/16 dev br0", "link set br0 up"]
        run("ip", "-n", self.lan, "-batch", "-", stdin="\n".join(batch))
        for index, name in enumerate(self.names):
            self._join(index, name)
        # sshd refuses to run without it; the distribution makes it only where its own service runs.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
        logs = [self._daemon(name) for name in self.names]
        end = time.monotonic() + _READY_SECONDS
        while not all(re.search(rb"Server listening", log.read_bytes()) for log in logs):
            if time.monotonic() > end:
                raise RuntimeError("sshd did not start: " + " ".join(log.read_text() for log in logs))
            time.sleep(0.05)

    def _join(self, index: int, name: str) -> None:
        namespace = self.namespace(name)
        run("ip", "netns", "add", namespace)
        run("ip", "link", "add", "eth0", "netns", namespace, "type", "veth", "peer", "name", f"p{index}",
            "netns", self.lan)  # fmt: skip
        batch = ["link set lo up", f"addr add {self.address(name)}/16 dev eth0", "link set eth0 up"]
        run("ip", "-n", namespace, "-batch", "-", stdin="\n".join(batch))
        run("ip", "-n", self.lan, "link", "set", f"p{index}", "master", "br0", "up")

    def _daemon(self, name: str) -> Path:
        configuration = self.folder / f"{name}.sshd_config"
        configuration.write_text(_CONFIGURATION.format(address=self.address(name), folder=self.folder))
        log = self.folder / f"{name}.sshd.log"
        with log.open("wb") as stderr:
            self.daemons.append(
                subprocess.Popen(
                    ["ip", "netns", "exec", self.namespace(name), str(SSHD), "-D", "-e", "-f", str(configuration)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                )
            )
        return log

    def remove(self) -> None:
        """End what runs in the namespaces, by process id, and remove them."""
        for program in self.programs:
            program.kill()
        for daemon in self.daemons:
            daemon.kill()
            daemon.wait()
        for namespace in [*(self.namespace(name) for name in self.names), self.lan]:
            # Sessions and samplers: they are children of the daemons above.
            for pid in run("ip", "netns", "pids", namespace, check=False).split():
                with contextlib.suppress(ProcessLookupError):
                    os.kill(int(pid), signal.SIGKILL)
            run("ip", "netns", "del", namespace, check=False)


@contextlib.contextmanager
def ssh_hosts(names: Sequence[str], folder: Path) -> Iterator[SshHosts]:
    """Make one host for each name; keys, logs and inventories lie in ``folder``."""
    hosts = SshHosts(names, folder)
    try:
        hosts.build()
        yield hosts
    finally:
        hosts.remove()
