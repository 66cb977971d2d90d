# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The completion of playbook names, asked as bash asks it when somebody presses Tab."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="no bash on this machine")

ROOT = Path(__file__).resolve().parents[3]
# What bash does: the words of the line and the one under the cursor, then the function that was registered.
PRESS_TAB = """\
set -u
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
[[ $(complete -p ansible-playbook) =~ -F\\ ([^ ]+) ]] && "${BASH_REMATCH[1]}" ansible-playbook
printf '%s\\n' "${COMPREPLY[@]}"
"""
BEFORE = "_others() { COMPREPLY=(--inventory); }\ncomplete -F _others ansible-playbook\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home directory with a collection in the default place, and an Ansible with another one beside it."""
    mine = tmp_path / "home/.ansible/collections/ansible_collections/rxpath/linux/playbooks"
    theirs = tmp_path / "venv/lib/python3.13/site-packages/ansible_collections/acme/net/playbooks"
    for folder in (mine, theirs, tmp_path / "bin", tmp_path / "venv/bin"):
        folder.mkdir(parents=True)
    for name in ("audit.yml", "tune.yml", "rollback.yml", "README.md"):
        shutil.copy(ROOT / "playbooks/audit.yml", mine / name)
    shutil.copy(ROOT / "playbooks/audit.yml", theirs / "upgrade.yaml")
    program = tmp_path / "venv/bin/ansible-playbook"
    program.write_text("#!/bin/sh\n", encoding="utf-8")
    program.chmod(0o755)
    # As pipx puts it: a link from elsewhere.
    (tmp_path / "bin/ansible-playbook").symlink_to(program)
    return tmp_path / "home"


def pressed(home: Path, *words: str, before: str = "", **env: str) -> list[str]:
    completion = ROOT / "docs/examples/completion.bash"
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", before + PRESS_TAB, "bash", str(completion), *words],
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(home), "PATH": f"{home.parent}/bin:/usr/bin:/bin", **env},
    )
    assert not done.stderr
    return done.stdout.split()


def test_the_playbooks_of_the_collection(home: Path) -> None:
    every = ["rxpath.linux.audit", "rxpath.linux.rollback", "rxpath.linux.tune"]
    assert pressed(home, "ansible-playbook", "-i", "hosts.ini", "rxpath.linux.") == every
    assert pressed(home, "ansible-playbook", "rx") == every
    assert pressed(home, "ansible-playbook", "rxpath.linux.t") == ["rxpath.linux.tune"]


def test_collections_beside_ansible_and_in_a_place_that_the_environment_names(home: Path, tmp_path: Path) -> None:
    assert pressed(home, "ansible-playbook", "acme") == ["acme.net.upgrade"]
    elsewhere = tmp_path / "with blank"
    shutil.copytree(home / ".ansible/collections", elsewhere)
    shutil.rmtree(home / ".ansible")
    assert pressed(home, "ansible-playbook", "rxpath.linux.a") == []
    path = f"/nonexistent:{elsewhere}"
    assert pressed(home, "ansible-playbook", "rxpath.linux.a", ANSIBLE_COLLECTIONS_PATH=path) == ["rxpath.linux.audit"]


@pytest.mark.parametrize("word", ["--inv", "site", ""])
def test_everything_else_is_left_to_what_was_there_before(home: Path, word: str) -> None:
    assert pressed(home, "ansible-playbook", word, before=BEFORE) == ["--inventory"]
    assert pressed(home, "ansible-playbook", word) == []


def test_it_can_be_sourced_twice(home: Path) -> None:
    twice = f"{BEFORE}source {ROOT}/docs/examples/completion.bash\n"
    assert pressed(home, "ansible-playbook", "--inv", before=twice) == ["--inventory"]
    assert pressed(home, "ansible-playbook", "rxpath.linux.t", before=twice) == ["rxpath.linux.tune"]
