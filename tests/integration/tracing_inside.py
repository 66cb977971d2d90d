# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Instances of a real tracefs, made and left behind; runs as root in a mount namespace of its own.

    unshare --mount python tracing_inside.py FOLDER

tracefs is mounted on the folder; the answers to test_tracing.py come as JSON.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._sample.drop_reasons import open_drop_reasons
from ansible_collections.rxpath.linux.plugins.module_utils._sample.trace_instance import TraceInstance, sweep
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns

SAMPLER = """
import sys, time
from ansible_collections.rxpath.linux.plugins.module_utils._sample.trace_instance import TraceInstance
instance = TraceInstance(sys.argv[1])
print(instance.path, instance.guardian, flush=True)
time.sleep(60)
"""


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def within(seconds: float, true: Callable[[], bool]) -> bool:
    """Tell whether something is true within the time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def gone(path: Path, seconds: float = 5.0) -> bool:
    """Tell whether the path is gone within the time."""
    return within(seconds, lambda: not path.exists())


def sampler(tracefs: Path) -> tuple[subprocess.Popen[str], Path, int]:
    process = subprocess.Popen([sys.executable, "-c", SAMPLER, str(tracefs)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    path, guardian = process.stdout.readline().split()
    return process, Path(path), int(guardian)


def closed(tracefs: Path) -> dict[str, Any]:
    instance = TraceInstance(str(tracefs))
    told = {
        "made": os.path.isdir(instance.path),
        "tracing": instance.read("tracing_on").strip(),
        "kilobytes": int(instance.read("buffer_size_kb").split()[0]),
    }
    return {**told, "closed": instance.close(), "again": instance.close(), "guardian": alive(instance.guardian)}


def ended(tracefs: Path, number: int) -> dict[str, Any]:
    process, path, guardian = sampler(tracefs)
    made = path.is_dir()
    process.send_signal(number)
    process.wait(10)
    # Once the directory is gone it has only to end.
    return {"made": made, "gone": gone(path), "guardian": not within(5.0, lambda: not alive(guardian))}


def left_behind(tracefs: Path) -> dict[str, Any]:
    """Kill both at once, as the kernel does with a whole control group; the next one cleans up."""
    process, path, guardian = sampler(tracefs)
    os.kill(guardian, signal.SIGKILL)
    process.kill()
    process.wait(10)
    there = not gone(path, 0.5)
    living, kept, _guardian = sampler(tracefs)
    others = [tracefs / "instances" / name for name in ("somebody-elses", "rxpath-linux-1-1-1-1")]
    for other in others:
        other.mkdir()
    swept = sweep(str(tracefs / "instances"))
    told = {
        "there": there,
        "gone": not path.exists() and swept == [],
        "of the living": kept.is_dir(),
        "of others": [other.is_dir() for other in others],
    }
    for other in others:
        other.rmdir()
    living.kill()
    living.wait(10)
    return {**told, "gone at last": gone(kept)}


def busy(tracefs: Path) -> dict[str, Any]:
    """Somebody looks into a file of the instance while it is to be removed."""
    instance = TraceInstance(str(tracefs))
    with open(instance.path + "/trace", encoding="ascii") as file:
        held = subprocess.Popen(["sleep", "1"], stdin=file)
    removed = instance.close()
    held.wait(10)
    return {"removed": removed}


def as_nobody() -> list[dict[str, str]]:
    """Ask for drop reasons without any right."""
    reading, writing = os.pipe()
    if os.fork() == 0:
        try:
            os.setuid(65534)
            unknowns = Unknowns()
            open_drop_reasons(unknowns)
            os.write(writing, json.dumps(unknowns.entries()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as file:
        told: list[dict[str, str]] = json.load(file)
    os.wait()
    return told


def main() -> None:
    tracefs = Path(sys.argv[1])
    subprocess.run(["mount", "-t", "tracefs", "tracefs", str(tracefs)], check=True)
    unknowns = Unknowns()
    reasons = open_drop_reasons(unknowns)
    told: dict[str, Any] = {
        "histograms": (tracefs / "events/skb/kfree_skb/hist").exists(),
        "opened": reasons is not None,
        "unknowns": unknowns.entries(),
        "closed": closed(tracefs),
        "killed": ended(tracefs, signal.SIGKILL),
        "terminated": ended(tracefs, signal.SIGTERM),
        "left behind": left_behind(tracefs),
        "busy": busy(tracefs),
        "nobody": as_nobody(),
    }
    if reasons is not None:
        reasons.begin()
        told["counted"] = reasons.finish()
    told["left"] = sorted(os.listdir(tracefs / "instances"))
    print(json.dumps(told))


if __name__ == "__main__":
    main()
