# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make of a host's sample its entry in the report: on the controller, from registered results only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import AuditAction
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.entries import empty_entry
from ansible_collections.rxpath.linux.plugins.plugin_utils.judged import UNMEASURED, entry_of, latest
from ansible_collections.rxpath.linux.plugins.plugin_utils.settings import normalise


class ActionModule(AuditAction):
    _VALID_ARGS = frozenset(("collected", "variables", "wave", "recovered"))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        found = task_vars or {}
        stopped = (found.get(str(self._task.args.get("wave"))) or {}).get("stopped")
        if stopped:
            return {"changed": False, "entry": empty_entry("not_run", str(stopped)), "again": False}
        variables = self.argument("variables")
        entry = entry_of(latest(found, list(self.argument("collected"))), variables)
        recovered = found.get(str(self._task.args.get("recovered"))) or {}
        if recovered.get("rows"):
            entry = {**entry, "changes": list(recovered["rows"])}
        return {"changed": False, "entry": entry, "again": _may_improve(entry, variables)}


def _may_improve(entry: Mapping[str, Any], variables: Mapping[str, Any]) -> bool:
    """Tell whether changes are asked for and there is a loss that they could be about."""
    try:
        return normalise(variables).apply and entry["status"] not in UNMEASURED and entry["main_loss"] is not None
    except SettingError:
        return False
