# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look how the waves before this one went, and stop where one of them got worse."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import AuditAction, display, registered

_WORSE = "worse"


class ActionModule(AuditAction):
    _VALID_ARGS = frozenset(("diagnosed",))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        found = task_vars or {}
        here = {str(host) for host in found.get("ansible_play_batch") or ()}
        for host, result in registered(found, self.argument("diagnosed")):
            why = None if host in here else got_worse(result.get("entry") or {})
            if why:
                stopped = f"an earlier wave got worse, so that this one was not begun ({host}: {why})"
                display.display(f"stop: {stopped}")
                return {"changed": False, "stopped": stopped}
        return {"changed": False, "stopped": ""}


def got_worse(entry: Mapping[str, Any]) -> str:
    """Return in what a host that was changed is worse than before, or an empty string."""
    changes = [row for row in entry.get("changes") or () if row.get("round") and not row.get("planned")]
    for change in changes:
        if (change.get("comparison") or {}).get("verdict") == _WORSE:
            return f"{change['what']} made it worse: {change['why']}"
    if changes and entry.get("status") in ("unreachable", "error"):
        return str(entry.get("reason"))
    return ""
