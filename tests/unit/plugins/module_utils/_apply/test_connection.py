# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which connection a process hangs on."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.connection import (
    Session,
    boot_clock,
    parse_stat,
    session_of,
)
from hypothesis import given
from hypothesis import strategies as st

TAIL = "1 1 0 -1 4194560 1176 0 0 0 4 2 0 0 20 0 1 0 {start} 15687680 1900"


def process(proc: Path, pid: int, name: str, parent: int, start: int = 100) -> None:
    (proc / str(pid)).mkdir(parents=True)
    (proc / str(pid) / "stat").write_text(f"{pid} ({name}) S {parent} {TAIL.format(start=start)}\n")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("sshd", id="openssh"),
        pytest.param("sshd-session", id="openssh-9.8"),
        pytest.param("dropbear", id="dropbear"),
    ],
)
def test_session_is_the_nearest_server_above(tmp_path: Path, name: str) -> None:
    process(tmp_path, 1, "systemd", 0)
    process(tmp_path, 600, "sshd", 1, 50)
    process(tmp_path, 700, name, 600, 4828)
    process(tmp_path, 710, "sh", 700)
    process(tmp_path, 720, "sudo", 710)
    process(tmp_path, 730, "python3 (x) y", 720)
    assert session_of(730, str(tmp_path)) == Session(700, 4828)


def test_local_run_has_no_session(tmp_path: Path) -> None:
    process(tmp_path, 1, "systemd", 0)
    process(tmp_path, 730, "python3", 1)
    assert session_of(730, str(tmp_path)) is None
    assert session_of(99, str(tmp_path)) is None


def test_walk_ends_where_pids_were_used_again(tmp_path: Path) -> None:
    process(tmp_path, 10, "a", 11)
    process(tmp_path, 11, "b", 10)
    assert session_of(10, str(tmp_path)) is None


def test_session_is_gone_with_its_process_or_when_its_pid_is_anothers(tmp_path: Path) -> None:
    process(tmp_path, 700, "sshd", 1, 4828)
    assert not Session(700, 4828).is_gone(str(tmp_path))
    assert Session(700, 4827).is_gone(str(tmp_path))
    assert Session(701, 4828).is_gone(str(tmp_path))


def test_start_is_on_the_clock_that_nobody_sets() -> None:
    found = parse_stat(Path("/proc/self/stat").read_text())
    assert found is not None
    assert found[1] == os.getppid()
    assert 0 <= boot_clock() - Session(os.getpid(), found[2]).age_of_start() < 24 * 3600


@given(st.text())
def test_any_text_is_a_process_or_none(text: str) -> None:
    found = parse_stat(text)
    assert found is None or len(found) == 3
