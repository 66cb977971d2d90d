# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs a molecule scenario as a user would, ends it in its midst, and tells what it left behind."""

from __future__ import annotations

import contextlib
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Optional

from .traces import VARIABLE, new_mark, traces

ROOT = Path(__file__).resolve().parents[2]
_BIN = ROOT / ".venv/bin"
_REACH_SECONDS = 240.0
# What one task started goes on until that task is done, and hosts end with their owner when they are up.
_SETTLE_SECONDS = 90.0


def left_behind(scenario: str, moment: str, number: signal.Signals) -> list[str]:
    """Send a signal when a text appears in molecule's output: SIGKILL to molecule alone, others as a terminal does."""
    place = Path(tempfile.mkdtemp(prefix="rxp-"))
    mark = new_mark()
    before = traces(mark)
    process: Optional[subprocess.Popen[bytes]] = None
    try:
        environment = {
            **os.environ,
            VARIABLE: mark,
            "PATH": f"{_BIN}:{os.environ['PATH']}",
            "NO_COLOR": "1",
            "MOLECULE_COMMAND_BORDERS": "0",
            # Molecule's own files lie here, as those of an ordinary run lie in its cache.
            "MOLECULE_EPHEMERAL_DIRECTORY": str(place / "m"),
            "ANSIBLE_LOCAL_TEMP": str(place / "tmp"),
        }
        environment.pop("RXPATH_BED_OWNER", None)
        process = subprocess.Popen(
            [_BIN / "molecule", "test", "-s", scenario],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        said = _until(process, moment)
        assert moment.encode() in said, f"never came to {moment!r}: {said.decode(errors='replace')[-2000:]}"
        # A little into what the text announces.
        time.sleep(1.5)
        if number == signal.SIGKILL:
            process.kill()
        else:
            os.killpg(process.pid, number)
        _wait(process)
        end = time.monotonic() + _SETTLE_SECONDS
        while (left := traces(mark).beyond(before)) and time.monotonic() < end:
            time.sleep(0.5)
        keys = [str(path) for path in place.rglob("user_key")]
        return left + [f"file {path}" for path in keys]
    finally:
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        shutil.rmtree(place, ignore_errors=True)


def _until(process: subprocess.Popen[bytes], moment: str) -> bytes:
    assert process.stdout is not None
    said = b""
    end = time.monotonic() + _REACH_SECONDS
    while moment.encode() not in said and time.monotonic() < end:
        if select.select([process.stdout], [], [], 1.0)[0]:
            part = os.read(process.stdout.fileno(), 65536)
            if not part:
                break
            said += part
    return said


def _wait(process: subprocess.Popen[bytes]) -> None:
    """Wait for the end, and take what is still said meanwhile: nobody must hang on a full pipe."""
    assert process.stdout is not None
    end = time.monotonic() + _SETTLE_SECONDS
    while process.poll() is None and time.monotonic() < end:
        if select.select([process.stdout], [], [], 0.2)[0]:
            os.read(process.stdout.fileno(), 65536)
    process.stdout.close()
