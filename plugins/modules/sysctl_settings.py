#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: sysctl_settings
short_description: Set sysctls, running and at boot, without lowering what an administrator set
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Sets any number of sysctls in one call, their running values and one drop-in file that boot reads.
  - Knows by the rules of systemd-sysctl which file has the last word at boot. Warns of a line that is read after
    O(file), of one that C(sysctl --system) would read last, and of a profile of tuned that sets the key.
  - Compares without regard to white space, and reads back what the kernel made of each value.
  - The running value is set before the file is written. What the kernel refuses is then in no file, and a run that was
    killed in between leaves a value that the next boot takes back.
options:
  settings:
    description:
      - Keys in dots, each with its value. A list is written with one blank between its members.
      - A key that this kernel does not have is named under RV(unsupported). Patterns and paths are refused.
    type: dict
    required: true
  file:
    description:
      - The drop-in file. Its name decides when boot reads it. Lines of other keys in it stay as they are.
    type: str
    default: /etc/sysctl.d/99-udp-tuning.conf
  lower:
    description:
      - Whether a running value that is higher than the one asked for is lowered, and likewise one that another file
        sets for boot. Without it such a value is kept, each number by itself where a key has several.
      - The numbers from -1 to 2 name modes, and are set as asked. So is what is no number.
      - A value that this module set itself can be lowered to the one before it.
    type: bool
    default: false
extends_documentation_fragment:
  - rxpath.linux.tuning
seealso:
  - module: rxpath.linux.receive_path_facts
  - module: rxpath.linux.tuning_rollback
  - ref: ansible_collections.rxpath.linux.docsite.tuning
    description: Which setting helps against which loss, and in what order they are made.
"""

EXAMPLES = r"""
- name: Let sockets ask for receive buffers of up to 16 MiB
  rxpath.linux.sysctl_settings:
    settings:
      net.core.rmem_max: 16777216

- name: Set the limits of all UDP sockets, in pages
  rxpath.linux.sysctl_settings:
    settings:
      net.ipv4.udp_mem: [382560, 510080, 765120]

- name: Prepare an image, and touch nothing that runs
  rxpath.linux.sysctl_settings:
    scope: boot
    settings:
      net.core.netdev_max_backlog: 4000
"""

RETURN = r"""
changes:
  description: What is changed. In check mode, what would be.
  type: list
  elements: dict
  returned: success
  sample:
    - {knob: sysctl, target: net.core.rmem_max, from: "212992", to: "16777216"}
applied:
  description: What the kernel made of it, read back.
  type: list
  elements: dict
  returned: success
  sample:
    - {knob: sysctl, target: net.core.rmem_max, value: "16777216"}
unsupported:
  description: What this kernel does not have, in sentences.
  type: list
  elements: str
  returned: success
  sample:
    - "net.core.nonsense: kernel 6.18.44 has no such key here (a module that is not loaded, another kernel version, or a
      network namespace to which the key does not belong)"
refused:
  description: Always empty. What cannot be is an error.
  type: list
  elements: str
  returned: success
  sample: []
notes:
  description: What was kept because it is higher, and what the kernel rounded.
  type: list
  elements: str
  returned: success
  sample:
    - "net.core.rmem_max is kept at 33554432: 16777216 was asked for, and lower: true would lower it"
boot:
  description: Whether the file was written, V(written) or V(unchanged).
  type: str
  returned: success
  sample: written
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rxpath.linux.plugins.module_utils._apply.arguments import COMMON_ARGUMENTS, run_module
from ansible_collections.rxpath.linux.plugins.module_utils._plan.sysctl_file import DEFAULT_FILE


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **COMMON_ARGUMENTS,
            "settings": {"type": "dict", "required": True},
            "file": {"type": "str", "default": DEFAULT_FILE},
            "lower": {"type": "bool", "default": False},
        },
        supports_check_mode=True,
    )
    run_module(module, "sysctl_settings")


if __name__ == "__main__":
    main()
