# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start or collect the window of a host, and record a failure instead of failing the host."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from ansible.errors import AnsibleActionFail, AnsibleConnectionFailure, AnsibleError
from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import SETTLE_SECONDS, AuditAction
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.entries import failure_reason
from ansible_collections.rxpath.linux.plugins.plugin_utils.settings import normalise

MODULE = "rxpath.linux.receive_path_info"


class ActionModule(AuditAction):
    _requires_connection = True
    _VALID_ARGS = frozenset(("state", "variables", "started", "made"))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        variables = task_vars or {}
        try:
            if self.argument("state") == "started":
                return self._start(variables)
            return self._collect(variables)
        except AnsibleConnectionFailure as error:
            return _left("unreachable", str(error))
        except (AnsibleActionFail, SettingError) as error:
            return _left("error", str(error))
        except AnsibleError as error:
            return _left("error", f"the host could not be measured: {error}")

    def _start(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Start the sampler. The controller's clock counts from when the sampler is known to run."""
        measure = dict(normalise(self.argument("variables")).measure)
        # A window after a change lasts until a new buffer could be full.
        made = task_vars.get(str(self._task.args.get("made"))) or {}
        measure["window"] = made.get("window") or measure["window"]
        result = self._module({"state": "started", "facts": True, **measure}, task_vars)
        if result.get("failed"):
            return _left("error", failure_reason(result))
        due = time.time() + float(measure["window"]) + SETTLE_SECONDS
        return {"changed": False, "outcome": "started", "session": result["session"], "due": due}

    def _collect(self, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """Collect what the sampler of this host saw, or learn when it will be ready."""
        started = task_vars.get(self.argument("started")) or {}
        if started.get("outcome") != "started":
            return _left(started.get("outcome", "error"), started.get("reason", "sampling was not started"))
        result = self._module({"state": "collected", "session": started["session"]}, task_vars)
        if result.get("failed"):
            return _left("error", failure_reason(result))
        if not result.get("finished"):
            due = time.time() + float(result.get("remaining") or 0) + SETTLE_SECONDS
            return {"changed": False, "outcome": "extending", "due": due}
        return {"changed": False, "outcome": "sampled", "sample": result["sample"]}

    def _module(self, arguments: dict[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        return result


def _left(outcome: str, reason: str) -> dict[str, Any]:
    return {"changed": False, "outcome": outcome, "reason": " ".join(reason.split())}
