# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The policy script, asked as irqbalance asks it: through the shell, by a process with irqbalance's command line."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.irqbalance_script import SCRIPT
from ansible_collections.rxpath.linux.plugins.module_utils._facts.irqbalance_ban import DEVICES_PATH

# classify.c, run_script_for_policy; the arguments after the program are irqbalance's own.
ASK = """
import subprocess, sys
answer = subprocess.run(f"exec {sys.argv[1]} {sys.argv[2]} 35", shell=True, stdout=subprocess.PIPE, text=True)
print(answer.returncode, answer.stdout.strip())
"""
OURS = "/sys/bus/pci/devices/0000:00:05.0"
OTHER = "/sys/bus/pci/devices/0000:00:1f.2"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    devices = tmp_path / "devices"
    devices.write_text("# a comment\n0000:00:05.0 igb\n0000:81:00.1\n")
    return make(tmp_path / "ours", SCRIPT.replace(DEVICES_PATH, str(devices)))


def make(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def ask(script: Path, device: str, *options: str) -> str:
    asking = script.with_name("irqbalance.py")
    asking.write_text(ASK)
    done = subprocess.run(
        [sys.executable, str(asking), str(script), device, *options],
        capture_output=True,
        text=True,
        timeout=20,
        check=True,
    )
    assert done.stderr == ""
    return done.stdout.strip()


@pytest.mark.parametrize("device", [OURS, "/sys/bus/pci/devices/0000:81:00.1", "/sys/devices/pci0000:00/0000:00:05.0"])
def test_listed_devices_are_banned(script: Path, device: str) -> None:
    assert ask(script, device, f"--policyscript={script}") == "0 ban=true"


@pytest.mark.parametrize("device", [OTHER, "/sys", "/sys/bus/pci/devices/0000:00:05.1", "''"])
def test_others_are_left_to_irqbalance(script: Path, device: str) -> None:
    assert ask(script, device, "--foreground", f"--policyscript={script}") == "0"


@pytest.mark.parametrize(
    "options",
    [
        ["--policyscript={}"],
        ["--policyscript", "{}"],
        ["--policy={}"],
        ["-l", "{}"],
        ["-l{}"],
        ["--banirq=3", "--powerthresh=2", "--pid=/run/x", "-l", "/nowhere", "--policyscript={}"],
    ],
)
def test_the_administrators_script_is_asked_about_others(script: Path, tmp_path: Path, options: list[str]) -> None:
    theirs = make(tmp_path / "theirs", '#!/bin/sh\necho "numa_node=$2"\nexit 3\n')
    words = [word.format(theirs) for word in options]
    assert ask(script, OTHER, *words, f"--policyscript={script}") == "3 numa_node=35"
    assert ask(script, OURS, *words, f"--policyscript={script}") == "0 ban=true"


def test_a_directory_of_scripts(script: Path, tmp_path: Path) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    make(folder / "1-not-mine", "#!/bin/sh\necho ban=true\nexit 1\n")
    make(folder / "2-broken", "#!/bin/sh\necho ban=true\nexit 2\n")
    (folder / "3-no-program").write_text("ban=true\n")
    make(folder / "4-decides", "#!/bin/sh\necho balance_level=core\n")
    make(folder / "5-too-late", "#!/bin/sh\necho ban=true\n")
    assert ask(script, OTHER, f"--policyscript={folder}", f"--policyscript={script}") == "0 balance_level=core"


def test_a_script_that_is_not_there(script: Path, tmp_path: Path) -> None:
    assert ask(script, OTHER, f"--policyscript={tmp_path}/none", f"--policyscript={script}") == "0"


def test_a_script_that_asks_ours_is_not_asked_by_it_again(script: Path, tmp_path: Path) -> None:
    theirs = make(tmp_path / "theirs", f'#!/bin/sh\n{script} "$@" || echo ban=false\n')
    assert ask(script, OTHER, f"--policyscript={theirs}", f"--policyscript={script}") == "0 ban=false"
