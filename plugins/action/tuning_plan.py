# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Normalise the variables of the tuning on the controller, then let the host plan what the run's tags choose."""

from __future__ import annotations

import getpass
import socket
import uuid
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError, to_mapping
from ansible_collections.rxpath.linux.plugins.plugin_utils.run_tags import FAMILIES, chosen_tags, left_out
from ansible_collections.rxpath.linux.plugins.plugin_utils.tuning_settings import (
    as_requests,
    misspelt_tuning,
    normalise_tuning,
)

MODULE = "rxpath.linux.tuning_plan"
# What the role looks into where the tags choose nothing, and the host is not even asked.
_NOTHING: dict[str, Any] = {
    "changed": False,
    "requests": [],
    "interfaces": [],
    "refused": [],
    "unsupported": [],
    "notes": [],
    "skipped_interfaces": [],
    "executions": 0,
}


class ActionModule(ActionBase):
    _supports_check_mode = True
    _supports_async = False
    _VALID_ARGS = frozenset(("variables", "requests"))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        try:
            settings = normalise_tuning(to_mapping("variables", self._task.args.get("variables")))
            requests = as_requests("requests", self._task.args.get("requests"))
        except SettingError as error:
            raise AnsibleActionFail(str(error)) from None
        tags = self._chosen(task_vars or {})
        result = self._plan(settings, requests, tags, task_vars) if tags else self._nothing()
        result["left_out_by_tags"] = left_out(tags)
        unknown = misspelt_tuning(task_vars or {})
        if unknown:
            said = f"no such variable of the tuning: {', '.join(unknown)}"
            result["warnings"] = [*(result.get("warnings") or ()), said]
        result["settings"] = settings
        result["holder"] = _holder()
        return result

    def _chosen(self, variables: dict[str, Any]) -> list[str]:
        run, skip = variables.get("ansible_run_tags") or (), variables.get("ansible_skip_tags") or ()
        return chosen_tags(run, skip, self._task.tags)

    def _plan(
        self,
        settings: dict[str, Any],
        requests: list[dict[str, Any]] | None,
        tags: list[str],
        task_vars: dict[str, Any] | None,
    ) -> dict[str, Any]:
        arguments: dict[str, Any] = {"variables": settings}
        if requests is not None:
            arguments["requests"] = requests
        if left_out(tags):
            arguments["families"] = [FAMILIES[tag] for tag in tags]
        result: dict[str, Any] = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=task_vars)
        return result

    def _nothing(self) -> dict[str, Any]:
        return {**_NOTHING, "skipped": True, "skip_reason": f"no tag of the run is one of {', '.join(FAMILIES)}"}


def _holder() -> str:
    """Return who this run is, for a run that finds the host taken."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "an unnamed user"
    return f"the tuning run {uuid.uuid4().hex[:8]} of {user} on {socket.gethostname()}"
