# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Make of a host's sample its entry in the report: on the controller, from registered results only."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host
from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import AuditAction
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.entries import empty_entry
from ansible_collections.rxpath.linux.plugins.plugin_utils.rules import RuleError, apply_rules, evaluate
from ansible_collections.rxpath.linux.plugins.plugin_utils.settings import normalise


class ActionModule(AuditAction):
    _VALID_ARGS = frozenset(("collected", "variables"))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        entry = self._entry(_last(task_vars or {}, list(self.argument("collected"))))
        return {"changed": False, "entry": entry}

    def _entry(self, result: Mapping[str, Any]) -> dict[str, Any]:
        outcome = result.get("outcome")
        if outcome == "extending":
            return empty_entry("error", "the sampler did not end in time, although its window was over")
        if outcome != "sampled":
            status = "unreachable" if outcome == "unreachable" else "error"
            return empty_entry(status, str(result.get("reason") or "nothing was sampled"))
        try:
            settings = normalise(self.argument("variables")).diagnose
            entry = diagnose_host(result["sample"], settings)
            return apply_rules(entry, evaluate(settings["rules"], entry))
        except (SettingError, RuleError) as error:
            return empty_entry("error", str(error))
        except (KeyError, TypeError, ValueError) as error:
            # The sample came from the host: a garbled one is that host's error, not the end of the whole audit.
            return empty_entry("error", f"the sample cannot be understood: {type(error).__name__}: {error}")


def _last(task_vars: Mapping[str, Any], names: list[str]) -> Mapping[str, Any]:
    """Return the latest of the registered results that was not skipped."""
    found: Mapping[str, Any] = {}
    for name in names:
        result = task_vars.get(name)
        if isinstance(result, Mapping) and "outcome" in result:
            found = result
    return found
