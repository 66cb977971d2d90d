# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Send a probe's datagrams to hosts of the inventory alone: no task can name an address, a port or a token."""

from __future__ import annotations

from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.rxpath.linux.plugins.plugin_utils.peers import PeerError, find_target

MODULE = "rxpath.linux.udp_probe"
# What only the controller fills in.
_OURS = ("address", "token")


class ActionModule(ActionBase):
    # A probe is a load: in check mode the task is skipped, receiver and sender alike.
    _supports_check_mode = False
    _supports_async = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        super().run(tmp, task_vars)
        arguments, variables = dict(self._task.args), task_vars or {}
        for name in _OURS:
            if name in arguments:
                raise AnsibleActionFail(f"{name}: cannot be set; a probe is sent to hosts of the inventory alone")
        if arguments.get("state") == "sent":
            try:
                arguments.update(find_target(arguments, variables["hostvars"], str(variables["inventory_hostname"])))
            except PeerError as error:
                raise AnsibleActionFail(str(error)) from None
        result: dict[str, Any] = self._execute_module(module_name=MODULE, module_args=arguments, task_vars=variables)
        return result
