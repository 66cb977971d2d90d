# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A window that outlives the connection that started it: one short execution starts it, another collects the result.

The sampler is a process of its own in a session of its own. It holds a lock on its session's file while it measures,
so that a collector can tell one that works from one that died; it ends by itself whatever happens, and removes a
result that nobody collected. Everything is imported before the fork: Ansible removes the module's files when the
starting execution ends.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import time
import traceback
from typing import Any, Callable, Optional, Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._sample import private_files
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import MAX_RETENTION
from ansible_collections.rxpath.linux.plugins.module_utils._sample.private_files import DetachedError

# A collector that comes this much too early waits instead of sending the controller home for another execution.
PATIENCE = 5.0
# Reading a node of 250 namespaces at both ends and writing it down takes a second or two; whoever needs longer hangs.
_SLACK = 120
_POLL = 0.05
_LINGER_POLL = 1.0


class Progress:
    """What the work of a session is given: to be called with the seconds that remain, and asked whether to end."""

    def __init__(self, stem: str) -> None:
        self._stem = stem

    def __call__(self, remaining: float) -> None:
        """Say how long it will still take."""
        with contextlib.suppress(OSError):
            private_files.write(self._stem + ".state", {"until": time.time() + remaining})

    def ending(self) -> bool:
        """Tell whether somebody asked for the result before its time."""
        return os.path.lexists(self._stem + ".end")


def start(
    work: Callable[[Progress], dict[str, Any]],
    window: float,
    bound: float,
    retention: float,
    keep: Sequence[int] = (),
) -> str:
    """Run ``work`` in a process of its own and return the session's name at once.

    ``work`` takes a Progress and returns the document. ``window`` is how long it is expected to take, ``bound`` the
    longest, ``retention`` how long a result is kept (seconds); ``keep`` are descriptors that the work needs.
    Raises DetachedError.
    """
    directory = private_files.make_directory()
    _sweep(directory)
    session = secrets.token_hex(16)
    stem = os.path.join(directory, session)
    try:
        lock = os.open(stem + ".lock", os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            private_files.write(stem + ".state", {"until": time.time() + window})
            first = os.fork()
            if first == 0:
                _become_sampler(work, stem, lock, bound, retention, keep)
            os.waitpid(first, 0)
        finally:
            os.close(lock)
    except OSError as error:
        private_files.remove(stem)
        raise DetachedError("the sampler cannot be started: %s" % error) from error
    return session


def _sweep(directory: str) -> None:
    """Remove what samplers left that were killed: their locks are free."""
    for stem in private_files.sessions(directory):
        lock = _take_lock(stem)
        if lock is not None:
            # A result is its sampler's to remove, unless that has been dead for longer than any retention; a session
            # that is just being made has its file a moment before its lock.
            made = _age(stem + ".lock") > _SLACK
            if made and (not os.path.exists(stem + ".result") or _age(stem + ".result") > MAX_RETENTION):
                private_files.remove(stem)
            os.close(lock)


def _age(path: str) -> float:
    try:
        return time.time() - os.stat(path).st_mtime
    except OSError:
        return 0.0


def _become_sampler(
    work: Callable[[Progress], dict[str, Any]],
    stem: str,
    lock: int,
    bound: float,
    retention: float,
    keep: Sequence[int],
) -> None:
    """Leave the connection behind, measure, end. Never returns."""
    try:
        os.setsid()
        if os.fork() != 0:
            os._exit(0)
        _let_go_of_connection({lock, *keep})
        # Whatever goes wrong from here on, the process ends.
        signal.alarm(int(bound + retention) + _SLACK)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, _end)
        signal.signal(signal.SIGALRM, _end)
        _sample(work, stem)
        os.close(lock)
        _linger(stem, retention)
    finally:
        os._exit(0)


def _let_go_of_connection(keep: set[int]) -> None:
    """Close what ties this process to the connection; as long as one of it is open, Ansible waits for us."""
    os.chdir("/")
    os.umask(0o077)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2 and int(name) not in keep:
            with contextlib.suppress(OSError):
                os.close(int(name))


def _end(number: int, _frame: object) -> None:
    raise DetachedError("ended by signal %d (%s)" % (number, signal.Signals(number).name))


def _sample(work: Callable[[Progress], dict[str, Any]], stem: str) -> None:
    """Do the work; leave a result or the last words."""
    try:
        private_files.write(stem + ".result", work(Progress(stem)))
    except Exception as error:
        where = traceback.extract_tb(error.__traceback__)[-1:]
        place = " (%s:%s)" % (os.path.basename(where[0].filename), where[0].lineno) if where else ""
        text = "%s: %s%s" % (type(error).__name__, error, place)
        with contextlib.suppress(OSError):
            private_files.write(stem + ".error", text)


def _linger(stem: str, retention: float) -> None:
    """Wait until the result was collected, or remove it when nobody came."""
    end = time.monotonic() + retention
    while time.monotonic() < end and os.path.exists(stem + ".lock"):
        time.sleep(_LINGER_POLL)
    private_files.remove(stem)


def collect(session: str, patience: float = PATIENCE, end_now: bool = False) -> dict[str, Any]:
    """Return {"finished": true, "sample": document}, or {"finished": false, "remaining": seconds}.

    A sampler that is done within ``patience`` seconds is waited for; with ``end_now`` it is asked to be. Raises
    DetachedError where the session is unknown, or its sampler failed or died: then with its last words.
    """
    stem = private_files.find_session(session)
    if end_now:
        private_files.touch(stem + ".end")
    end = time.monotonic() + patience
    while True:
        done = _result(stem)
        if done is not None:
            return {"finished": True, "sample": done}
        lock = _take_lock(stem)
        if lock is not None:
            os.close(lock)
            done = _result(stem)
            if done is not None:
                return {"finished": True, "sample": done}
            words = private_files.read(stem + ".error")
            private_files.remove(stem)
            raise DetachedError(
                "the sampler ended without a result: %s" % (words or "it was killed, or ran out of memory")
            )
        remaining = 0.0 if end_now else _remaining(stem)
        if time.monotonic() + remaining >= end:
            return {"finished": False, "remaining": round(remaining, 3)}
        time.sleep(_POLL)


def _result(stem: str) -> Optional[dict[str, Any]]:
    document: Optional[dict[str, Any]] = private_files.read(stem + ".result")
    if document is not None:
        private_files.remove(stem)
    return document


def _take_lock(stem: str) -> Optional[int]:
    """Return a descriptor with the session's lock, or None while its sampler holds it."""
    try:
        descriptor = os.open(stem + ".lock", os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remaining(stem: str) -> float:
    state = private_files.read(stem + ".state") or {}
    # Bounded: the clock may have been set while the sampler ran.
    return min(3600.0, max(0.0, float(state.get("until", 0.0)) - time.time()))
