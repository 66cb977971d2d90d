# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put the watch on a host, bring it up to date, and take it away without a trace.

The code is an archive of what runs now, as for the settings at boot (install.py). None of its files is in the record
of what tuning changed: a rollback leaves the watch, and its removal leaves what was tuned.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply import archive, files, watch_units
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.install import interpreter
from ansible_collections.rxpath.linux.plugins.module_utils._apply.watch_units import (
    ARCHIVE,
    NAME,
    RUNTIME,
    SERVICE,
    TIMER,
    WANTED,
    Wish,
)
from ansible_collections.rxpath.linux.plugins.module_utils._watch import run

_UNIT_TIMER, _UNIT_SERVICE = f"{NAME}.timer", f"{NAME}.service"


def install(host: Host, wish: Wish, check: bool) -> dict[str, Any]:
    """Make the watch what ``wish`` says. Returns ``changed`` and ``diff``. Raises KnobError."""
    host.require_root()
    if not host.has_systemd():
        raise KnobError("there is no systemd here, whose timer the watch needs")
    wish = watch_units.check(wish)
    before = _text(host, SERVICE) or ""
    # Directories that were made for another place go with it.
    earlier = watch_units.made_of(before)
    made = [path for path in earlier if f"{wish.directory}/".startswith(path + "/")]
    missing = [path for path in files.missing_directories(host, wish.directory + "/x") if path not in made]
    texts = {
        SERVICE: watch_units.service_text(wish, interpreter(), _is_roots(host, wish.directory), made + missing),
        TIMER: watch_units.timer_text(wish),
    }
    data = {path: text.encode() for path, text in texts.items() if _text(host, path) != text}
    diff = [_diff(path, _text(host, path), texts[path]) for path in data]
    code = _read(host, ARCHIVE)
    if code is None or not archive.is_current(code):
        data[ARCHIVE] = archive.build(run.__name__)
        diff.append(_diff(ARCHIVE, _digest(code), _digest(data[ARCHIVE])))
    stale = watch_units.directory_of(before)
    stale = stale if stale and stale != wish.directory else None
    runs = _runs(host)
    if not check:
        _write(host, data, missing)
        if SERVICE in data or TIMER in data:
            _tell(host, "daemon-reload")
        if stale:
            if host.runs_systemd():
                # A run that has begun would write there once more.
                _tell(host, "stop", _UNIT_SERVICE)
            _remove_metrics(host, stale)
            _remove_directories(host, [path for path in earlier if path not in made])
        if not _is_enabled(host):
            _tell(host, "enable", _UNIT_TIMER)
        if host.runs_systemd() and (TIMER in data or not runs):
            _tell(host, "restart", _UNIT_TIMER)
    changed = bool(data) or bool(stale) or not runs
    if not runs:
        diff.append({"before_header": _UNIT_TIMER, "after_header": _UNIT_TIMER, "before": "off\n", "after": "on\n"})
    return {"changed": changed, "diff": diff, "metrics": f"{wish.directory}/{run.FILE}"}


