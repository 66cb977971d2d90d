# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hosts of a change: what was asked for, or the inventory's, and never this machine by default."""

from __future__ import annotations

DOCUMENTATION = r"""
name: udp_tuning_hosts
short_description: The hosts that a tuning or a rollback is about
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Returns the pattern for a play's C(hosts), after it was found to match at least one host.
  - Without a pattern those are all hosts of the inventory. Without hosts in the inventory it is an error, since what
    changes hosts must not fall back to the machine on which it was called. That machine is tuned where it is named,
    as in C(-e target=localhost).
  - A pattern that matches no host, or only hosts that C(--limit) leaves out, is an error.
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
seealso:
  - plugin: rxpath.linux.udp_audit_hosts
    plugin_type: lookup
"""

EXAMPLES = r"""
- name: Tune what TARGET names
  hosts: "{{ lookup('rxpath.linux.udp_tuning_hosts', target | default('')) }}"
  tasks: []
"""

RETURN = r"""
_raw:
  description: The pattern, as one element.
  type: list
  elements: str
"""

from typing import Any

from ansible import context
from ansible.errors import AnsibleError
from ansible.plugins.lookup import LookupBase
from ansible_collections.rxpath.linux.plugins.plugin_utils.host_patterns import matches, patterns_of


class LookupModule(LookupBase):
    def run(self, terms: list[Any], variables: dict[str, Any] | None = None, **kwargs: Any) -> list[str]:
        if kwargs:
            raise AnsibleError(f"no such option: {', '.join(kwargs)}")
        if context.CLIARGS.get("syntax"):
            return [",".join(patterns_of(terms)) or "all"]
        groups = (variables or {}).get("groups") or {}
        pattern = ",".join(patterns_of(terms))
        if not pattern and not any(groups.values()):
            raise AnsibleError(
                "no hosts to change: give an inventory that has some (-i), or name them with -e target=PATTERN. "
                "This machine is changed only where it is named: -e target=localhost"
            )
        limit = context.CLIARGS.get("subset")
        chosen = pattern or "all"
        if not matches(self._loader, groups, chosen, limit):
            within = f" within --limit {limit}" if limit else ""
            raise AnsibleError(f"target '{chosen}' matches no host of the inventory{within}")
        return [chosen]
