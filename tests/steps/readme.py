# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The README's own commands, run in a fresh copy of the repository as a newcomer would."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from steps.artefact import check_reports
from steps.runner import ROOT, Shell, StepError

# A fence marked "shell" holds commands, one marked anything else holds something to look at.
_FENCE = re.compile(r"^```shell\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# The inventory that the README speaks of. There is no sudo where everything is root already.
_INVENTORY = "web1 ansible_connection=local ansible_python_interpreter=/usr/bin/python3 ansible_become_method=su\n"


def commands(text: str) -> list[str]:
    """Return the README's commands in their order."""
    return [line for block in _FENCE.findall(text) for line in block.splitlines() if line and not line.startswith("#")]


def run_readme(shell: Shell) -> None:
    """Run every command of the README in a copy of what git knows, in a home of its own."""
    wanted = commands((ROOT / "README.md").read_text(encoding="utf-8"))
    if not any(command.startswith("make audit") for command in wanted):
        raise StepError("README.md shows no make audit")
    with tempfile.TemporaryDirectory(prefix="rxpath-readme-") as scratch:
        clone, home = Path(scratch, "rxpath.linux"), Path(scratch, "home")
        home.mkdir()
        _copy(clone)
        (clone / "hosts.ini").write_text(_INVENTORY, encoding="utf-8")
        for command in wanted:
            # 2: this machine may be losing datagrams just now. It is the report that is judged.
            shell.run(
                ["bash", "-euo", "pipefail", "-c", command],
                cwd=clone,
                env={"HOME": str(home), "PATH": f"{clone}/.venv/bin:{_path()}", "ANSIBLE_FORCE_COLOR": "0"},
                allowed=(0, 2) if "audit" in command else (0,),
            )
            if "audit" in command:
                check_reports(clone / "udp-audit")
                shutil.rmtree(clone / "udp-audit")


def _path() -> str:
    # Without this repository's own .venv: the copy has to come by one itself.
    entries = subprocess.run(["bash", "-c", "echo $PATH"], capture_output=True, text=True, check=True).stdout.strip()
    return ":".join(entry for entry in entries.split(":") if not entry.startswith(str(ROOT)))


def _copy(clone: Path) -> None:
    """Copy what is committed or would be, as a clone holds it."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    for name in filter(None, listing.stdout.split("\0")):
        source, target = ROOT / name, clone / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target, follow_symlinks=False)
