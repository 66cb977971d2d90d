# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Wait once for the windows of all hosts, and show how far they are."""

from __future__ import annotations

import time
from collections.abc import Sequence
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
_FAILING = ("error", "unreachable")


class ActionModule(AuditAction):
    _VALID_ARGS = frozenset(("started",))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        began = time.time()
        results = [result for _host, result in registered(task_vars or {}, self.argument("started"))]
        # Hosts of an earlier wave or round have windows that are long over.
        dues = [float(result["due"]) for result in results if float(result.get("due") or 0) > began]
        # A due time is never further away than a window or an extension, whatever a clock was set to meanwhile.
        seconds = min(max([due - began for due in dues] or [0.0]), MAX_WINDOW + SETTLE_SECONDS)
        if seconds > 0:
            _wait(_who(len(dues), [str(result.get("outcome")) for result in results]), seconds)
        return {"changed": False, "hosts": len(dues), "seconds": round(max(seconds, 0.0), 3)}


def _who(sampling: int, outcomes: Sequence[str]) -> str:
    """Return how many hosts are at it, how many are done, and how many could not be sampled."""
    done, failing = outcomes.count("sampled"), sum(outcome in _FAILING for outcome in outcomes)
    others = [f"{done} done"] * bool(done) + [f"{failing} failing"] * bool(failing)
    who = "1 host" if sampling == 1 else f"{sampling} hosts"
    return f"{who} ({', '.join(others)})" if others else who


def _wait(who: str, seconds: float) -> None:
    end = time.monotonic() + seconds
    whole = max(round(seconds), 1)
    step = max(whole / _LINES, 1.0)
    shown = 0
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return
        display.display(f"sampling {who}, {round(seconds - left)} of {whole} s")
        shown += 1
        time.sleep(max(0.0, min(end, end - seconds + shown * step) - time.monotonic()))
