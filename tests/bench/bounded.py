# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Programs that leave nothing running: not when they end, not when they fail, not when the one that started them dies.

A program becomes the first process of a PID namespace. The kernel ends all others in it when the first one ends: SSH's
connections that persist, a browser's helpers. The first one in turn dies with the process that started it.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, Optional

_KIB = 1024


class Memory(NamedTuple):
    """Bytes that belong to processes, what they share divided among those that share it (PSS)."""

    programs: int
    ssh: int


def bounded(command: Sequence[str], before: Sequence[str] = ()) -> list[str]:
    """Return the words that run a command so; ``before`` are the words that take it into other namespaces first."""
    unshare = ("unshare", "--pid", "--mount", "--mount-proc", "--fork", "--kill-child=SIGKILL")
    return ["setpriv", "--pdeathsig=KILL", *before, *unshare, "--", *command]


def memory(pid: int) -> Optional[Memory]:
    """Return what all programs below a bounded one use now, SSH's processes apart; None where it is not up, or gone."""
    space = _link(f"/proc/{pid}/ns/pid_for_children")
    if space is None or space == _link("/proc/self/ns/pid"):
        return None
    programs = ssh = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdecimal() and _link(f"{entry}/ns/pid") == space:
            try:
                name = (entry / "comm").read_text(encoding="utf-8", errors="replace").strip()
                used = _pss((entry / "smaps_rollup").read_text(encoding="utf-8"))
            except OSError:
                continue  # it ended meanwhile
            if name == "ssh":
                ssh += used
            else:
                programs += used
    return Memory(programs, ssh)


def _link(path: str) -> Optional[str]:
    try:
        return os.readlink(path)
    except OSError:
        return None


def _pss(rollup: str) -> int:
    """Return the bytes of the line ``Pss:  2468 kB``; a process that is ending has no such line."""
    sizes = [line.split()[1] for line in rollup.splitlines() if line.startswith("Pss:")]
    return int(sizes[0]) * _KIB if sizes else 0
