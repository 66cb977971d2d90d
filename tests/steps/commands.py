# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every command that a page, a README or CONTRIBUTING shows, run as a reader would."""

from __future__ import annotations

import os
from collections.abc import Sequence

from steps.runner import ROOT, Shell, StepSkippedError
from steps.scenarios import BIN, PATH, need_machines

_PROGRAM = "tests/docs/commands/run.py"
# tree: what works on the repository itself may start virtual machines as well.
ON_HOSTS = ("hosts", "clone")
ON_MACHINE = ("machine", "tree")


def run_commands(scenes: Sequence[str], shell: Shell) -> None:
    """Run the commands that pages show for these scenes."""
    if os.geteuid() != 0:
        raise StepSkippedError("needs root")
    if scenes == ON_MACHINE:
        need_machines(shell, ["bookworm"])
    options = [word for scene in scenes for word in ("--scene", scene)]
    shell.run([BIN / "python", ROOT / _PROGRAM, *options], env={"PATH": PATH})
    shell.count()
