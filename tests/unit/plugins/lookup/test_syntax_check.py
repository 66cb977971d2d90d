# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks pass a syntax check without an inventory, as linters make it, and still refuse to run on nothing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

PLAYBOOKS = Path(__file__).resolve().parents[4] / "playbooks"


def playbook(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ansible.cli.playbook", *words],
        env={**os.environ, "ANSIBLE_INVENTORY": os.devnull},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("name", ["audit", "tune", "rollback"])
def test_no_host_has_to_match(name: str) -> None:
    path = str(PLAYBOOKS / f"{name}.yml")
    done = playbook("--syntax-check", path, "-e", "target=resolvers")
    assert done.returncode == 0, done.stderr
    done = playbook("--list-hosts", path, "-e", "target=resolvers")
    assert done.returncode != 0
    # In words of ours, or where a mismatch is made an error, in those of ansible-core.
    assert re.search("matches no host|Could not match|inventory has no hosts", done.stderr), done.stderr
