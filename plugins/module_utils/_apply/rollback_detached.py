# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A rollback that outlives the connection that it may cut: one execution starts it, the same or another collects it."""

from __future__ import annotations

from typing import Any, Callable, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._apply.detach import leave_cgroup
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._sample import detached
from ansible_collections.rxpath.linux.plugins.module_utils._sample.private_files import DetachedError

# Restoring waits for the carrier of each device, up to a minute; an outcome is kept for a controller that needs long.
_EXPECTED_SECONDS = 5.0
_LONGEST_SECONDS = 1800.0
_KEPT_SECONDS = 1800.0
_PATIENCE = 5.0


# What puts back: ``rollback``, or ``undo`` with what it is to be restricted to.
PutBack = Callable[..., dict[str, Any]]


def start(host: Host, lease: Optional[str], force: bool, put_back: PutBack) -> str:
    """Put back in a process of its own, and return the name under which its outcome is collected."""

    def work(_progress: Callable[[float], None]) -> dict[str, Any]:
        leave_cgroup()
        try:
            return put_back(host, check=False, lease=lease, force=force)
        except KnobError as error:
            return {"failed": str(error)}

    try:
        return detached.start(work, _EXPECTED_SECONDS, _LONGEST_SECONDS, _KEPT_SECONDS)
    except DetachedError as error:
        raise KnobError(f"the rollback cannot be started: {error}") from error


def collect(session: str, wait: bool) -> dict[str, Any]:
    """Return {"finished": True, …the rollback's result}, or {"finished": False, "session"} without waiting for it.

    Raises KnobError where the rollback failed, died, or is unknown.
    """
    while True:
        try:
            found = detached.collect(session, _PATIENCE)
        except DetachedError as error:
            raise KnobError(f"the outcome of the rollback is not known ({error}); make the rollback again") from error
        if found["finished"]:
            break
        if not wait:
            return {"finished": False, "session": session}
    result = found["sample"]
    if "failed" in result:
        raise KnobError(result["failed"])
    return {"finished": True, **result}
