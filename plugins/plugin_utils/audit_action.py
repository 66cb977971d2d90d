# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the actions of the audit share: names of registered results, and hosts of a play with what they left there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

display = Display()

# A sampler needs a moment after its window to write down what it saw; a collection that came before would have to
# be repeated.
SETTLE_SECONDS = 0.5


class AuditAction(ActionBase):
    """An action that runs on the controller, also in check mode, and changes no host."""

    _supports_check_mode = True
    _supports_async = False
    _requires_connection = False

    def argument(self, name: str) -> Any:
        """Return a required argument of the task. Raises AnsibleActionFail."""
        try:
            return self._task.args[name]
        except KeyError:
            raise AnsibleActionFail(f"missing required argument: {name}") from None


def hosts_of_play(task_vars: Mapping[str, Any]) -> list[str]:
    """Return every host of the play after ``--limit``, those that a play lost on the way included."""
    return [str(host) for host in task_vars["ansible_play_hosts_all"]]


def registered(task_vars: Mapping[str, Any], name: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield each host of the play with the result that it registered as ``name``; empty where it did not."""
    hostvars = task_vars["hostvars"]
    for host in hosts_of_play(task_vars):
        found = hostvars[host].get(name) if host in hostvars else None
        yield host, found if isinstance(found, Mapping) else {}
