# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Commit-confirmed: a change that may cut the link is made by the host itself, and taken back unless it is confirmed.

The process that makes the change is away from the connection. It begins when the connection that armed it has ended,
waits for a confirmation until the deadline, and puts the old values back without one. What counts as a confirmation
is a call over a connection that was made *after* the change: a program that was started before it may outlive the cut
and look like success.
"""

from __future__ import annotations

import os
import signal
import time
from typing import Any, Callable, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._apply import armed
from ansible_collections.rxpath.linux.plugins.module_utils._apply.armed import Record
from ansible_collections.rxpath.linux.plugins.module_utils._apply.connection import Session, boot_clock, session_of
from ansible_collections.rxpath.linux.plugins.module_utils._apply.detach import run_away
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.take_back import (
    put_back,
    sentence,
    settle,
    take_back,
    what,
)

# The least time that leaves room for a reconnection or two.
MIN_SECONDS = 10
# The reply needs a moment to get out; then the controller drops the connection, unless others still use it.
_LEAST_DELAY = 0.3
_MOST_DELAY = 5.0
_POLL = 0.1


def arm(
    host: Host,
    work: Callable[[], dict[str, Any]],
    revert: list[dict[str, Any]],
    seconds: float,
    *,
    about: Record,
    token: Optional[str] = None,
) -> Record:
    """Record what to put back, start the guard, return the record at once.

    ``work`` makes the change and returns its result; everything that it imports must be imported. ``revert`` comes
    from ``as_old_values``. ``about`` holds "family", "device" and "key" (or None), and what the caller wants to find
    in the record again. ``seconds`` count from now. Raises KnobError, GuardedError.
    """
    settle(host)
    now = time.time()
    session = session_of()
    record = {
        **about,
        "schema": 1,
        "token": token or armed.new_token(),
        "phase": armed.ARMED,
        "armed_at": now,
        "deadline": now + seconds,
        "deadline_boot": boot_clock() + seconds,
        "connection": None if session is None else list(session),
        "revert": revert,
    }
    try:
        armed.make_directory(host)
        armed.sweep(host)
        life = armed.life_lock(host, record["token"])
        try:
            armed.write(host, record)
            run_away(lambda: _Guard(host, record, work).watch(), keep=(life,))
        finally:
            os.close(life)
    except OSError as error:
        armed.remove(host, record["token"])
        raise KnobError(
            "the guard of the change of %s cannot be started, and nothing was changed: %s" % (about["device"], error)
        ) from error
    return record


class _Guard:
    """The process that makes the change and waits."""

    def __init__(self, host: Host, record: Record, work: Callable[[], dict[str, Any]]) -> None:
        self.host = host
        self.record = record
        self.token = record["token"]
        self.work = work
        self.ended_by: Optional[str] = None

    def watch(self) -> None:
        """Make the change, and see to its end one way or the other."""
        armed.claim(self.token)
        # Whoever ends this process properly takes the change back with it; in the middle of it nothing is left.
        signal.signal(signal.SIGTERM, self._note_end)
        self._wait_for_reply()
        if self._change():
            self._await_confirmation()

    def _note_end(self, number: int, _frame: object) -> None:
        self.ended_by = signal.Signals(number).name

    def _wait_for_reply(self) -> None:
        """Wait until the connection that armed this is gone, within bounds."""
        began = time.monotonic()
        session = Session(*self.record["connection"]) if self.record["connection"] else None
        time.sleep(_LEAST_DELAY)
        while session is not None and not session.is_gone() and time.monotonic() - began < _MOST_DELAY:
            time.sleep(_POLL / 2)

    def _change(self) -> bool:
        self._step(phase=armed.CHANGING, changing_at=time.time())
        try:
            result = self.work()
        except Exception as error:
            # The change has restored what it wrote; this sees to what it could not.
            failures = put_back(self.host, self.record)
            self._step(phase=armed.FAILED, reason=_text(error), failures=failures, at=time.time())
            return False
        self._step(phase=armed.CHANGED, result=result, changed_at=time.time(), changed_boot=boot_clock())
        return True

    def _step(self, **news: Any) -> None:
        with armed.turn(self.host, self.token):
            self.record.update(news)
            armed.write(self.host, self.record)

    def _await_confirmation(self) -> None:
        seen = None
        while boot_clock() < self.record["deadline_boot"] and self.ended_by is None:
            # A record is replaced as a whole: only another file is worth reading.
            there = armed.identity(self.host, self.token)
            if there != seen:
                seen = there
                now = armed.read(self.host, self.token)
                if now is None or now["phase"] not in armed.OPEN:
                    return
            time.sleep(_POLL)
        seconds = round(self.record["deadline"] - self.record["armed_at"])
        why = "no confirmation came within %d s" % seconds
        take_back(self.host, self.token, "its guard was ended by %s" % self.ended_by if self.ended_by else why)


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, (KnobError, OSError)) else "%s: %s" % (type(error).__name__, error)


def outcome(host: Host, token: str) -> Record:
    """Return what became of a change so far. Where its guard was killed, put the old values back first.

    Raises KnobError for an unknown token.
    """
    record = armed.read(host, token)
    if record is None:
        raise KnobError(
            "token %s is unknown: no change was armed with it, or the host was started anew since (then the driver's "
            "own values are back), or it was decided more than an hour ago" % token
        )
    if record["phase"] in armed.OPEN and not armed.is_alive(host, token):
        return take_back(host, token, "its guard was killed before it was confirmed")
    return record


def confirm(host: Host, token: str, session: Optional[Session], *, new_connection: bool = True) -> Record:
    """Confirm a change that was made, and return its record: confirmed, or still open with a "not_yet" that says why.

    ``session`` is the connection over which this comes (None: a local one). ``new_connection`` False lifts the rule
    that it must be younger than the change. To confirm twice is to confirm. Raises KnobError where the token is
    unknown, or was refused: with what became of the change.
    """
    if outcome(host, token)["phase"] in armed.OPEN:
        with armed.turn(host, token):
            record = armed.read(host, token) or {}
            why = _not_yet(record, session if new_connection else None)
            if why is not None:
                return {**record, "not_yet": why}
            if record["phase"] == armed.CHANGED and boot_clock() < record["deadline_boot"]:
                record.update(phase=armed.CONFIRMED, at=time.time())
                armed.write(host, record)
                return record
    record = outcome(host, token)
    if record["phase"] in armed.OPEN:
        raise KnobError("the confirmation came too late: %s is being reverted" % what(record))
    if record["phase"] != armed.CONFIRMED:
        raise KnobError(sentence(record))
    return record


def _not_yet(record: Record, session: Optional[Session]) -> Optional[str]:
    """Return what keeps a record from being confirmed by this call, but not by a later one."""
    if record.get("phase") in (armed.ARMED, armed.CHANGING):
        return "the change is being made"
    if record.get("phase") != armed.CHANGED or session is None or record["connection"] is None:
        return None
    if session.age_of_start() <= record["changed_boot"]:
        return "the confirmation came over a connection that is older than the change"
    return None
