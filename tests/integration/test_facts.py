# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module receive_path_facts, run by Ansible on this machine, as root and as nobody."""

from __future__ import annotations

import json
import os
import pwd
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.needs_root

# The interpreter may lie where only root can look, so everything is imported before root is given up.
PROGRAM = """
import os, sys
from ansible_collections.rxpath.linux.plugins.modules import receive_path_facts
user, group = int(sys.argv[1]), int(sys.argv[2])
del sys.argv[1:]
if user != 0:
    os.setgroups([])
    os.setgid(group)
    os.setuid(user)
receive_path_facts.main()
"""


def run(user: str = "root", **options: Any) -> dict[str, Any]:
    """Run the module as Ansible's wrapper does, and return its result."""
    account = pwd.getpwnam(user)
    arguments = {"_ansible_remote_tmp": tempfile.gettempdir(), "_ansible_keep_remote_files": False, **options}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(account.pw_uid), str(account.pw_gid)],
        input=json.dumps({"ANSIBLE_MODULE_ARGS": arguments}),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[1:]), "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize("user", ["root", "nobody"])
@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
def test_facts(user: str, check: bool) -> None:
    result = run(user, _ansible_check_mode=check)
    assert not result.get("failed"), result
    assert set(result) <= {"ansible_facts", "invocation", "changed"}
    assert result.get("changed", False) is False
    facts = result["ansible_facts"]["receive_path"]
    assert len(json.dumps(facts)) < 64 * 1024
    running = Path("/proc/sys/net/core/rmem_max").read_text()
    assert facts["sysctls"]["values"]["net.core.rmem_max"]["running"] == int(running)
    assert facts["cpus"]["online"] == Path("/sys/devices/system/cpu/online").read_text().strip()
    devices = {path.name for path in Path("/sys/class/net").iterdir() if (path / "device").exists()}
    assert devices <= set(facts["interfaces"])
    for name in devices:
        assert facts["interfaces"][name]["driver"] == (Path("/sys/class/net") / name / "device/driver").resolve().name
    assert all(set(item) == {"what", "why", "remedy"} for item in facts["unknowns"])
    if user == "root":
        assert facts["unknowns"] == []


def test_loopback_by_name() -> None:
    facts = run(interfaces=["lo"])["ansible_facts"]["receive_path"]
    assert list(facts["interfaces"]) == ["lo"]
    assert facts["interfaces"]["lo"]["kind"] == "loopback"


def test_unreadable_file_is_named() -> None:
    """A sysctl file that only root may read is an unknown for nobody, not an absent setting."""
    directory = Path("/run/sysctl.d")
    made = not directory.exists()
    directory.mkdir(exist_ok=True)
    file = directory / "00-rxpath-test.conf"
    try:
        file.write_text("# nothing is set here\n")
        file.chmod(0o600)
        unknowns = run("nobody")["ansible_facts"]["receive_path"]["unknowns"]
        assert {"what": str(file), "why": "Permission denied", "remedy": "run as root (become: true)"} in unknowns
        assert run()["ansible_facts"]["receive_path"]["unknowns"] == []
    finally:
        file.unlink()
        if made:
            directory.rmdir()


def test_unknown_interface() -> None:
    result = run(interfaces=["no-such0"])
    assert result["failed"] is True
    assert result["msg"].startswith("no such network interface: no-such0 (this host has: ")


def test_packed_by_ansible() -> None:
    """Everything that the module imports travels with it to the host."""
    done = subprocess.run(
        [sys.executable, "-m", "ansible", "adhoc", "localhost", "-m", "rxpath.linux.receive_path_facts"],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(sys.path[1:]),
            "ANSIBLE_CALLBACK_RESULT_FORMAT": "json",
            "ANSIBLE_NOCOLOR": "1",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    facts = json.loads(done.stdout[done.stdout.index("{") :])["ansible_facts"]["receive_path"]
    assert facts["schema"] == 1
