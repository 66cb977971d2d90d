#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tuning_confirm
short_description: Confirm a change that the host takes back otherwise
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - M(rxpath.linux.nic_ring) and M(rxpath.linux.nic_channels) call it by themselves, over a new connection, after a
    change that may cut the link. It is of use alone where their controller was lost in between.
  - Confirms the change that was armed with a token. The host refuses a token whose change it has taken back already,
    and says when and why.
  - To confirm twice is to confirm.
options:
  token:
    description:
      - What the change was armed with.
    type: str
    required: true
  new_connection:
    description:
      - Accept the confirmation only over a connection that is younger than the change. A program that was started over
        an older one may outlive a cut of the link, and would confirm what nobody can reach.
      - Lift this only where there is no connection, as with C(ansible_connection=local).
    type: bool
    default: true
  lease:
    description:
      - The token that M(rxpath.linux.tuning_session) returned to this run.
    type: str
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: none
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: none
  platform:
    description: Target OS that the module can run on.
    support: full
    platforms: linux
requirements:
  - Root
  - Python 3.9 or newer
seealso:
  - module: rxpath.linux.nic_ring
  - module: rxpath.linux.nic_channels
"""

EXAMPLES = r"""
- name: Confirm a change by hand
  rxpath.linux.tuning_confirm:
    token: 5c0e8a4f6a2b4d7c9e1f3a5b7c9d1e3f
"""

RETURN = r"""
phase:
  description: V(confirmed), or how far the change is where it cannot be confirmed yet.
  returned: success
  type: str
  sample: confirmed
not_yet:
  description: Why it cannot be confirmed yet. Call again, over a new connection. Null once it is confirmed.
  returned: success
  type: str
  sample: the change is being made
result:
  description: The result of the change, as its module returns it. Null until it is confirmed.
  returned: success
  type: dict
refused:
  description: True where the token was refused. The message says what became of the change.
  returned: failure
  type: bool
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rxpath.linux.plugins.module_utils._apply.armed import CONFIRMED
from ansible_collections.rxpath.linux.plugins.module_utils._apply.connection import session_of
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.guard import confirm
from ansible_collections.rxpath.linux.plugins.module_utils._apply.module_host import host_of


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "token": {"type": "str", "required": True, "no_log": False},
            "new_connection": {"type": "bool", "default": True},
            "lease": {"type": "str", "no_log": True},
        },
    )
    params = module.params

    host = host_of(module)
    try:
        record = confirm(host, params["token"], session_of(), new_connection=params["new_connection"])
        if record["phase"] != CONFIRMED:
            module.exit_json(changed=False, phase=record["phase"], not_yet=record["not_yet"], result=None)
        # The confirmation comes before the code that is needed after it: a slow host spends seconds on loading that.
        from ansible_collections.rxpath.linux.plugins.module_utils._apply.guarded import keep

        result = keep(host, record, params["lease"])
    except KnobError as error:
        module.fail_json(msg=str(error), refused=True)
    module.exit_json(changed=True, phase=record["phase"], not_yet=None, result=result)


if __name__ == "__main__":
    main()
