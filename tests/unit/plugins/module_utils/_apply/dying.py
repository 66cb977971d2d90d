# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A process that dies by SIGKILL just before the Nth thing that it would change on the disk."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any, Callable

# Audit events (https://docs.python.org/3/library/audit_events.html) of what changes a file system.
_CHANGES = {"os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.chmod", "os.chown", "os.truncate", "shutil.rmtree"}
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC


def dies_before(work: Callable[[], Any], step: int) -> bool:
    """Run ``work`` in a child that is killed before its change number ``step``; tell whether it came that far.

    Raises AssertionError where the work itself failed.
    """
    child = os.fork()
    if child == 0:
        _count_down(step)
        code = 3
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "the work failed by itself"
    return False


def _count_down(steps: int) -> None:
    left = steps

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal left
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & _WRITES
        if writes or event in _CHANGES:
            left -= 1
            if left == 0:
                os.kill(os.getpid(), signal.SIGKILL)

    sys.addaudithook(hook)


def snapshot(root: Path, *without: str) -> dict[str, Any]:
    """Return every file and directory below a root with its mode and content, leaving out what is below ``without``."""
    found: dict[str, Any] = {}
    for path in sorted(root.rglob("*")):
        name = "/" + str(path.relative_to(root))
        if not name.startswith(without or ("\0",)):
            found[name] = (path.lstat().st_mode, path.read_bytes() if path.is_file() else None)
    return found