def remove(host: Host, directory: str | None, check: bool) -> dict[str, Any]:
    """Take away everything of the watch, and its file in ``directory`` too. Returns ``changed`` and ``diff``.

    Directories that were made for it are removed where nothing else is in them. Raises KnobError.
    """
    host.require_root()
    before = _text(host, SERVICE) or ""
    places = {place for place in (watch_units.directory_of(before), directory) if place}
    ours = [SERVICE, TIMER, ARCHIVE, *(f"{place}/{run.FILE}" for place in sorted(places))]
    found = [path for path in ours if os.path.lexists(host.path(path))]
    linked = os.path.lexists(host.path(WANTED))
    directories = [path for path in (os.path.dirname(ARCHIVE), RUNTIME) if os.path.isdir(host.path(path))]
    if not found and not directories and not linked:
        return {"changed": False, "diff": []}
    diff = [_diff(path, _shown(host, path), None) for path in found]
    if not check:
        if host.runs_systemd():
            # Of one that was half installed there is nothing to stop.
            _try(host, "disable", "--now", _UNIT_TIMER)
            _try(host, "stop", _UNIT_SERVICE)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(host.path(WANTED))
        try:
            for path in (SERVICE, TIMER, ARCHIVE):
                files.remove_file(host, path)
        except OSError as error:
            raise KnobError(f"could not remove {error.filename}: {error.strerror or error}") from error
        for place in places:
            _remove_metrics(host, place)
        for path in directories:
            shutil.rmtree(host.path(path), ignore_errors=True)
        _remove_directories(host, watch_units.made_of(before))
        _tell(host, "daemon-reload")
        if host.runs_systemd():
            _try(host, "reset-failed", _UNIT_SERVICE, _UNIT_TIMER)
    return {"changed": True, "diff": diff}


def _write(host: Host, data: dict[str, bytes], missing: list[str]) -> None:
    """Write the files, the code before what starts it. Raises KnobError."""
    try:
        for path in [*missing, os.path.dirname(ARCHIVE)]:
            files.make_directory(host, path)
        for path in sorted(data, key=(ARCHIVE, SERVICE, TIMER).index):
            files.write_file(host, path, data[path])
    except OSError as error:
        raise KnobError(f"could not write {error.filename}: {error.strerror or error}") from error


def _remove_metrics(host: Host, directory: str) -> None:
    path = host.path(f"{directory}/{run.FILE}")
    for name in (path, path + ".new"):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            os.unlink(name)


def _remove_directories(host: Host, made: list[str]) -> None:
    """Remove directories that were made for the watch, where nothing else is in them."""
    for path in reversed(made):
        with contextlib.suppress(OSError):
            os.rmdir(host.path(path))


def _is_roots(host: Host, directory: str) -> bool:
    """Tell whether root may write there as the owner; of one that is yet to be made it may."""
    try:
        status = os.stat(host.path(directory))
    except OSError:
        return True
    return status.st_uid == os.geteuid() and bool(status.st_mode & stat.S_IWUSR)


def _is_enabled(host: Host) -> bool:
    return os.path.lexists(host.path(WANTED))


def _runs(host: Host) -> bool:
    """Tell whether the timer is enabled, and runs where systemd does."""
    if not _is_enabled(host):
        return False
    if not host.runs_systemd() or host.run is None:
        return True
    return host.run(["systemctl", "is-active", "--quiet", _UNIT_TIMER])[0] == 0


def _tell(host: Host, *words: str) -> None:
    """Run systemctl, which without a running systemd can still enable units. Raises KnobError."""
    if host.run is None or (words[0] == "daemon-reload" and not host.runs_systemd()):
        return
    code, out, err = host.run(["systemctl", *words])
    if code != 0:
        raise KnobError(f"systemctl {' '.join(words)} failed: {(err or out).strip() or code}")


def _try(host: Host, *words: str) -> None:
    with contextlib.suppress(KnobError):
        _tell(host, *words)


def _read(host: Host, path: str) -> bytes | None:
    found = files.read_file(host, path)
    return None if found is None else found.data


def _text(host: Host, path: str) -> str | None:
    data = _read(host, path)
    return None if data is None else data.decode("utf-8", "surrogateescape")


def _shown(host: Host, path: str) -> str | None:
    """Return what a diff shows of a file: its text, of code and metrics what names them."""
    return _text(host, path) if path in (SERVICE, TIMER) else _digest(_read(host, path))


def _digest(data: bytes | None) -> str | None:
    return None if data is None else f"{len(data)} bytes, SHA-256 {hashlib.sha256(data).hexdigest()}\n"


def _diff(path: str, before: str | None, after: str | None) -> dict[str, str]:
    return {"before_header": path, "after_header": path, "before": before or "", "after": after or ""}
