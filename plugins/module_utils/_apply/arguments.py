# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules of the write side have in common: their parameters, and their way from these to a result.

A module hands its AnsibleModule over; nothing of Ansible is imported here.
"""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.family import Request
from ansible_collections.rxpath.linux.plugins.module_utils._apply.guarded import begin
from ansible_collections.rxpath.linux.plugins.module_utils._apply.module_host import host_of

# Documented in the doc fragment ``tuning``.
COMMON_ARGUMENTS: dict[str, Any] = {
    "scope": {"type": "str", "choices": ["both", "running", "boot"], "default": "both"},
    "strict": {"type": "bool", "default": False},
    "lease": {"type": "str", "no_log": True},
}
# Documented in the doc fragment ``tuning.interface``.
INTERFACE_ARGUMENTS: dict[str, Any] = {
    **COMMON_ARGUMENTS,
    "interface": {"type": "str", "required": True},
    "force": {"type": "bool", "default": False},
}
# Documented in the doc fragment ``confirm``.
CONFIRM_ARGUMENTS: dict[str, Any] = {
    "confirm_timeout": {"type": "int", "default": 60},
    "confirm_token": {"type": "str", "no_log": False},
}
# How a request is carried out is no part of it.
_HOW = (*COMMON_ARGUMENTS, *CONFIRM_ARGUMENTS)


def request_of(family: str, params: dict[str, Any]) -> Request:
    """Return the request that a module's parameters make: those that are not given, and how to run it, are left out."""
    request = {
        name: value
        for name, value in params.items()
        if value is not None and name not in _HOW and not (name == "force" and not value)
    }
    return {"family": family, **request}


def run_module(module: Any, family: str) -> None:
    """Carry out what the parameters of a family's module ask for, and end the module with the result."""
    params = module.params
    how = {"scope": params["scope"], "lease": params["lease"], "strict": params["strict"]}
    token = params.get("confirm_token")
    try:
        if token and params["confirm_timeout"] and not module.check_mode:
            seconds = params["confirm_timeout"]
            result = begin(host_of(module), request_of(family, params), seconds=seconds, token=token, **how)
        else:
            result = tune(host_of(module), request_of(family, params), check=module.check_mode, **how)
    except KnobError as error:
        module.fail_json(msg=str(error))
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)
