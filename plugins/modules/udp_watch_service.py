#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: udp_watch_service
short_description: Install a timer that counts lost UDP datagrams for Prometheus
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Installs a systemd timer and a hardened service that read, with the code of the audit, what every handoff of the
    receive path has counted, and write it to a file for the textfile collector of node_exporter.
  - Brings an older one up to date, and removes it without a trace.
options:
  state:
    description: Whether the watch is to be there.
    type: str
    choices: [present, absent]
    default: present
  directory:
    description:
      - Directory that the textfile collector reads, an absolute path of plain characters.
      - It is made where it does not exist, and removed with the watch where it is empty then.
      - Not below C(/tmp), C(/var/tmp), C(/dev), C(/proc) or C(/sys), which the service does not see as others do.
    type: str
    default: /var/lib/prometheus/node-exporter
  interval:
    description: Seconds between two runs, 5 to 3600.
    type: int
    default: 15
  namespaces:
    description:
      - How many network namespaces have series of their own, 1 to 10000.
      - What the others lose is added up under the name V(rest).
    type: int
    default: 300
  sockets:
    description:
      - How many addresses of losing sockets have a series of their own, at most 1000.
      - What the others lose is added up.
    type: int
    default: 20
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
  - systemd
  - Python 3.9 or newer
seealso:
  - module: rxpath.linux.receive_path_info
notes:
  - M(rxpath.linux.tuning_rollback) does not touch the watch.
"""

EXAMPLES = r"""
- name: Watch what this host loses
  rxpath.linux.udp_watch_service:

- name: Watch it for a node_exporter that reads another directory
  rxpath.linux.udp_watch_service:
    directory: /var/lib/node_exporter/textfile_collector
    interval: 30

- name: Take the watch away
  rxpath.linux.udp_watch_service:
    state: absent
"""

RETURN = r"""
metrics:
  description: The file that is written.
  type: str
  returned: when O(state=present)
  sample: /var/lib/prometheus/node-exporter/rxpath_udp_watch.prom
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.module_host import host_of
from ansible_collections.rxpath.linux.plugins.module_utils._apply.watch_install import install, remove
from ansible_collections.rxpath.linux.plugins.module_utils._apply.watch_units import Wish, check


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
            "directory": {"type": "str", "default": "/var/lib/prometheus/node-exporter"},
            "interval": {"type": "int", "default": 15},
            "namespaces": {"type": "int", "default": 300},
            "sockets": {"type": "int", "default": 20},
        },
        supports_check_mode=True,
    )
    params, host = module.params, host_of(module)
    try:
        wish = check(Wish(params["directory"], params["interval"], params["namespaces"], params["sockets"]))
        if params["state"] == "present":
            result = install(host, wish, module.check_mode)
        else:
            result = remove(host, wish.directory, module.check_mode)
    except KnobError as error:
        module.fail_json(msg=str(error))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
