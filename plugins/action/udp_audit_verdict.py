# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Give a host its verdict as Ansible knows one: ok, failed or unreachable."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import AuditAction
from ansible_collections.rxpath.linux.plugins.plugin_utils.entries import empty_entry

_FAILING = ("fail", "error", "not_run")


class ActionModule(AuditAction):
    _VALID_ARGS = frozenset(("diagnosed",))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        result = (task_vars or {}).get(self.argument("diagnosed")) or {}
        entry = result.get("entry") or empty_entry("not_run", "the run ended on this host before it was measured")
        status = entry["status"]
        return {
            "changed": False,
            "msg": f"{status}: {entry['reason']}",
            "status": status,
            "failed": status in _FAILING,
            **({"unreachable": True} if status == "unreachable" else {}),
        }
