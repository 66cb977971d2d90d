# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces with a veth pair between a sender and a receiver, and the processes in them.

Everything made here ends with the ``with`` block, also on SIGINT and SIGTERM; what a killed run left behind is
swept by the next one (names carry the process id).
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import FrameType
from typing import Any, Callable, Dict, List, Optional, Sequence

from . import tools
from .guard import Sysctls

CLONE_NEWNET = 0x40000000
PR_SET_PDEATHSIG = 1
PREFIX = "rxm"
_libc = ctypes.CDLL(None, use_errno=True)


def run(*command: str, check: bool = True, stdin: Optional[str] = None) -> str:
    """Run a program of the bed and return what it printed."""
    done = subprocess.run(command, input=stdin, text=True, capture_output=True, check=False)
    if check and done.returncode:
        raise RuntimeError("%s: %s" % (" ".join(command), done.stderr.strip()))
    return done.stdout


def _enter(namespace: Optional[str], cpu: Optional[int]) -> Callable[[], None]:
    def enter() -> None:
        _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})
        if namespace is not None:
            handle = os.open("/run/netns/" + namespace, os.O_RDONLY)
            if _libc.setns(handle, CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), "setns " + namespace)
            os.close(handle)

    return enter


class Program:
    """A traffic program in a namespace: says "ready", works, ends with one line of JSON."""

    def __init__(
        self, command: Sequence[str], namespace: Optional[str], cpu: Optional[int] = None, pass_fds: Sequence[int] = ()
    ) -> None:
        self.command = list(command)
        self.process = subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=_enter(namespace, cpu),  # single-threaded at this moment
            pass_fds=pass_fds,
        )
        self.pid = self.process.pid
        self.result: Optional[Dict[str, Any]] = None

    def ready(self) -> Program:
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        if line.strip() != "ready":
            raise RuntimeError("%s did not start: %r" % (self.command, line))
        return self

    def go(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def signal(self, number: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            self.process.send_signal(number)

    def wait(self, timeout: float = 30.0) -> Dict[str, Any]:
        """Return the program's result; it must be on its way to its end."""
        if self.result is None:
            assert self.process.stdout is not None
            if not select.select([self.process.stdout], [], [], timeout)[0]:
                raise RuntimeError("%s gave no result in %.0f s" % (self.command, timeout))
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError("%s ended without a result" % self.command)
            self.result = json.loads(line)
            self.process.wait(timeout)
        return self.result

    def stop(self) -> Dict[str, Any]:
        """Ask a reader to end and return its result."""
        if self.result is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGTERM)
        return self.wait()

    def kill(self) -> None:
        self.signal(signal.SIGKILL)
        self.process.wait()


class Bed:
    """One case's namespaces; ``sender`` and ``receiver`` are joined by eth0: 10.9.0.1, 10.9.0.2 (fd09::1, fd09::2)."""

    def __init__(self) -> None:
        self.namespaces: List[str] = []
        self.programs: List[Program] = []
        self.cleanups: List[Callable[[], None]] = []
        self.sysctls = Sysctls()
        self.sender = self.receiver = ""

    def __enter__(self) -> Bed:
        sweep()

        def leave(number: int, frame: Optional[FrameType]) -> None:
            sys.exit(128 + number)

        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, leave)
        try:
            self._build()
        except BaseException:
            self.__exit__()
            raise
        return self

    def _build(self) -> None:
        self.sender, self.receiver = self.namespace("src"), self.namespace("dst")
        self.join(self.sender, self.receiver)

    def __exit__(self, *_: object) -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        for program in self.programs:
            program.kill()
        for cleanup in reversed(self.cleanups):
            with contextlib.suppress(OSError, RuntimeError):
                cleanup()
        for name in self.namespaces:
            run("ip", "netns", "del", name, check=False)
        self.sysctls.restore()

    def name(self, label: str) -> str:
        """Return what a namespace is called: what sweeps up after a killed run finds its process by it."""
        return "%s%d-%s" % (PREFIX, os.getpid(), label)

    def namespace(self, label: str) -> str:
        name = self.name(label)
        run("ip", "netns", "add", name)
        self.namespaces.append(name)
        prepare(name)
        return name

    def join(
        self,
        left: str,
        right: str,
        net: int = 9,
        left_device: str = "eth0",
        right_device: str = "eth0",
        mtu: int = 1500,
    ) -> None:
        """Join two namespaces by a veth pair 10.NET.0.1 - 10.NET.0.2 with fixed neighbours (no ARP in a burst)."""
        macs = ("02:00:00:00:%02x:01" % net, "02:00:00:00:%02x:02" % net)
        here = (left_device, "netns", left, "address", macs[0], "mtu", str(mtu))
        there = (right_device, "netns", right, "address", macs[1], "mtu", str(mtu))
        run("ip", "link", "add", *here, "type", "veth", "peer", "name", *there)
        for name, device, end, other in ((left, left_device, 1, 2), (right, right_device, 2, 1)):
            batch = "\n".join((
                "addr add 10.%d.0.%d/24 dev %s" % (net, end, device),
                "addr add fd%02d::%d/64 dev %s nodad" % (net, end, device),
                "link set %s addrgenmode none" % device,  # no router solicitations among the counted packets
                "link set %s up" % device,
                "neigh replace 10.%d.0.%d dev %s lladdr %s nud permanent" % (net, other, device, macs[other - 1]),
                "neigh replace fd%02d::%d dev %s lladdr %s nud permanent" % (net, other, device, macs[other - 1]),
            ))  # fmt: skip
            run("ip", "-n", name, "-batch", "-", stdin=batch)

    def within(self, namespace: str, *command: str, check: bool = True, stdin: Optional[str] = None) -> str:
        """Run a program in a namespace (with its own /sys) and return what it printed."""
        return run("ip", "netns", "exec", namespace, *command, check=check, stdin=stdin)

    def sysctl(self, namespace: str, key: str, value: str) -> None:
        self.within(namespace, "sysctl", "-qw", "%s=%s" % (key, value))

    def start(
        self, command: Sequence[str], namespace: Optional[str], cpu: Optional[int] = None, pass_fds: Sequence[int] = ()
    ) -> Program:
        program = Program(command, namespace, cpu, pass_fds)
        self.programs.append(program)
        return program.ready()

    def reader(
        self,
        *options: str,
        namespace: str = "",
        cpu: Optional[int] = None,
        kind: str = "drain",
        fds: Sequence[int] = (),
    ) -> Program:
        return self.start([*tools.command(kind), *options], namespace or self.receiver, cpu, fds)

    def flood(self, *options: str, namespace: str = "", cpu: Optional[int] = None) -> Program:
        """A sender that waits for ``go``; to 10.9.0.2 port 5300 unless told otherwise."""
        return self.start([*tools.command("flood"), "-a", "10.9.0.2", *options], namespace or self.sender, cpu)

    def ends_with(self, process: subprocess.Popen[bytes]) -> None:
        """End a process with the bed."""

        def end() -> None:
            process.kill()
            process.wait()

        self.cleanups.append(end)

    def inode(self, namespace: str) -> int:
        return os.stat("/run/netns/" + namespace).st_ino


def prepare(namespace: str) -> None:
    """Bring up loopback, and let IPv6 report its groups at once: not in the midst of a counted window."""
    quiet = ("mldv2_unsolicited_report_interval=1", "mldv1_unsolicited_report_interval=1", "router_solicitations=0")
    settings = ["net.ipv6.conf.default." + setting for setting in quiet]
    run("ip", "netns", "exec", namespace, "sysctl", "-qw", *settings)
    run("ip", "-n", namespace, "link", "set", "lo", "up")


def sweep() -> None:
    """Remove namespaces of runs whose process is gone, with what still runs in them."""
    for path in Path("/run/netns").glob(PREFIX + "*-*"):
        owner = path.name[len(PREFIX) :].split("-")[0]
        if not owner.isdigit() or Path("/proc", owner).exists():
            continue
        for pid in run("ip", "netns", "pids", path.name, check=False).split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        run("ip", "netns", "del", path.name, check=False)


def pause(seconds: float) -> None:
    time.sleep(seconds)
