# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the host was like before the first change, and which run is at work on it.

One file, /var/lib/rxpath-linux/state.json, that root alone can read. What is in it:

- ``values``: the first value of every knob that was ever written, by device key, so that a rename does not matter.
- ``files``: every file and directory that we made or changed, as it was: content, mode and owner, or that it was not.
- ``session``: the run that began and has not finished, and the changes that it set out to make.
- ``pending``: what a change that makes queues anew has yet to put back.
- ``made``: what a driver made of a value (asked for 100, 104 came of it), so that asking again changes nothing.

Each method that changes something reads the file, changes it and puts it in place whole, on the disk, before it
returns: whatever is written to the host afterwards is recorded. Who writes holds the lease, so two never do.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import json
import os
from collections.abc import Iterable
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply import files
from ansible_collections.rxpath.linux.plugins.module_utils._apply.device import device_keys
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.files import FileState
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target

SCHEMA = 1
DIRECTORY = "/var/lib/rxpath-linux"
STATE = DIRECTORY + "/state.json"

_EMPTY: dict[str, Any] = {"values": [], "files": [], "session": None, "pending": [], "made": []}


class State:
    """The store of one host. Make it with ``load``."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._document: dict[str, Any] = {}
        self._read()

    @classmethod
    def load(cls, host: Host) -> State:
        """Return the store as it stands, empty where there is none. Raises KnobError where it cannot be understood."""
        return cls(host)

    # What is recorded.

    @property
    def exists(self) -> bool:
        """Whether anything was ever recorded."""
        return os.path.exists(self._host.path(STATE))

    @property
    def values(self) -> list[dict[str, Any]]:
        """First values, the earliest first: {"knob", "key", "device" (its name then), "item", "value"}."""
        return list(self._document["values"])

    @property
    def files(self) -> list[dict[str, Any]]:
        """Files and directories, the earliest first: {"path", "directory"} or {"path", "existed", "content", …}."""
        return list(self._document["files"])

    @property
    def session(self) -> dict[str, Any] | None:
        """The run that has begun and not finished: {"holder", "since", "changes"}; None where none is open.

        Its changes are those of a module's result, each with "family", "device" and "item" beside.
        """
        return self._document["session"]  # type: ignore[no-any-return]

    def pending(self, family: str, device: str) -> list[tuple[str, Target, Any]]:
        """Return what a killed run of a family has left to put back on a device."""
        key = self._key(device)
        return [
            (row["knob"], Target(device, row["item"]), row["value"])
            for row in self._document["pending"]
            if row["family"] == family and row["key"] == key
        ]

    def unfinished(self, family: str, device: str) -> bool:
        """Tell whether a call of a family on a device was killed before it closed its record."""
        return self._is_own(family) or bool(self.pending(family, device) if device else False)

    def first(self, knob: str, target: Target) -> dict[str, Any] | None:
        """Return the record of a first value, None where there is none."""
        key = self._key(target.device)
        return next(
            (
                row
                for row in self._document["values"]
                if (row["knob"], row["key"], row["item"]) == (knob, key, target.item)
            ),
            None,
        )

    def made_of(self, knob: str, target: Target, asked: Any) -> dict[str, Any] | None:
        """Return {"asked", "got", "moved"} where asking for just this value brought another, None otherwise.

        ``moved`` tells whether it brought any change at all.
        """
        key = self._key(target.device)
        return next(
            (
                row
                for row in self._document["made"]
                if (row["knob"], row["key"], row["item"]) == (knob, key, target.item) and row["asked"] == asked
            ),
            None,
        )

    # What is to be recorded.

    def touch(self, entries: Iterable[tuple[str, Target, Any]]) -> None:
        """Record first values; one that is recorded already stays as it is."""
        self._read()
        if self._add(entries):
            self._save()

    def prepare(
        self,
        entries: Iterable[tuple[str, Target, Any]],
        changes: list[dict[str, Any]],
        pending: tuple[str, list[tuple[str, Target, Any]]] | None = None,
    ) -> None:
        """Record, at once, everything that has to be known before the writes of one call.

        ``changes`` are added to the open session; ``pending`` is a family and what its change may disturb. What an
        earlier killed call had yet to put back stays: it saw the value before the disturbance.
        """
        self._read()
        self._add(entries)
        if self._document["session"] is not None:
            self._document["session"]["changes"].extend(changes)
        if pending is not None:
            family, rows = pending
            known = {(row["knob"], row["key"], row["item"]) for row in self._document["pending"]}
            for knob, target, value in rows:
                key = self._key(target.device)
                if (knob, key, target.item) not in known:
                    self._document["pending"].append(
                        {"family": family, "knob": knob, "key": key, "item": target.item, "value": value}
                    )
        self._save()

    def settle(self, family: str, device: str, made: Iterable[tuple[str, Target, Any, Any, bool]]) -> None:
        """Record that a call's writes are done: nothing is pending, and (knob, target, asked, got, moved) came of it.

        A session that the call opened for itself (or one like it, that was killed) is closed; a run's is not.
        """
        self._read()
        key = self._key(device)
        before = json.dumps(self._document)
        self._document["pending"] = [
            row for row in self._document["pending"] if (row["family"], row["key"]) != (family, key)
        ]
        for knob, target, asked, got, moved in made:
            here = {"knob": knob, "key": self._key(target.device), "item": target.item}
            self._document["made"] = [
                row for row in self._document["made"] if {name: row[name] for name in here} != here
            ]
            if asked != got:
                self._document["made"].append({**here, "asked": asked, "got": got, "moved": moved})
        if self._is_own(family):
            self._document["session"] = None
        if json.dumps(self._document) != before:
            self._save()

    def touch_file(self, path: str) -> None:
        """Record a file as it is before it is written or removed, and the directories above it that do not exist.

        The directories are made here, so that none is there without a record. Raises KnobError.
        """
        self._read()
        known = {row["path"] for row in self._document["files"]}
        missing = files.missing_directories(self._host, path)
        rows: list[dict[str, Any]] = [{"path": name, "directory": True} for name in missing if name not in known]
        if path not in known:
            rows.append({"path": path, **_file_record(self._host, path)})
        if rows:
            self._document["files"].extend(rows)
            self._save()
        for name in missing:
            with _reported(f"make the directory {name}"):
                files.make_directory(self._host, name)

    def open_session(self, holder: str, since: float) -> None:
        """Record that a run begins (``since`` in seconds since the epoch)."""
        self._read()
        self._document["session"] = {"holder": holder, "since": since, "changes": []}
        self._save()

    def close_session(self) -> None:
        """Record that the run has finished; nothing where none is open."""
        self._read()
        if self._document["session"] is not None:
            self._document["session"] = None
            self._save()

    def forget(self) -> None:
        """Remove the store; its directory as well where nothing else is in it."""
        with _reported(f"remove {STATE}"):
            files.remove_file(self._host, STATE)
            with contextlib.suppress(OSError):
                os.rmdir(self._host.path(DIRECTORY))
        self._document = _copy(_EMPTY)

    # Inside.

    def _key(self, device: str) -> str:
        if not device:
            return ""
        # An image is prepared for devices that are not there, or for every one ("auto").
        return device_keys(self._host).get(device, f"name:{device}")

    def _is_own(self, family: str) -> bool:
        """Tell whether the open session is that of a single call of a family."""
        return self.session is not None and self.session["holder"] == holder_of(family)

    def _add(self, entries: Iterable[tuple[str, Target, Any]]) -> bool:
        known = {(row["knob"], row["key"], row["item"]) for row in self._document["values"]}
        added = False
        for knob, target, value in entries:
            place = (knob, self._key(target.device), target.item)
            if place not in known:
                known.add(place)
                row = {"knob": knob, "key": place[1], "device": target.device, "item": target.item, "value": value}
                self._document["values"].append(row)
                added = True
        return added

    def _read(self) -> None:
        with _reported(f"read {STATE}"):
            found = files.read_file(self._host, STATE)
        self._document = _copy(_EMPTY)
        if found is None:
            return
        try:
            document = json.loads(found.data)
            schema = document["schema"]
        except (ValueError, KeyError, TypeError) as error:
            raise KnobError(
                f"{STATE} is damaged ({error}); without it nothing can be put back, so it is left"
            ) from error
        if schema != SCHEMA:
            raise KnobError(f"{STATE} has version {schema}, and this release knows version {SCHEMA}")
        self._document.update({name: document[name] for name in _EMPTY if name in document})

    def _save(self) -> None:
        data = json.dumps({"schema": SCHEMA, **self._document}).encode()
        with _reported(f"write {STATE}"):
            for name in files.missing_directories(self._host, DIRECTORY):
                files.make_directory(self._host, name)
            files.make_directory(self._host, DIRECTORY, 0o700)
            files.write_file(self._host, STATE, data, 0o600)


def holder_of(family: str) -> str:
    """Return the name under which a call works that belongs to no run."""
    return f"module {family}"


def file_content(row: dict[str, Any]) -> FileState | None:
    """Return the file that a record of ``State.files`` describes, None where there was none. Raises KnobError."""
    if not row["existed"]:
        return None
    try:
        data = base64.b64decode(row["content"], validate=True)
    except binascii.Error as error:
        raise KnobError(f"{STATE}: the content of {row['path']} is damaged: {error}") from error
    return FileState(data, row["mode"], row["uid"], row["gid"])


def _file_record(host: Host, path: str) -> dict[str, Any]:
    with _reported(f"read {path}"):
        found = files.read_file(host, path)
    if found is None:
        return {"existed": False}
    return {
        "existed": True,
        "content": base64.b64encode(found.data).decode(),
        "mode": found.mode,
        "uid": found.uid,
        "gid": found.gid,
    }


def _copy(document: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, list) else value for name, value in document.items()}


@contextlib.contextmanager
def _reported(what: str) -> Any:
    try:
        yield
    except OSError as error:
        raise KnobError(f"could not {what}: {error.strerror or error}") from error
