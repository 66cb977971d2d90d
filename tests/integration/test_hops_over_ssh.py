# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbook hops as its users run it: over SSH, as another user than the one that logs in; and hosts go away."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.tests.hosts.namespaces import SSHD, SshHosts, ssh_hosts

pytestmark = [pytest.mark.needs_root, pytest.mark.skipif(not SSHD, reason="no sshd on this machine")]

PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
PATH = ("client", "proxy", "server")
# Root logs in, and nobody measures: what was started has to be found again by the same user.
NOBODY = {
    "ansible_become": True,
    "ansible_become_method": "su",
    "ansible_become_user": "nobody",
    "ansible_become_flags": "-s /bin/sh",
    "ansible_remote_tmp": "/run/tmp",
    "ansible_system_tmpdirs": ["/run/tmp"],
}
REFUSE = "table inet gone { chain c { type filter hook input priority 0; tcp dport 22 reject with tcp reset; }; }"


@pytest.fixture
def hosts(tmp_path: Path) -> Iterator[SshHosts]:
    """Three hosts with a directory for everybody's temporary files."""
    with ssh_hosts(PATH, tmp_path) as made:
        for name in PATH:
            subprocess.run([*made.enter(name), "chmod", "1777", "/run/tmp"], check=True)
        yield made


def play(hosts: SshHosts, more: dict[str, Any], variables: dict[str, Any]) -> list[str]:
    """Return the command of a run over the hosts, each of which has ``more`` variables."""
    inventory = hosts.write_inventory(dict.fromkeys(PATH, more))
    chosen = {"path": ",".join(PATH), "udp_hops_namespaces": "host", **variables}
    return [PLAYBOOK, "-i", str(inventory), "rxpath.linux.hops", "-e", json.dumps(chosen)]


def read(directory: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((directory / "udp-audit/hops.json").read_text(encoding="utf-8"))
    return found


def until_it_goes(hosts: SshHosts, command: Sequence[str], when: str, name: str) -> tuple[int, str]:
    """Run a command, let a host refuse SSH as soon as a line has ``when`` in it, and return exit code and output."""
    environment = {**os.environ, "ANSIBLE_SSH_CONTROL_PATH_DIR": str(hosts.folder / "cp")}
    whole = [*hosts.enter(), *command]
    with subprocess.Popen(
        whole, cwd=hosts.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None
        lines = []
        for line in running.stdout:
            lines.append(line)
            if when in line:
                subprocess.run([*hosts.enter(name), "nft", REFUSE], check=True)
    return running.returncode, "".join(lines)


def test_a_probe_between_users_without_rights(hosts: SshHosts) -> None:
    probe = {"udp_hops_probe": True, "udp_hops_probe_duration": 0.5, "udp_hops_probe_legs": "direct"}
    done = hosts.run(*play(hosts, NOBODY, probe), cwd=hosts.folder)
    assert done.returncode == 0, done.stdout
    (one,) = read(hosts.folder)["rounds"]
    assert (one["numbered"], one["arrived"], one["status"]) == (500, 500, "pass")
    assert "not permitted" in " ".join(one["hosts"]["server"]["unread"]), "nobody has no rights"


def test_a_host_that_goes_away_within_the_window_is_told_and_the_others_are_measured(hosts: SshHosts) -> None:
    code, output = until_it_goes(hosts, play(hosts, {}, {"udp_hops_window": 2}), "Wait for the windows", "proxy")
    assert code == 4, output
    report = read(hosts.folder)
    (one,) = report["rounds"]
    outcomes = {name: host["outcome"] for name, host in one["hosts"].items()}
    assert outcomes == {"client": "measured", "proxy": "unreachable", "server": "measured"}, output
    assert report["status"] == "error"
    recap = {line.split()[0]: line for line in output.splitlines() if "unreachable=" in line}
    assert {name: "unreachable=1" in line for name, line in recap.items()} == {
        "client": False,
        "proxy": True,
        "server": False,
    }


def test_a_receiver_that_goes_away_under_the_probe(hosts: SshHosts) -> None:
    probe = {"udp_hops_probe": True, "udp_hops_probe_duration": 1, "udp_hops_probe_legs": "direct"}
    code, output = until_it_goes(hosts, play(hosts, {}, probe), "Send the probe", "server")
    assert code == 4, output
    (one,) = read(hosts.folder)["rounds"]
    assert one["status"] == "error"
    assert "not measured, since of server" in one["verdicts"][0], output
    assert one["hosts"]["client"]["outcome"] == "measured"
