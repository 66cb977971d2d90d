# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait once for the windows of all hosts, and show how far they are."""

from __future__ import annotations

import time
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import MAX_WINDOW
from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import (
    SETTLE_SECONDS,
    AuditAction,
    display,
    registered,
)

# Often enough to see that it lives, seldom enough for a log.
_LINES = 5


class ActionModule(AuditAction):
    _VALID_ARGS = frozenset(("started",))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        began = time.time()
        # Hosts of an earlier wave or round have windows that are long over.
        dues = [
            float(result["due"])
            for _host, result in registered(task_vars or {}, self.argument("started"))
            if "due" in result and float(result["due"]) > began
        ]
        # A due time is never further away than a window or an extension, whatever a clock was set to meanwhile.
        seconds = min(max([due - began for due in dues] or [0.0]), MAX_WINDOW + SETTLE_SECONDS)
        if seconds > 0:
            _wait(len(dues), seconds)
        return {"changed": False, "hosts": len(dues), "seconds": round(max(seconds, 0.0), 3)}


def _wait(hosts: int, seconds: float) -> None:
    end = time.monotonic() + seconds
    whole = max(round(seconds), 1)
    step = max(whole / _LINES, 1.0)
    who = "1 host" if hosts == 1 else f"{hosts} hosts"
    shown = 0
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return
        display.display(f"sampling {who}, {round(seconds - left)} of {whole} s")
        shown += 1
        time.sleep(max(0.0, min(end, end - seconds + shown * step) - time.monotonic()))
