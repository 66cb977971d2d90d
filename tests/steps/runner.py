# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the steps of the test run: each within its time budget, its output in a log, none in the way of the next."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple, Optional

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache"
LOGS = CACHE / "logs"

PASSED = "passed"
FAILED = "failed"
SKIPPED = "skipped"

# Seconds that a step's processes have to put things right after SIGTERM (network namespaces, sysctls) before SIGKILL.
GRACE = 30.0
TAIL_LINES = 40
TAIL_COLUMNS = 300


class StepError(Exception):
    """The step found a fault; its text says which."""


class StepSkippedError(Exception):
    """The step cannot be done here; its text says why."""


class Step(NamedTuple):
    """One step: its name, its budget in seconds, what it does, and the group of steps that it may run beside."""

    name: str
    budget: float
    action: Callable[[Shell], None]
    group: Optional[str] = None


class Outcome(NamedTuple):
    """What became of a step, and why, or what it counted."""

    name: str
    seconds: float
    budget: float
    result: str
    reason: str


class Shell:
    """What a step's action starts programs with: output to the step's log, the whole bounded by its deadline."""

    def __init__(self, name: str, deadline: float) -> None:
        """Take the step's name and the time (of the monotonic clock) at which its budget is used up."""
        self.log = LOGS / f"{name}.log"
        self.counted = ""
        self._deadline = deadline
        self._process: Optional[subprocess.Popen[bytes]] = None
        self._stopped = False
        self._lock = threading.Lock()

    def run(
        self,
        command: Sequence[object],
        *,
        cwd: Path = ROOT,
        env: Optional[Mapping[str, str]] = None,
        allowed: Sequence[int] = (0,),
    ) -> int:
        """Run a program to its end and return its exit code; any not among those allowed fails the step."""
        words = [str(word) for word in command]
        with self.log.open("ab") as log:
            log.write(f"$ {' '.join(words)}\n".encode())
            log.flush()
            with self._lock:
                if self._stopped:
                    raise StepError("interrupted")
                # A session of its own: a signal then reaches whatever the program itself started.
                process = self._process = subprocess.Popen(
                    words,
                    cwd=cwd,
                    env={**os.environ, **(env or {})},
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                )
            try:
                code = process.wait(max(0.0, self._deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._end(process)
                raise StepError(f"used up its budget in: {' '.join(words)}") from None
        if self._stopped:
            raise StepError("interrupted")
        if code not in allowed:
            raise StepError(f"exit code {code} from: {' '.join(words)}")
        return code

    def note(self, text: str) -> None:
        """Write a line into the step's log."""
        with self.log.open("a", encoding="utf-8") as log:
            log.write(text + "\n")

    def count(self) -> None:
        """Keep the last line of the log, with which test programs tell how many tests they ran, for the table."""
        lines = [" ".join(line.split()) for line in self.text().splitlines()]
        self.counted = next((line for line in reversed(lines) if line), "")

    def text(self) -> str:
        """Return what stands in the step's log."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> None:
        """End what the step is running; nothing more is started."""
        with self._lock:
            self._stopped = True
            process = self._process
        if process is not None:
            self._end(process)

    @staticmethod
    def _end(process: subprocess.Popen[bytes]) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                break
            try:
                process.wait(GRACE)
            except subprocess.TimeoutExpired:
                continue


class Runner:
    """Runs steps one after another, those of a group two at a time, and keeps the outcomes."""

    def __init__(self, budget: float) -> None:
        """Take the seconds that all the steps together may use."""
        self._deadline = time.monotonic() + budget
        self._shells: set[Shell] = set()
        self._stopped = False
        self._print = threading.Lock()

    def run(self, steps: Sequence[Step]) -> list[Outcome]:
        """Run all the steps and return their outcomes in the same order."""
        LOGS.mkdir(parents=True, exist_ok=True)
        outcomes: list[Outcome] = []
        for batch in _batches(steps):
            with ThreadPoolExecutor(max_workers=2) as pool:
                outcomes.extend(pool.map(self._one, batch))
        return outcomes

    def stop(self) -> None:
        """End every running step; none is begun after it."""
        self._stopped = True
        for shell in list(self._shells):
            shell.stop()

    def _one(self, step: Step) -> Outcome:
        began = time.monotonic()
        shell = Shell(step.name, min(began + step.budget, self._deadline))
        shell.log.write_bytes(b"")
        self._shells.add(shell)
        result, reason = PASSED, ""
        try:
            if self._stopped:
                raise StepError("interrupted")
            step.action(shell)
            reason = shell.counted
        except StepSkippedError as skip:
            result, reason = SKIPPED, str(skip)
        except StepError as failure:
            result, reason = FAILED, str(failure)
        except OSError as error:
            result, reason = FAILED, f"{type(error).__name__}: {error}"
        finally:
            self._shells.discard(shell)
        outcome = Outcome(step.name, time.monotonic() - began, step.budget, result, reason)
        self._tell(outcome, shell)
        return outcome

    def _tell(self, outcome: Outcome, shell: Shell) -> None:
        with self._print:
            reason = f": {outcome.reason}" if outcome.reason else ""
            print(f"{outcome.name} {outcome.result} after {outcome.seconds:.0f} s{reason}", flush=True)
            if outcome.result == FAILED:
                for line in shell.text().splitlines()[-TAIL_LINES:]:
                    print(f"    {line[:TAIL_COLUMNS]}")
                print(f"    (all of it: {shell.log.relative_to(ROOT)})", flush=True)


def _batches(steps: Sequence[Step]) -> list[list[Step]]:
    batches: list[list[Step]] = []
    for step in steps:
        if batches and step.group is not None and batches[-1][-1].group == step.group:
            batches[-1].append(step)
        else:
            batches.append([step])
    return batches
