# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit of a whole fleet over SSH costs on the controller, against a ping of the same hosts.

The hosts are namespaces of this machine, so that controller, sshds and samplers share its processors. Pipelining is
on. Each run begins without an open SSH connection: those of the one before it have ended with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import NamedTuple, Optional

from bench.bounded import Memory, bounded, memory

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.tests.hosts.namespaces import SshHosts, ssh_hosts  # noqa: E402

BIN = Path(sys.executable).parent
_SAMPLE_SECONDS = 0.5
_RUN_SECONDS = 600.0
# In these nothing was measured.
_UNMEASURED = ("error", "unreachable", "not_run")


class Settings(NamedTuple):
    """How many hosts, how many of them at a time, how many pings, and the seconds of the window."""

    hosts: int
    forks: int
    pings: int
    window: float


class Cost(NamedTuple):
    """Seconds of each ping and of the audit, the peaks of its controller's memory in bytes, and its hosts by status."""

    built: float
    ping: list[float]
    audit: float
    programs: int
    ssh: int
    statuses: dict[str, int]


class _Watch(threading.Thread):
    """Looks again and again how much memory a bounded program uses."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.seen: list[Memory] = []
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(_SAMPLE_SECONDS):
            found = memory(self.pid)
            if found is not None:
                self.seen.append(found)


def cost(settings: Settings) -> Cost:
    """Make the hosts, ping them, audit them once in the middle, ping them again."""
    names = [f"web{number:03d}" for number in range(settings.hosts)]
    began = time.monotonic()
    with (
        _ended_by_signals(),
        tempfile.TemporaryDirectory(prefix="rxf-") as folder,
        ssh_hosts(names, Path(folder)) as hosts,
    ):
        built = time.monotonic() - began
        inventory = str(hosts.write_inventory({name: {} for name in names}))
        fleet = ["-i", inventory, "--forks", str(settings.forks)]
        ping = [str(BIN / "ansible"), "all", *fleet, "-m", "ansible.builtin.ping"]
        report = Path(folder, "report")
        audit = [str(BIN / "ansible-playbook"), *fleet, str(ROOT / "audit.yml"), "-e", f"udp_audit_report_dir={report}"]
        # The interpreter's byte code of all plugins is on the disk from here on.
        _timed(hosts, [*audit, "--limit", names[0], "-e", "udp_audit_window=0.1"])
        pings = [_timed(hosts, ping)[0] for _ in range((settings.pings + 1) // 2)]
        seconds, seen = _timed(hosts, [*audit, "-e", f"udp_audit_window={settings.window}"])
        statuses = _statuses(report / "report.json", names)
        pings += [_timed(hosts, ping)[0] for _ in range(settings.pings // 2)]
    programs, ssh = max(one.programs for one in seen), max(one.ssh for one in seen)
    return Cost(built, pings, seconds, programs, ssh, statuses)


def _timed(hosts: SshHosts, command: Sequence[str]) -> tuple[float, list[Memory]]:
    """Run Ansible beside the bridge; return its seconds and what memory it used."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=hosts.folder) as folder:
        log, configuration = Path(folder, "log"), Path(folder, "ansible.cfg")
        configuration.touch()
        environment = {
            **os.environ,
            # Nobody's settings but these, and nothing open that a run before left.
            "ANSIBLE_CONFIG": str(configuration),
            "ANSIBLE_HOME": folder,
            "ANSIBLE_SSH_CONTROL_PATH_DIR": f"{folder}/cp",
            "ANSIBLE_PIPELINING": "true",
        }
        began = time.monotonic()
        with log.open("wb") as output:
            process = subprocess.Popen(
                bounded(command, hosts.enter()),
                cwd=hosts.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            watch = _Watch(process.pid)
            watch.start()
            try:
                code = process.wait(_RUN_SECONDS)
                seconds = time.monotonic() - began
            finally:
                watch.over.set()
                process.kill()
                process.wait()
                watch.join()
        if code:
            text = log.read_text(encoding="utf-8", errors="replace")
            raise RuntimeError(f"{command[0]}: exit {code}: {text[-2000:]}")
    return seconds, watch.seen


def _statuses(path: Path, names: Sequence[str]) -> dict[str, int]:
    hosts = json.loads(path.read_text(encoding="utf-8"))["hosts"]
    statuses = [entry["status"] for entry in hosts.values()]
    counted = {status: statuses.count(status) for status in sorted(set(statuses))}
    if set(hosts) != set(names) or set(_UNMEASURED) & set(counted):
        raise RuntimeError(f"not all of {len(names)} hosts were measured: {counted}")
    return counted


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Leave by the way of an exception, so that what was made is removed, also when this process is asked to end."""

    def leave(number: int, _frame: Optional[FrameType]) -> None:
        sys.exit(128 + number)

    before = {number: signal.signal(number, leave) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
