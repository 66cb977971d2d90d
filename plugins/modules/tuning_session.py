#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tuning_session
short_description: Begin and finish a run that changes the receive path of a host
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - A run takes a lease on the host, hands its token to every module that it uses, and gives it back. Another run is
    refused meanwhile, and told who holds the lease, since when and until when.
  - Each module that is given the token extends the lease. It ends by itself after O(lease_seconds) without one, and at
    a restart of the host.
  - Tells whether an earlier run was not finished, since when, and what it had set out to change. Such a run can be made
    again, or taken back by M(rxpath.linux.tuning_rollback).
options:
  state:
    description:
      - V(begun) takes the lease, V(finished) gives it back, V(reported) only tells how things stand.
    type: str
    choices:
      - begun
      - finished
      - reported
    default: reported
  holder:
    description:
      - Who takes the lease, for whoever is refused. The run, the user and the controller name it well.
    type: str
    default: an unnamed run
  lease_seconds:
    description:
      - How long the lease lasts without being extended, in seconds.
    type: int
    default: 900
  lease:
    description:
      - The token, for O(state=finished).
    type: str
  completed:
    description:
      - Whether the run got through, for O(state=finished). Otherwise the lease is given back, and the run stays
        recorded as one that was not finished.
    type: bool
    default: true
  force:
    description:
      - Take the lease away from another run, which must be known to be dead.
    type: bool
    default: false
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
    details: In check mode no lease is taken or given back.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: N/A
    details: A lease is no setting of the host, and never reported as a change.
  platform:
    description: Target OS that the module can run on.
    support: full
    platforms: linux
requirements:
  - Root
  - Python 3.9 or newer
seealso:
  - module: rxpath.linux.tuning_rollback
"""

EXAMPLES = r"""
- name: Begin
  rxpath.linux.tuning_session:
    state: begun
    holder: "run of {{ lookup('env', 'USER') }}"
  register: session

- name: Raise the limit of receive buffers
  rxpath.linux.sysctl_settings:
    settings:
      net.core.rmem_max: 16777216
    lease: "{{ session.lease }}"

- name: Finish
  rxpath.linux.tuning_session:
    state: finished
    lease: "{{ session.lease }}"
"""

RETURN = r"""
lease:
  description: The token, to be given to the modules of this run. Null in check mode.
  type: str
  returned: when O(state=begun)
  sample: 5c0e8a4f6a2b4d7c9e1f3a5b7c9d1e3f
held:
  description: The lease in force, with times in seconds since the epoch, or null.
  type: dict
  returned: success
  sample: {holder: run of alice, since: 1789000000.0, until: 1789000900.0}
interrupted:
  description:
    - The earlier run that was not finished, or null. With C(holder), C(since), C(changes) as a module returns them, and
      C(message).
  type: dict
  returned: success
  sample:
    holder: the tuning run 0a28ab80 of root on controller
    since: 1789000000.0
    changes:
      - {knob: sysctl, target: net.core.rmem_max, from: "212992", to: "16777216"}
    message: >-
      the tuning run 0a28ab80 of root on controller, begun 2026-09-10 00:26:40 UTC, was not finished; it had set out to
      change sysctl net.core.rmem_max. Make it again, or take it back by tuning_rollback
tuned:
  description: Whether a state from before the first change is recorded, so that there is something to take back.
  type: bool
  returned: success
  sample: true
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.module_host import host_of
from ansible_collections.rxpath.linux.plugins.module_utils._apply.session import begin, finish, info


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["begun", "finished", "reported"], "default": "reported"},
            "holder": {"type": "str", "default": "an unnamed run"},
            "lease_seconds": {"type": "int", "default": 900},
            "lease": {"type": "str", "no_log": True},
            "completed": {"type": "bool", "default": True},
            "force": {"type": "bool", "default": False},
        },
        required_if=[("state", "finished", ("lease",))],
        supports_check_mode=True,
    )
    params, host = module.params, host_of(module)
    try:
        if params["state"] == "begun":
            result = begin(host, params["holder"], params["lease_seconds"], params["force"], check=module.check_mode)
        elif params["state"] == "finished":
            result = finish(host, params["lease"], check=module.check_mode, completed=params["completed"])
        else:
            result = info(host)
    except KnobError as error:
        module.fail_json(msg=str(error))
    if params["state"] == "begun" and result["interrupted"] is not None:
        module.warn(result["interrupted"]["message"])
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
