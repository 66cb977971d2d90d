# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The shell of a page: one state, no input, an exit code for each command, an end to all that it started."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.docs.commands.session import Session, TimeLimitError


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "log"


@pytest.fixture
def shell(tmp_path: Path, log: Path) -> Iterator[Session]:
    folder = tmp_path / "page"
    folder.mkdir()
    with log.open("ab", buffering=0) as handle, Session(folder, {"PATH": os.environ["PATH"]}, handle) as session:
        yield session


def test_commands_share_one_state(shell: Session, log: Path) -> None:
    assert shell.run("mkdir there && cd there && export NAME=web1", 10) == 0
    assert shell.run('echo "$NAME in ${PWD##*/}" >&2', 10) == 0
    assert log.read_text() == "web1 in there\n"
    assert shell.folder.name == "there"


@pytest.mark.parametrize(
    ("command", "code"), [("false", 1), ("(exit 4)", 4), ("nosuchcommand", 127), ("false | cat", 1), ("if", 2)]
)
def test_exit_codes_are_told_and_the_shell_lives_on(shell: Session, command: str, code: int) -> None:
    assert shell.run(command, 10) == code
    assert shell.run("true", 10) == 0


def test_a_here_document_and_a_remark_are_understood(shell: Session, log: Path) -> None:
    assert shell.run("cat <<'EOF'\none $two\nEOF", 10) == 0
    assert shell.run("echo three   # a remark", 10) == 0
    assert log.read_text() == "one $two\nthree\n"


def test_nothing_can_be_typed(shell: Session) -> None:
    assert shell.run("read -r line", 10) == 1


def test_no_command_holds_the_shells_own_descriptors(shell: Session, log: Path) -> None:
    assert shell.run("ls /proc/self/fd", 10) == 0
    # Standard input, output, error, and the directory that ls reads.
    assert log.read_text().split() == ["0", "1", "2", "3"]


def test_an_exit_ends_the_shell_and_no_later_command_passes(shell: Session) -> None:
    assert shell.run("exit 7", 10) == 7
    assert shell.run("true", 10) != 0


def test_a_command_that_does_not_end_is_ended_with_all_it_started(shell: Session, tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(TimeLimitError, match="not done after 1 s"):
        shell.run(f"sleep 60 & echo $! >{tmp_path}/pid; sleep 60", 1)
    assert time.monotonic() - began < 20
    pid = (tmp_path / "pid").read_text().strip()
    # What was killed may still be on its way out.
    while time.monotonic() - began < 20 and state(pid) not in {"", "Z"}:
        time.sleep(0.1)
    assert state(pid) in {"", "Z"}


def state(pid: str) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return ""
