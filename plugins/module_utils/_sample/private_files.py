# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A directory of our own for results between two connections: nobody else may read or plant anything in it."""

from __future__ import annotations

import json
import os
import re
import stat
import tempfile
from typing import Any, Optional

_NAME = "rxpath-linux"
_SESSION = re.compile(r"[0-9a-f]{32}")
SUFFIXES = (".result", ".error", ".state", ".lock", ".new", ".end")
# A document is bounded far below this; more is not read.
_MAX_BYTES = 16 << 20


class DetachedError(RuntimeError):
    """A window that runs on its own cannot be started or collected; the text says why."""


def directories() -> list[str]:
    """Return where results may lie, in the order of preference: /run for root, the user's runtime directory, /tmp."""
    found = ["/run/" + _NAME] if os.geteuid() == 0 else []
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    if os.path.isabs(runtime):
        found.append(os.path.join(runtime, _NAME))
    found.append(os.path.join(tempfile.gettempdir(), "%s-%d" % (_NAME, os.geteuid())))
    return found


def make_directory() -> str:
    """Return the first directory that is, or can be made, ours alone. Raises DetachedError."""
    refused = []
    for path in directories():
        try:
            os.mkdir(path, 0o700)
        except FileExistsError:
            pass
        except OSError as error:
            refused.append(str(error))
            continue
        why = _not_private(path)
        if why is None:
            return path
        refused.append(why)
    raise DetachedError("no private directory for the result: %s" % "; ".join(refused))


def find_session(session: str) -> str:
    """Return the path of a session's files without their suffix. Raises DetachedError where there is none."""
    if not _SESSION.fullmatch(session):
        raise DetachedError("session: %.80r is no session; pass on what state=started returned" % session)
    for path in directories():
        if _not_private(path) is None and os.path.lexists(os.path.join(path, session + ".lock")):
            return os.path.join(path, session)
    raise DetachedError(
        "session %s is unknown to uid %d: its result was collected, or removed after its retention, "
        "or the window was started by another user (become)" % (session, os.geteuid())
    )


def sessions(directory: str) -> list[str]:
    """Return the paths of all sessions in a directory, without their suffix."""
    names = [name.partition(".")[0] for name in os.listdir(directory)]
    return [os.path.join(directory, name) for name in sorted(set(names)) if _SESSION.fullmatch(name)]


def _not_private(path: str) -> Optional[str]:
    """Return what keeps a directory from being ours alone, or None."""
    try:
        status = os.lstat(path)
    except OSError as error:
        return str(error)
    if not stat.S_ISDIR(status.st_mode):
        return "%s is no directory" % path
    if status.st_uid != os.geteuid():
        return "%s belongs to uid %d" % (path, status.st_uid)
    if status.st_mode & 0o077:
        return "%s is open to others (mode %o)" % (path, status.st_mode & 0o777)
    return None


def write(path: str, document: Any) -> None:
    """Write a file whole or not at all, readable by us alone. Raises OSError."""
    new = path.rpartition(".")[0] + ".new"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as file:
        json.dump(document, file)
    os.rename(new, path)


def touch(path: str) -> None:
    """Make an empty file, without the detour of ``write``, which belongs to the sampler alone. Raises DetachedError."""
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    except OSError as error:
        raise DetachedError(str(error)) from error


def read(path: str) -> Any:
    """Return what ``write`` wrote, or None where there is no such file. Raises DetachedError where it is not ours."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise DetachedError(str(error)) from error
    with open(descriptor, encoding="utf-8") as file:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or not stat.S_ISREG(status.st_mode):
            raise DetachedError("%s is not a file of uid %d" % (path, os.geteuid()))
        try:
            return json.loads(file.read(_MAX_BYTES))
        except ValueError as error:
            raise DetachedError("%s: %s" % (path, error)) from error


def remove(stem: str) -> None:
    """Remove all files of a session."""
    for suffix in SUFFIXES:
        try:
            os.unlink(stem + suffix)
        except OSError:
            continue
