# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a run of the role costs on a host where nothing differs, against a ping of the same host over the same SSH."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.tests.hosts.namespaces import SshHosts, ssh_hosts  # noqa: E402

BIN = Path(sys.executable).parent
HOST = "web"
# The host's devices and its own sysctls are looked at as always. What it shares with this machine, and what this
# machine has other values of, is kept: a namespace could not change it.
VARIABLES = {
    "udp_tuning_profile": "full",
    "udp_tuning_rmem_max": "keep",
    "udp_tuning_udp_mem": "keep",
    "udp_tuning_netdev_max_backlog": "keep",
}


class Cost(NamedTuple):
    """Seconds of a ping and of the role right after it, each time, and the modules that one run executes."""

    ping: list[float]
    role: list[float]
    executions: int


def cost(repeats: int) -> Cost:
    """Measure on a host made of namespaces, in pairs, with its SSH connection open."""
    with tempfile.TemporaryDirectory(prefix="rxc-") as folder, ssh_hosts([HOST], Path(folder)) as hosts:
        inventory = str(hosts.write_inventory({HOST: {}}))
        ping = [str(BIN / "ansible"), HOST, "-i", inventory, "-m", "ansible.builtin.ping"]
        role = [str(BIN / "ansible-playbook"), "-i", inventory, "playbooks/tune.yml", "-e", json.dumps(VARIABLES)]
        _seconds(hosts, ping)
        text = _run(hosts, [*role, "-vvv"])
        if "changed=0 " not in text:
            raise RuntimeError(f"something differs on the host: {text[-2000:]}")
        pairs = [(_seconds(hosts, ping), _seconds(hosts, role)) for _ in range(repeats)]
    return Cost([pair[0] for pair in pairs], [pair[1] for pair in pairs], text.count("Using module file "))


def _seconds(hosts: SshHosts, command: list[str]) -> float:
    began = time.monotonic()
    _run(hosts, command)
    return time.monotonic() - began


def _run(hosts: SshHosts, command: list[str]) -> str:
    done = hosts.run(*command, cwd=ROOT)
    if done.returncode:
        raise RuntimeError(f"{command[0]}: exit {done.returncode}: {done.stdout[-2000:]}")
    return done.stdout
