# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the variables of the audit before any host is touched."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible_collections.rxpath.linux.plugins.plugin_utils.audit_action import AuditAction
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.settings import misspelt, normalise


class ActionModule(AuditAction):
    _VALID_ARGS = frozenset(("variables",))

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        try:
            settings = normalise(self.argument("variables"))
        except SettingError as error:
            raise AnsibleActionFail(str(error)) from None
        unknown = misspelt(task_vars or {})
        result: dict[str, Any] = {"changed": False, "settings": settings._asdict()}
        if unknown:
            result["warnings"] = [f"no such variable of the audit: {', '.join(unknown)}"]
        return result
