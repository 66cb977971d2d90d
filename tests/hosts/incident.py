# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The three incidents of the page case_studies with real servers: in a bed, or as pods of the host that this runs on.

``incident.py begin NAME [--cured]`` returns when the traffic flows; it goes on until ``incident.py end``.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.tests.matrix import nsd  # noqa: E402
from ansible_collections.rxpath.linux.tests.matrix.bed import Bed  # noqa: E402
from ansible_collections.rxpath.linux.tests.matrix.cases_buffer import Both  # noqa: E402

_FOREVER = "1000000"
_PID_FILE = Path("/run/rxpath/incident.pid")
_LIFETIME = 600.0
_END_SECONDS = 20.0


@contextlib.contextmanager
def dns(bed: Bed, cured: bool = False) -> Iterator[None]:
    """A name server with the usual buffer, or one that bridges the burst; 2,000 queries at once, twice a second."""
    nsd.start(bed, 2228224 if cured else 106496)
    bed.flood("-p", str(nsd.PORT), "-q", nsd.QUERY, "-b", "2000", "-e", "500000", "-n", _FOREVER).go()
    yield


@contextlib.contextmanager
def quic(bed: Bed, cured: bool = False) -> Iterator[None]:
    """One thread with 60 microseconds of work for each datagram behind 25 MiB, or one without; 40,000 a second."""
    bed.reader("-w", "0" if cured else "60", "-F", str(25 << 19))
    bed.flood("-s", "1200", "-b", "40", "-e", "1000", "-n", _FOREVER).go()
    yield


@contextlib.contextmanager
def ingest(bed: Bed, cured: bool = False) -> Iterator[None]:
    """Bursts above a small buffer and a downstream step that stalls; or a buffer for them, and no stall."""
    case = Both(bed)
    if cured:
        bed.reader("-w", "20", "-F", "2654208")
    else:
        case.reader = case.scene([])
    bed.flood(*case.flood_options[:-1], _FOREVER).go()
    bed.flood("-s", "1200", "-b", "1", "-e", "1000", "-n", _FOREVER).go()
    with contextlib.nullcontext() if cured else stalling(case.sink):
        yield


@contextlib.contextmanager
def stalling(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """Stop a process for 0.6 of every 2.4 seconds."""
    over = threading.Event()

    def work() -> None:
        while not over.wait(1.8):
            process.send_signal(signal.SIGSTOP)
            over.wait(0.6)
            process.send_signal(signal.SIGCONT)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


INCIDENTS = {"dns": dns, "quic": quic, "ingest": ingest}


def main() -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("action", choices=["begin", "end"])
    parser.add_argument("name", nargs="?", choices=INCIDENTS)
    parser.add_argument("--cured", action="store_true")
    options = parser.parse_args()
    if options.action == "end":
        return end()
    if options.name is None:
        parser.error("begin which?")
    end()
    return begin(options.name, options.cured)


def begin(name: str, cured: bool) -> int:
    """Leave a process behind that holds the incident; return when it says that the traffic flows."""
    ours, theirs = os.pipe()
    if os.fork() == 0:
        os.close(ours)
        _hold(name, cured, theirs)
    os.close(theirs)
    with os.fdopen(ours, encoding="utf-8") as pipe:
        said = pipe.read()
    if said != "up":
        print(said or "it died", file=sys.stderr)
        return 1
    return 0


def _hold(name: str, cured: bool, pipe: int) -> NoReturn:
    os.setsid()
    with open(os.devnull, "r+b") as null:
        for standard in range(3):
            os.dup2(null.fileno(), standard)
    try:
        with Bed() as bed, INCIDENTS[name](bed, cured):
            _PID_FILE.parent.mkdir(exist_ok=True)
            _PID_FILE.write_text(str(os.getpid()), encoding="utf-8")
            os.write(pipe, b"up")
            os.close(pipe)
            # Bed turns SIGTERM into an ordinary end.
            select.select([], [], [], _LIFETIME)
    except SystemExit:
        pass
    except BaseException:
        with contextlib.suppress(OSError):
            os.write(pipe, traceback.format_exc().encode())
    finally:
        _PID_FILE.unlink(missing_ok=True)
        os._exit(0)


def end() -> int:
    """End the incident that runs, if any, and wait until it is gone."""
    try:
        holder = os.pidfd_open(int(_PID_FILE.read_text(encoding="utf-8")))
        signal.pidfd_send_signal(holder, signal.SIGTERM)
    except (OSError, ValueError):
        return 0
    if not select.select([holder], [], [], _END_SECONDS)[0]:
        print("the incident does not end", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
