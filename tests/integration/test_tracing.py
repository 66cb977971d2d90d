# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Nothing stays in tracefs, however a sampler ends; in a real tracefs that only this test sees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.needs_root

INSIDE = Path(__file__).with_name("tracing_inside.py")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("tracefs")
    can = subprocess.run(
        ["unshare", "--mount", "mount", "-t", "tracefs", "tracefs", str(folder)], capture_output=True, check=False
    )
    if can.returncode:
        pytest.skip(f"tracefs cannot be mounted: {can.stderr.decode().strip()}")
    done = subprocess.run(
        ["unshare", "--mount", sys.executable, str(INSIDE), str(folder)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "LC_ALL": "C.UTF-8"},
    )
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    return result


def test_an_instance_records_nothing_and_goes(told: dict[str, Any]) -> None:
    closed = told["closed"]
    assert closed.pop("kilobytes") <= 64
    assert closed == {"made": True, "tracing": "0", "closed": True, "again": True, "guardian": False}


@pytest.mark.parametrize("how", ["killed", "terminated"])
def test_a_guardian_outlives_the_sampler(told: dict[str, Any], how: str) -> None:
    assert told[how] == {"made": True, "gone": True, "guardian": False}


def test_the_next_sampler_removes_what_is_left(told: dict[str, Any]) -> None:
    assert told["left behind"] == {
        "there": True,
        "gone": True,
        "of the living": True,
        "of others": [True, True],
        "gone at last": True,
    }


def test_a_reader_delays_the_removal(told: dict[str, Any]) -> None:
    assert told["busy"] == {"removed": True}


def test_what_this_kernel_can(told: dict[str, Any]) -> None:
    assert told["opened"] == told["histograms"]
    if told["opened"]:
        assert told["unknowns"] == []
        assert told["counted"]["uncounted"] == 0
    else:
        (unknown,) = told["unknowns"]
        assert unknown["what"] == "drop reasons of the kernel"
        assert "CONFIG_HIST_TRIGGERS" in unknown["why"]


def test_without_rights_the_report_says_what_would_help(told: dict[str, Any]) -> None:
    (unknown,) = told["nobody"]
    assert "Permission denied" in unknown["why"]
    assert "root's rights" in unknown["remedy"]


def test_nothing_is_left(told: dict[str, Any]) -> None:
    assert [name for name in told["left"] if name.startswith("rxpath-linux-")] == []
