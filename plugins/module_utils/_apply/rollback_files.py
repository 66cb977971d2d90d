# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The half of a rollback that deals with files: each as it was before we wrote it, and none that was not there."""

from __future__ import annotations

import contextlib
import os
import shutil
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply import files
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.files import FileState
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import DIRECTORY, STATE, State, file_content
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Change, Target

# Who has to be told of a file that is back, by where it lies; in this order.
_TELL = (
    ("/systemd/", ["systemctl", "daemon-reload"]),
    ("/udev/", ["udevadm", "control", "--reload"]),
    ("irqbalance", ["systemctl", "try-restart", "irqbalance.service"]),
)


def file_changes(host: Host, state: State) -> list[Change]:
    """Return the files and directories that are not as they were. Raises KnobError."""
    changes = []
    for row in state.files:
        path = row["path"]
        if row.get("directory"):
            if path != DIRECTORY and os.path.isdir(host.path(path)):
                changes.append(Change("directory", Target("", path), "present", None))
            continue
        try:
            now = files.read_file(host, path)
        except OSError as error:
            raise KnobError(f"could not read {path}: {error.strerror or error}") from error
        before = file_content(row)
        if now != before:
            changes.append(Change("file", Target("", path), *_shown(path, now, before)))
    # Directories go last, the deepest first.
    folders = [change for change in changes if change.knob == "directory"]
    return [*(change for change in changes if change.knob != "directory"), *reversed(folders)]


def _shown(path: str, now: FileState | None, before: FileState | None) -> tuple[str | None, str | None]:
    """Return how a file and what it was are shown: by their text where that differs, else by mode and owner."""
    if path.startswith(DIRECTORY + "/"):
        return _size(now), _size(before)
    if now is not None and before is not None and now.data == before.data:
        return tuple(f"mode {file.mode:04o}, owner {file.uid}:{file.gid}" for file in (now, before))  # type: ignore[return-value]
    return _text(now), _text(before)


def _size(file: FileState | None) -> str | None:
    return None if file is None else f"{len(file.data)} bytes"


def _text(file: FileState | None) -> str | None:
    return None if file is None else file.data.decode("utf-8", "backslashreplace")


def restore_files(host: Host, state: State) -> tuple[list[str], list[str]]:
    """Put every file back and remove the directories that we made; return (what failed, what is left and why).

    Programs that read such files are told each time, since a rollback may have been killed before it came to that.
    """
    failed, notes = [], []
    for row in state.files:
        if row.get("directory"):
            continue
        try:
            _restore(host, row)
        except (KnobError, OSError) as error:
            failed.append(f"{row['path']}: {error}")
    for row in reversed(state.files):
        if row.get("directory") and row["path"] != DIRECTORY:
            notes.extend(_remove_directory(host, row["path"]))
    return failed, [*notes, *_tell(host, [row["path"] for row in state.files])]


def _restore(host: Host, row: dict[str, Any]) -> None:
    path = row["path"]
    before = file_content(row)
    files.sweep(host, path)
    if before is None:
        files.remove_file(host, path)
    elif files.read_file(host, path) != before:
        for name in files.missing_directories(host, path):
            files.make_directory(host, name)
        files.write_file(host, path, before.data, before.mode, (before.uid, before.gid))


def _remove_directory(host: Host, path: str) -> list[str]:
    place = host.path(path)
    if path.startswith(DIRECTORY + "/") and path != STATE and not os.path.islink(place):
        # Ours alone: with it goes what Python may have compiled in it.
        shutil.rmtree(place, ignore_errors=True)
        return []
    with contextlib.suppress(FileNotFoundError):
        try:
            os.rmdir(place)
        except OSError as error:
            return [f"{path} was made by us and is left: {error.strerror}"]
    return []


def _tell(host: Host, paths: list[str]) -> list[str]:
    """Let programs read again what they read before; return what could not be done."""
    notes = []
    for mark, command in _TELL:
        if not any(mark in path for path in paths):
            continue
        text = " ".join(command)
        if not host.runs_systemd() and command[0] == "systemctl":
            continue
        if host.run is None:
            notes.append(f"{text} is left to be done: no program can be started from here")
            continue
        code, _output, errors = host.run(command)
        if code != 0:
            notes.append(f"{text} failed: {errors.strip() or f'exit code {code}'}")
    return notes
