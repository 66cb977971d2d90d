#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tuning_rollback
short_description: Put the receive path of a host back as it was before the first change
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Puts back every running value and every file that a module of this collection changed, as it was before the first
    change. That holds after any number of runs, and after a run that was killed.
  - Removes everything that was installed on the way, and last of all the record itself.
  - A device is found again after a rename. One that is gone is named in RV(gone).
  - Where channels or rings change back, the link goes down for a moment on many drivers. Such a rollback is made by a
    process of its own on the host, which ends its work whatever becomes of the connection.
options:
  lease:
    description:
      - The token that M(rxpath.linux.tuning_session) returned to this run.
      - Without it the module takes a lease of its own, and is refused while a run holds it.
    type: str
  force:
    description:
      - Take the lease away from another run, which must be known to be dead.
    type: bool
    default: false
  unfinished:
    description:
      - Take back only what the run changed that has begun and not finished, as it was when that run began.
      - What earlier runs made stays, and so does the record of the beginning.
    type: bool
    default: false
  changes:
    description:
      - With O(unfinished=true), take back these of its changes alone. The run stays open for the others.
    type: list
    elements: dict
    suboptions:
      knob:
        description: The knob, as a module's result names it.
        type: str
        required: true
      target:
        description: Its target, as a module's result names it.
        type: str
        required: true
  wait:
    description:
      - Whether to wait for a rollback that cuts the link. Without it the module returns RV(session) at once.
    type: bool
    default: true
  session:
    description:
      - Return the outcome of the rollback of this name, which was started without waiting or lost its connection.
    type: str
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: full
  platform:
    description: Target OS that the module can run on.
    support: full
    platforms: linux
requirements:
  - Root
  - Python 3.9 or newer
seealso:
  - module: rxpath.linux.tuning_session
notes:
  - A rollback that was interrupted can be made again.
  - A directory that was made for our files and holds others by now is left, and named in RV(notes).
"""

EXAMPLES = r"""
- name: Show what a rollback would change
  rxpath.linux.tuning_rollback:
  check_mode: true
  diff: true

- name: Put everything back
  rxpath.linux.tuning_rollback:

- name: Take back what a run left that was killed
  rxpath.linux.tuning_rollback:
    unfinished: true
"""

RETURN = r"""
changes:
  description: What is put back. In check mode, what would be.
  type: list
  elements: dict
  returned: when finished
  sample:
    - {knob: ring, target: eth0, from: {rx: 4096, tx: 256}, to: {rx: 256, tx: 256}}
    - {knob: file, target: /etc/sysctl.d/99-udp-tuning.conf, from: "net.core.rmem_max = 16777216", to: null}
gone:
  description: Devices that are no more, in sentences. Their values went with them.
  type: list
  elements: str
  returned: when finished
  sample: []
notes:
  description: What is left, and why.
  type: list
  elements: str
  returned: when finished
  sample:
    - "there is nothing to put back: nothing of this host is recorded as changed"
finished:
  description: Whether the rollback has come to its end.
  type: bool
  returned: success
  sample: true
session:
  description: Names a rollback that has not come to its end.
  type: str
  returned: when not finished
"""

from functools import partial

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.module_host import host_of
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rollback import cuts_link, rollback
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rollback_detached import (
    PutBack,
    collect,
    start,
)
from ansible_collections.rxpath.linux.plugins.module_utils._apply.undo import undo


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "lease": {"type": "str", "no_log": True},
            "force": {"type": "bool", "default": False},
            "unfinished": {"type": "bool", "default": False},
            "changes": {
                "type": "list",
                "elements": "dict",
                "options": {"knob": {"type": "str", "required": True}, "target": {"type": "str", "required": True}},
            },
            "wait": {"type": "bool", "default": True},
            "session": {"type": "str"},
        },
        supports_check_mode=True,
    )
    params, host = module.params, host_of(module)
    lease, force, unfinished = params["lease"], params["force"], params["unfinished"]
    put_back: PutBack = rollback
    if unfinished:
        only = params["changes"]
        put_back = partial(undo, only=None if only is None else {(row["knob"], row["target"]) for row in only})
    elif params["changes"] is not None:
        module.fail_json(
            msg="changes: only what an unfinished run changed can be taken back in part (unfinished: true)"
        )
    try:
        if params["session"] is not None:
            result = collect(params["session"], params["wait"])
        else:
            result = {"finished": True, **put_back(host, check=True)}
            if (result["changed"] or unfinished) and not module.check_mode:
                if cuts_link(result["changes"]):
                    session = start(host, lease, force, put_back)
                    result = collect(session, True) if params["wait"] else {"finished": False, "session": session}
                else:
                    result = {"finished": True, **put_back(host, check=False, lease=lease, force=force)}
    except KnobError as error:
        module.fail_json(msg=str(error))
    for sentence in result.get("gone", []):
        module.warn(sentence)
    module.exit_json(**{"changed": False, **result})


if __name__ == "__main__":
    main()
