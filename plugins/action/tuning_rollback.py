# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start a rollback, and where it cuts the link come back over a new connection for its outcome.

A rollback is never taken back by itself: there is nothing to confirm, only something to be told.
"""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible_collections.rxpath.linux.plugins.plugin_utils.guarded_action import Result, ReturningAction
from ansible_collections.rxpath.linux.plugins.plugin_utils.tuning_settings import misspelt_rollback

MODULE = "rxpath.linux.tuning_rollback"
# Each device's carrier is waited for, up to a minute.
_SECONDS = 300.0


class ActionModule(ReturningAction):
    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        for name in misspelt_rollback(task_vars or {}):
            self._display.warning(f"no such variable of the rollback: {name}")
        arguments = self._task.args
        if "session" in arguments or "wait" in arguments:
            # Whoever collects by hand does all of it by hand.
            return self.run_module(MODULE, arguments, task_vars)
        try:
            started = self.run_module(MODULE, {**arguments, "wait": False}, task_vars)
        except AnsibleConnectionFailure as error:
            raise AnsibleConnectionFailure(f"{error}. If the rollback was begun, the host goes on with it") from error
        session = started.get("session")
        if started.get("failed") or not session:
            return started

        def ask() -> Result | None:
            answer = self.run_module(MODULE, {"session": session, "wait": False}, task_vars)
            return answer if answer.get("finished") or answer.get("failed") else None

        answer = self.come_back(ask, _SECONDS, "waiting for the host to come back with the outcome of the rollback")
        if answer is not None:
            return answer
        self.forget_remote_files()
        return {
            "failed": True,
            "msg": f"the host did not come back within {round(_SECONDS)} s of the rollback that was begun; "
            f"it goes on by itself, and session {session} tells how it ended, for half an hour",
        }
