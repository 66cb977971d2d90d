# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A window that outlives the execution that started it, as a user without any rights would run it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._sample import detached, private_files
from ansible_collections.rxpath.linux.plugins.module_utils._sample.private_files import DetachedError

START = textwrap.dedent(
    """
    import sys
    from ansible_collections.rxpath.linux.plugins.module_utils._sample import detached, window
    from ansible_collections.rxpath.linux.plugins.module_utils._sample.plan import plan
    from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import Options
    seconds, retention, what = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    planned = plan(Options(window=seconds, namespaces=("host",), max_extension=0.0))
    def work(progress):
        if what == "break":
            raise ValueError("the counters are gone")
        return window.carry_out(planned, window.Clock(ending=progress.ending), progress)
    print(detached.start(work, seconds, seconds, retention))
    """
)


@pytest.fixture(autouse=True)
def runtime_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep the sessions of the tests apart from those of the machine."""
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setattr(private_files, "directories", lambda: [str(tmp_path / "rxpath-linux")])
    return tmp_path / "rxpath-linux"


def _start(directory: Path, window: float, retention: float = 60, what: str = "measure") -> str:
    script = f"""
from ansible_collections.rxpath.linux.plugins.module_utils._sample import private_files
private_files.directories = lambda: [{str(directory)!r}]
"""
    began = time.monotonic()
    # Its output ends only when nobody holds the pipe any longer: a sampler that did would block this.
    done = subprocess.run(
        [sys.executable, "-c", script + START, str(window), str(retention), what],
        capture_output=True,
        text=True,
        check=True,
        timeout=20,
    )
    assert time.monotonic() - began < 5
    return done.stdout.strip()


def _sampler(directory: Path, session: str) -> int:
    """Return the process that holds the session's lock."""
    lock = str(directory / (session + ".lock"))
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            links = [os.readlink(f"/proc/{pid}/fd/{name}") for name in os.listdir(f"/proc/{pid}/fd")]
        except OSError:
            continue
        if lock in links:
            return int(pid)
    raise AssertionError("no sampler")


def _collect(session: str) -> dict[str, Any]:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        answer = detached.collect(session)
        if answer["finished"]:
            return answer
    raise AssertionError("never finished")


def test_start_and_collect(runtime_directory: Path) -> None:
    session = _start(runtime_directory, 1.0)
    assert runtime_directory.stat().st_mode & 0o777 == 0o700
    early = detached.collect(session, patience=0.0)
    assert early["finished"] is False
    assert 0 <= early["remaining"] <= 1.0
    sample = _collect(session)["sample"]
    assert 1.0 <= sample["window"]["seconds"] < 3.0
    assert list(runtime_directory.iterdir()) == [], "collected: nothing stays"
    with pytest.raises(DetachedError, match=r"unknown to uid .* collected"):
        detached.collect(session)


def test_a_window_that_is_asked_to_end(runtime_directory: Path) -> None:
    session = _start(runtime_directory, 60.0)
    time.sleep(0.5)
    sample = detached.collect(session, end_now=True)["sample"]
    assert 0.4 < sample["window"]["seconds"] < 5.0
    assert sample["namespaces"]
    assert list(runtime_directory.iterdir()) == []


def test_the_result_is_for_nobody_else(runtime_directory: Path) -> None:
    session = _start(runtime_directory, 0.2)
    result = runtime_directory / (session + ".result")
    deadline = time.monotonic() + 20
    while not result.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert result.stat().st_mode & 0o777 == 0o600
    json.loads(result.read_text())
    _collect(session)


def test_a_sampler_that_was_killed(runtime_directory: Path) -> None:
    session = _start(runtime_directory, 30.0)
    os.kill(_sampler(runtime_directory, session), signal.SIGKILL)
    with pytest.raises(DetachedError, match="was killed"):
        _collect(session)
    assert list(runtime_directory.iterdir()) == []


def test_a_sampler_that_was_asked_to_end(runtime_directory: Path) -> None:
    session = _start(runtime_directory, 30.0)
    os.kill(_sampler(runtime_directory, session), signal.SIGTERM)
    with pytest.raises(DetachedError, match="SIGTERM"):
        _collect(session)


def test_the_last_words_of_a_sampler_that_failed(runtime_directory: Path) -> None:
    session = _start(runtime_directory, 30.0, what="break")
    with pytest.raises(DetachedError, match="ValueError: the counters are gone"):
        _collect(session)


def test_a_result_that_nobody_collects_is_removed(runtime_directory: Path) -> None:
    _start(runtime_directory, 0.1, retention=1)
    deadline = time.monotonic() + 20
    while any(runtime_directory.iterdir()) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert list(runtime_directory.iterdir()) == []


def test_what_a_killed_sampler_left_is_swept(runtime_directory: Path) -> None:
    first = _start(runtime_directory, 30.0)
    os.kill(_sampler(runtime_directory, first), signal.SIGKILL)
    time.sleep(0.1)
    os.utime(runtime_directory / (first + ".lock"), (0, 0))
    second = _start(runtime_directory, 0.1)
    assert not (runtime_directory / (first + ".lock")).exists()
    _collect(second)


def test_a_session_that_is_just_being_made_is_left_alone(runtime_directory: Path) -> None:
    """Many hosts of a test bed share one directory: a session's file is there a moment before it is locked."""
    runtime_directory.mkdir(mode=0o700)
    new = runtime_directory / ("a" * 32 + ".lock")
    new.touch()
    second = _start(runtime_directory, 0.1)
    assert new.exists()
    _collect(second)


@pytest.mark.parametrize("session", ["", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 33, "0" * 31 + "\n"])
def test_what_is_no_session(session: str) -> None:
    with pytest.raises(DetachedError, match="is no session"):
        detached.collect(session)


@pytest.mark.parametrize("plant", ["link", "file", "open"])
def test_a_planted_directory_is_refused(runtime_directory: Path, tmp_path: Path, plant: str) -> None:
    if plant == "link":
        (tmp_path / "elsewhere").mkdir(mode=0o700)
        runtime_directory.symlink_to(tmp_path / "elsewhere")
    elif plant == "file":
        runtime_directory.touch()
    else:
        runtime_directory.mkdir()
        runtime_directory.chmod(0o755)
    with pytest.raises(DetachedError, match="no private directory"):
        private_files.make_directory()


def test_a_planted_result_is_refused(runtime_directory: Path, tmp_path: Path) -> None:
    runtime_directory.mkdir(mode=0o700)
    secret = tmp_path / "secret"
    secret.write_text("{}")
    stem = runtime_directory / ("0" * 32)
    stem.with_suffix(".lock").touch()
    stem.with_suffix(".result").symlink_to(secret)
    with pytest.raises(DetachedError, match="symbolic link"):
        detached.collect("0" * 32)
