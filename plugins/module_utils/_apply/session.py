# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A run of several modules on one host: it begins, it finishes, and one that did neither is recognised."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply import lease
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State


def begin(host: Host, holder: str, seconds: float, force: bool, *, check: bool) -> dict[str, Any]:
    """Take the lease and record that a run begins. Raises LeaseHeldError, KnobError.

    Returns {"lease": token (None in check mode), "interrupted", "held", "tuned"}.
    """
    host.require_root()
    if seconds <= 0:
        raise KnobError(f"lease_seconds: a lease of {seconds} seconds is over at once; give 60 or more")
    if check:
        return {"lease": None, **info(host)}
    token = lease.take(host, holder, seconds, force)
    # Now that nobody else is at work, an open session is one that nobody will finish.
    found = info(host)
    State.load(host).open_session(holder, time.time())
    return {"lease": token, **found, "held": _held(host)}


def finish(host: Host, token: str, *, check: bool, completed: bool = True) -> dict[str, Any]:
    """Record that the run has finished and give the lease back. Raises LeaseHeldError where it is not ours any more.

    A run that did not get through (``completed`` False) stays recorded as not finished.
    """
    host.require_root()
    if not check:
        lease.verify(host, token)
        if completed:
            State.load(host).close_session()
        lease.release(host, token)
    return info(host)


def info(host: Host) -> dict[str, Any]:
    """Return {"held": who has the lease or None, "interrupted": a run that was not finished or None, "tuned"}."""
    host.require_root()
    state = State.load(host)
    held = _held(host)
    session = state.session
    interrupted = None
    # A run takes the lease and then records that it begins: a lease that is younger than the record is another's.
    if session is not None and (held is None or held["since"] > session["since"]):
        interrupted = {**session, "message": _message(session)}
    return {"held": held, "interrupted": interrupted, "tuned": bool(state.values or state.files)}


def _held(host: Host) -> dict[str, Any] | None:
    now = lease.holding(host)
    return None if now is None else {name: now[name] for name in ("holder", "since", "until")}


def _message(session: dict[str, Any]) -> str:
    touched = sorted({f"{change['knob']} {change['target']}" for change in session["changes"]})
    shown = ", ".join(touched[:10]) + (f" and {len(touched) - 10} more" if len(touched) > 10 else "")
    return (
        f"{session['holder']}, begun {lease.clock(session['since'])}, was not finished; "
        + (f"it had set out to change {shown}" if touched else "it had not come to change anything")
        + ". Make it again, or take it back by tuning_rollback"
    )
