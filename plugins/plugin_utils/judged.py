# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From the windows of a host to its entry in the report; nothing that goes wrong on a host ends the whole audit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.entries import empty_entry
from ansible_collections.rxpath.linux.plugins.plugin_utils.rules import RuleError, apply_rules, evaluate
from ansible_collections.rxpath.linux.plugins.plugin_utils.settings import normalise

# In these nothing was measured.
UNMEASURED = ("error", "unreachable", "not_run")


def latest(task_vars: Mapping[str, Any], names: Sequence[str]) -> Mapping[str, Any]:
    """Return the latest of the registered results that was not skipped."""
    found: Mapping[str, Any] = {}
    for name in names:
        result = task_vars.get(name)
        if isinstance(result, Mapping) and "outcome" in result:
            found = result
    return found


def entry_of(result: Mapping[str, Any], variables: Mapping[str, Any], label: str = "before") -> dict[str, Any]:
    """Return the entry for what ``udp_audit_sample`` registered."""
    outcome = result.get("outcome")
    if outcome == "extending":
        return empty_entry("error", "the sampler did not end in time, although its window was over")
    if outcome != "sampled":
        status = "unreachable" if outcome == "unreachable" else "error"
        return empty_entry(status, str(result.get("reason") or "nothing was sampled"))
    try:
        settings = normalise(variables).diagnose
        entry = diagnose_host(result["sample"], settings, label)
        return apply_rules(entry, evaluate(settings["rules"], entry))
    except (SettingError, RuleError) as error:
        return empty_entry("error", str(error))
    except (KeyError, TypeError, ValueError) as error:
        # The sample came from the host: a garbled one is that host's error, not the end of the whole audit.
        return empty_entry("error", f"the sample cannot be understood: {type(error).__name__}: {error}")
