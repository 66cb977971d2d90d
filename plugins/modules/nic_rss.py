#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nic_rss
short_description: Set how a NIC spreads UDP over its receive queues
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Sets the indirection table, which leads each slot of the hash to a receive queue, and the header fields that are
    hashed for UDP.
  - The hash key is kept. Where a driver makes a new one for the change, the old one is put back.
  - A table that is the driver's own is known as such. It follows the number of queues, and a rollback gives it back
    by a reset, so that a later change of channels is not refused.
options:
  indirection:
    description:
      - V(equal) gives each queue as many slots as any other; a table that does so already is left alone.
      - V(default) gives back the driver's own table.
    type: str
    choices:
      - keep
      - equal
      - default
    default: keep
  weights:
    description:
      - Share of the slots for each queue, beginning with queue 0, as C(ethtool -X weight).
      - One of O(indirection), O(weights) and O(table) can be given.
    type: list
    elements: int
  table:
    description:
      - Queue of each slot. A shorter list is repeated to the size of the table.
    type: list
    elements: int
  udp4:
    description:
      - Fields that are hashed for UDP over IPv4. V(sd) are the addresses, V(sdfn) the addresses and ports.
      - With V(sd) all datagrams between two hosts reach one queue. With V(sdfn) they are spread by flow, but fragments
        carry no ports, so that they may reach another queue than whole datagrams of the flow and be reordered.
    type: str
    choices:
      - keep
      - sd
      - sdfn
    default: keep
  udp6:
    description:
      - Fields that are hashed for UDP over IPv6, as O(udp4).
    type: str
    choices:
      - keep
      - sd
      - sdfn
    default: keep
  channels:
    description:
      - Plan for that many receive queues instead of those that there are now, where a change of channels comes first.
      - This is not kept for boot.
    type: int
extends_documentation_fragment:
  - rxpath.linux.tuning
  - rxpath.linux.tuning.interface
seealso:
  - module: rxpath.linux.nic_channels
  - ref: ansible_collections.rxpath.linux.docsite.tuning
    description: Which setting helps against which loss, and in what order they are made.
notes:
  - igb and igc begin with a table of blocks that no reset gives back. A rollback writes it, after which C(ethtool -L)
    asks for C(ethtool -X default) before it takes queues away. M(rxpath.linux.nic_channels) sees to that by itself.
  - A driver's further contexts (C(ethtool -X context)) and its flow rules are not touched.
"""

EXAMPLES = r"""
- name: Spread UDP flows over all queues
  rxpath.linux.nic_rss:
    interface: eth0
    indirection: equal
    udp4: sdfn
    udp6: sdfn

- name: Keep queue 0 free of hashed traffic
  rxpath.linux.nic_rss:
    interface: eth0
    weights: [0, 1, 1, 1]
"""

RETURN = r"""
changes:
  description: What was to be changed, or in check mode would be.
  returned: success
  type: list
  elements: dict
  contains:
    knob:
      description: Kind of the setting; V(boot) is what is remembered for the next boot.
      type: str
      returned: success
    target:
      description: The device, and where it has several of the kind, which of them.
      type: str
      returned: success
    from:
      description: Value before.
      type: raw
      returned: success
    to:
      description: Value asked for.
      type: raw
      returned: success
  sample:
    - knob: hash_fields
      target: eth0
      from: sd
      to: sdfn
applied:
  description: Each setting that was written, with the value that was read back after it.
  returned: success
  type: list
  elements: dict
  sample:
    - knob: hash_fields
      target: eth0
      value: sdfn
unsupported:
  description: What the driver or the kernel cannot do of the request, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0 (e1000e): hash fields sdfn of udp4 cannot be set, the driver keeps 'sd'"
refused:
  description: What was left out for the harm that it may do, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0 (igb): queue 8 asked for, the last of 8 receive queues is 7"
notes:
  description: What the driver made of the request, one sentence each.
  returned: success
  type: list
  elements: str
  sample: []
boot:
  description: V(written) where the request is now made again at boot, V(unchanged), or why it cannot be.
  returned: success
  type: str
  sample: written
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rxpath.linux.plugins.module_utils._apply.arguments import INTERFACE_ARGUMENTS, run_module


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **INTERFACE_ARGUMENTS,
            "indirection": {"type": "str", "choices": ["keep", "equal", "default"], "default": "keep"},
            "weights": {"type": "list", "elements": "int"},
            "table": {"type": "list", "elements": "int"},
            "udp4": {"type": "str", "choices": ["keep", "sd", "sdfn"], "default": "keep"},
            "udp6": {"type": "str", "choices": ["keep", "sd", "sdfn"], "default": "keep"},
            "channels": {"type": "int"},
        },
        mutually_exclusive=[("weights", "table")],
        supports_check_mode=True,
    )
    run_module(module, "nic_rss")


if __name__ == "__main__":
    main()
