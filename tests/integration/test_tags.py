# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tuning with --tags, planned on this machine in check mode: only what was chosen is looked at and would be set."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.needs_root

HERE = Path(__file__).parent
PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
# Something that no machine has as it is, in two families; the loopback device is everywhere.
WANTED = {
    "udp_tuning_profile": "none",
    "udp_tuning_rmem_max": 123456,
    "udp_tuning_lower": True,
    "udp_tuning_interfaces": "lo",
    "udp_tuning_rps": "0",
    "ansible_connection": "local",
    "ansible_python_interpreter": sys.executable,
}
OF_A_SITE = """\
- hosts: localhost
  gather_facts: false
  tasks:
    - ansible.builtin.debug:
        msg: another role
      tags: nginx
    - ansible.builtin.import_role:
        name: rxpath.linux.udp_tuning
        rolespec_validate: false
      tags: network
"""
PLAN, SYSCTLS, STEERING = "tuning_plan", "sysctl_settings", "packet_steering"


def executed(folder: Path, *words: str) -> list[str]:
    """Run a playbook in check mode; return the modules of the collection that did something, in their order."""
    record = folder / "executions.jsonl"
    done = subprocess.run(
        [PLAYBOOK, "-i", "localhost,", "-e", json.dumps(WANTED), "--check", *words],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        env={
            **os.environ,
            "ANSIBLE_CALLBACK_PLUGINS": str(HERE / "callbacks"),
            "ANSIBLE_CALLBACKS_ENABLED": "executions",
            "RXPATH_EXECUTIONS": str(record),
        },
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [json.loads(line) for line in record.read_text().splitlines()] if record.exists() else []
    ours = [row for row in rows if row["action"].startswith("rxpath.linux.") and not row["result"].get("skipped")]
    return [row["action"].rpartition(".")[2] for row in ours]


@pytest.mark.parametrize(
    ("options", "modules"),
    [
        (("--tags", "udp_tuning"), [PLAN, SYSCTLS, STEERING]),
        (("--tags", "sysctl"), [PLAN, SYSCTLS]),
        (("--tags", "steering,ring"), [PLAN, STEERING]),
        (("--skip-tags", "sysctl"), [PLAN, STEERING]),
        # Nothing of it is there to be set: the plan is all.
        (("--tags", "ring"), [PLAN]),
        (("--skip-tags", "always"), []),
    ],
)
def test_the_playbook_does_what_the_tags_choose(tmp_path: Path, options: tuple[str, ...], modules: list[str]) -> None:
    assert executed(tmp_path, "rxpath.linux.tune", *options) == modules


@pytest.mark.parametrize(
    ("options", "modules"),
    [
        (("--tags", "network"), [PLAN, SYSCTLS, STEERING]),
        (("--tags", "nginx"), []),
        (("--tags", "network", "--skip-tags", "steering"), [PLAN, SYSCTLS]),
    ],
)
def test_a_play_gives_the_role_a_tag_of_its_own(tmp_path: Path, options: tuple[str, ...], modules: list[str]) -> None:
    (tmp_path / "site.yml").write_text(OF_A_SITE, encoding="utf-8")
    assert executed(tmp_path, "site.yml", *options) == modules


def test_the_list_of_tags_names_all_families() -> None:
    done = subprocess.run(
        [PLAYBOOK, "-i", "localhost,", "rxpath.linux.tune", "--list-tags"], capture_output=True, text=True, check=True
    )
    told = "TASK TAGS: [always, channels, coalesce, irq, ring, rss, steering, sysctl, udp_tuning]"
    assert told in done.stdout
