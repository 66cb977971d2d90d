# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of an audit: what was asked for, or this machine where nothing was, or an error."""

from __future__ import annotations

DOCUMENTATION = r"""
name: udp_audit_hosts
short_description: The hosts that an audit is about
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Returns the pattern for a play's C(hosts), after it was found to match at least one host.
  - Without an inventory and without a pattern that is this machine, C(localhost). An inventory counts as not given
    where neither C(-i), C(ANSIBLE_INVENTORY) nor the configuration names one and C(/etc/ansible/hosts) is missing or
    holds nothing but comments.
  - An inventory that was given, but is empty or cannot be read, is an error, and so is a pattern that matches no host
    or only hosts that C(--limit) leaves out. An audit of nothing must not look like a pass.
options:
  _terms:
    description:
      - A host pattern as C(hosts) takes it.
      - Nothing or an empty string means all hosts.
    type: list
    elements: str
notes:
  - Made for the C(hosts) of a play. There, variables of hosts and groups do not exist yet.
  - Under C(--syntax-check) no host is reached, so none has to match.
"""

EXAMPLES = r"""
- name: Audit what TARGET names
  hosts: "{{ lookup('rxpath.linux.udp_audit_hosts', target | default('')) }}"
  tasks: []
"""

RETURN = r"""
_raw:
  description: The pattern, as one element.
  type: list
  elements: str
"""

import os
import sys
from typing import Any

from ansible import constants as C  # noqa: N812 - the name that Ansible's own plugins use
from ansible import context
from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.host_patterns import matches, patterns_of
from ansible_collections.rxpath.linux.plugins.plugin_utils.settings import check_wave

_HERE = "localhost"


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        if kwargs:
            raise AnsibleError(f"no such option: {', '.join(kwargs)}")
        if context.CLIARGS.get("syntax"):
            return [",".join(patterns_of(terms)) or "all"]
        _check_wave((variables or {}).get("udp_audit_wave"))
        pattern = ",".join(patterns_of(terms))
        groups = (variables or {}).get("groups") or {}
        sources = tuple(str(source) for source in context.CLIARGS.get("inventory") or ())
        has_hosts = any(groups.values())
        defaults, origin = C.config.get_config_value_and_origin("DEFAULT_HOST_LIST")
        if not has_hosts and is_given(sources, tuple(defaults), str(origin), sys.argv[1:]):
            raise AnsibleError(
                f"the inventory has no hosts, or could not be read: {', '.join(sources)}. "
                "Without any -i the audit is of this machine"
            )
        limit = context.CLIARGS.get("subset")
        chosen = pattern or ("all" if has_hosts else _HERE)
        if not matches(self._loader, groups, chosen, limit):
            within = f" within --limit {limit}" if limit else ""
            raise AnsibleError(f"target '{chosen}' matches no host of the inventory{within}")
        return [chosen]


def _check_wave(value: Any) -> None:
    """Before the play's "serial" takes it: a lookup is the first code of ours that a run comes by."""
    try:
        if value:
            check_wave(value)
    except SettingError as error:
        raise AnsibleError(str(error)) from None


def is_given(sources: tuple[str, ...], defaults: tuple[str, ...], origin: str, arguments: list[str]) -> bool:
    """Return True when somebody named an inventory: by option, environment or configuration.

    ``sources`` are the inventories in use, ``defaults`` those that ansible-core takes without an option, and ``origin``
    is where it has the latter from.
    """
    named = origin != "default" or any(word.startswith(("-i", "--inv")) for word in arguments)
    if named or sources != defaults:
        return True
    # Some distributions install the default file with comments only: that is nobody's inventory. One that cannot be
    # read, or that holds something, is somebody's.
    return any(_holds_something(source) for source in sources)


def _holds_something(path: str) -> bool:
    if os.path.isdir(path):
        return bool(os.listdir(path))
    try:
        with open(path, encoding="utf-8", errors="replace") as lines:
            return any(line.strip() and not line.lstrip().startswith(("#", ";")) for line in lines)
    except FileNotFoundError:
        return False
    except OSError:
        return True
