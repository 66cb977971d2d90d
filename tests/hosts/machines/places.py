# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs started by the supervisor in the machine's own network, which it has left itself."""

from __future__ import annotations

import subprocess
from typing import IO, List, Optional, Sequence, Union

from .errors import MachineError

# The folder in the cache onto which the supervisor mounts its private file system, and the socket in there.
PRIVATE = "private"
CONTROL = "control"


class Outside:
    """The network namespace that the bed was started from, as an open file: the internet and SSH are there."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor

    def command(self, command: Sequence[str]) -> List[str]:
        """Return the command that does the same out there."""
        return ["nsenter", f"--net=/proc/self/fd/{self.descriptor}", "--", *command]

    def run(self, command: Sequence[str], timeout: float, check: bool = True) -> str:
        """Run a program to its end and return what it printed, or raise MachineError with it."""
        return run(self.command(command), timeout, check, pass_fds=(self.descriptor,))

    def start(
        self, command: Sequence[str], output: Union[int, IO[bytes]], pass_fds: Sequence[int] = ()
    ) -> subprocess.Popen[bytes]:
        """Start a program and return its process."""
        return subprocess.Popen(
            self.command(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            pass_fds=(self.descriptor, *pass_fds),
        )


def run(
    command: Sequence[str],
    timeout: float,
    check: bool = True,
    pass_fds: Sequence[int] = (),
    stdin: Optional[str] = None,
) -> str:
    """Run a program to its end and return what it printed, or raise MachineError with the end of it."""
    try:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL if stdin is None else None,
            input=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=timeout,
            check=False,
            text=True,
            errors="replace",
            pass_fds=pass_fds,
        )
    except subprocess.TimeoutExpired:
        raise MachineError(f"{' '.join(command)}: not done in {timeout:.0f} s") from None
    if check and done.returncode:
        raise MachineError(f"{' '.join(command)}: exit code {done.returncode}: {done.stdout.strip()[-2000:]}")
    return done.stdout
