# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One shell in which the commands of a page run one after another, as a reader types them."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO, Optional

# Reads commands from one descriptor, each ended by a NUL, and answers with their exit codes on another. A command has
# no standard input, and neither of the two descriptors. An exit ends the shell, as it does a reader's.
_LOOP = """
set -o pipefail
while IFS= read -r -d '' -u {commands} __typed; do
    eval "$__typed" </dev/null {commands}<&- {answers}>&-
    printf '%s\\n' "$?" >&{answers}
done
"""


class TimeLimitError(Exception):
    """A command used up its time; its shell was ended."""


class Session:
    """A shell with a folder and an environment of its own; all that it prints goes to ``log``."""

    def __init__(self, folder: Path, environment: Mapping[str, str], log: BinaryIO) -> None:
        """Start the shell."""
        self._ended = False
        commands, self._commands = os.pipe()
        self._answers, answers = os.pipe()
        # A session of its own: a signal to its group reaches all that its commands have started.
        self._process = subprocess.Popen(
            ["bash", "--noprofile", "--norc", "-c", _LOOP.format(commands=commands, answers=answers)],
            cwd=folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=(commands, answers),
            start_new_session=True,
        )
        os.close(commands)
        os.close(answers)

    @property
    def folder(self) -> Path:
        """Return the directory in which the shell stands."""
        return Path(os.readlink(f"/proc/{self._process.pid}/cwd"))

    def run(self, command: str, seconds: float) -> int:
        """Run a command and return its exit code; TimeLimitError when it does not end in time."""
        with contextlib.suppress(BrokenPipeError):
            os.write(self._commands, command.encode() + b"\0")
        code = self._answer(time.monotonic() + seconds)
        if code is None:
            self.end()
            raise TimeLimitError(f"not done after {seconds:.0f} s")
        return code

    def _answer(self, end: float) -> Optional[int]:
        said = b""
        while not said.endswith(b"\n"):
            if not select.select([self._answers], [], [], max(0.0, end - time.monotonic()))[0]:
                return None
            more = os.read(self._answers, 64)
            if not more:
                # The command was an exit, or killed its own shell.
                return self._process.wait()
            said += more
        return int(said)

    def end(self) -> None:
        """End the shell and whatever it has left running."""
        if self._ended:
            return
        self._ended = True
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(5.0)
        for handle in (self._commands, self._answers):
            os.close(handle)

    def __enter__(self) -> Session:
        """Return the session itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """End it."""
        self.end()
