# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which commands of the pages are run, and that those which are not are run by another step."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.docs.commands import pages
from ansible_collections.rxpath.linux.tests.docs.commands.extract import Command

COMMANDS = [command for page in pages.pages() for command in pages.read(page)]
BARE = sorted({pages.bare(command) for command in COMMANDS})


def known(steps: list[str]) -> subprocess.CompletedProcess[str]:
    words = [sys.executable, str(pages.ROOT / "tests/run.py"), "--list", *steps]
    return subprocess.run(words, capture_output=True, text=True, check=False)


def test_every_page_is_looked_at() -> None:
    assert {Path("README.md"), Path("CONTRIBUTING.md"), Path("docs/docsite/rst/tuning.rst")} < set(pages.pages())
    assert {path.relative_to(pages.ROOT) for path in pages.ROOT.glob("roles/*/README.md")} < set(pages.pages())
    assert len(COMMANDS) > 20


def test_every_scene_has_commands() -> None:
    assert {command.scene for command in COMMANDS} == {"hosts", "machine", "clone", "tree"}


@pytest.mark.parametrize("row", pages.ELSEWHERE, ids=lambda row: str(row.pattern))
def test_an_exception_is_still_used_and_its_steps_exist(row: pages.Elsewhere) -> None:
    assert any(re.fullmatch(row.pattern, bare) for bare in BARE), f"no page shows {row.pattern}"
    done = known(list(row.steps))
    assert done.returncode == 0, done.stderr


def test_steps_that_pages_name_exist() -> None:
    for bare in BARE:
        _, is_shown, words = bare.partition("tests/run.py ")
        if is_shown:
            done = known([word for word in words.split() if not word.startswith("-")])
            assert done.returncode == 0, f"{bare}: {done.stderr}"


@pytest.mark.parametrize(
    "text",
    [
        "make audit",
        "make tests",
        "make test; ls",
        "ls && make check",
        ".venv/bin/python tests/run.py --list",
        ".venv/bin/python tests/run.py unit; ls",
        "molecule test -s nic",
    ],
)
def test_nothing_else_is_excepted(text: str) -> None:
    assert pages.elsewhere(Command(Path("page.md"), 1, "clone", None, text)) is None
