#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nic_channels
short_description: Set how many queues a NIC has
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Sets the numbers of a NIC's combined, receive and transmit channels. Each receive queue has an interrupt, so that
    the number of queues is the number of CPUs that can receive at once.
  - A change makes the queues anew. What belongs to them (RPS, RFS, XPS, interrupt affinity, coalescing, rings, hash
    fields, the indirection table) is put back afterwards where it moved.
  - It is refused, unless O(force=true), where an XDP program is attached, where an AF_XDP socket is bound to a queue,
    and where an indirection table that somebody set leads to a queue that would go. With O(force=true) that table is
    reset first.
options:
  combined:
    description:
      - Channels that both receive and transmit.
      - A number, V(auto) for as many as there are physical cores near the NIC that are online and not isolated, at
        least one and within the driver's limits, or V(keep).
    type: str
    default: keep
  rx:
    description:
      - Channels that only receive, as O(combined). Few drivers have both kinds.
    type: str
    default: keep
  tx:
    description:
      - Channels that only transmit, as O(combined).
    type: str
    default: keep
extends_documentation_fragment:
  - rxpath.linux.tuning
  - rxpath.linux.tuning.interface
  - rxpath.linux.confirm
seealso:
  - module: rxpath.linux.irq_affinity
  - module: rxpath.linux.nic_rss
  - ref: ansible_collections.rxpath.linux.docsite.tuning
    description: Which setting helps against which loss, and in what order they are made.
notes:
  - Most drivers take the link down for a moment. The module waits until the carrier is back and, for a slave of a
    bond, until it carries traffic again.
  - The channels of a bond, VLAN or bridge are those of the devices below, which the error names.
"""

EXAMPLES = r"""
- name: Give a NIC a queue for each physical core of its memory node
  rxpath.linux.nic_channels:
    interface: eth0
    combined: auto

- name: Give a veth four queues each way
  rxpath.linux.nic_channels:
    interface: veth0
    rx: 4
    tx: 4
    scope: running
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
    - knob: channels
      target: eth0
      from: {combined: 1, rx: 0, tx: 0}
      to: {combined: 4, rx: 0, tx: 0}
applied:
  description: Each setting that was written, with the value that was read back after it.
  returned: success
  type: list
  elements: dict
  sample:
    - knob: channels
      target: eth0
      value: {combined: 4, rx: 0, tx: 0}
unsupported:
  description: What the driver or the kernel cannot do of the request, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0 (vmxnet3): the driver cannot change the number of its queues"
refused:
  description: What was left out for the harm that it may do, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0 (igb): an XDP program is attached (native), which counts on the queues that there are"
notes:
  description: What the driver made of the request, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0 (igb): 8 combined channels for 16 cores near it, the driver has no more"
boot:
  description: V(written) where the request is now made again at boot, V(unchanged), or why it cannot be.
  returned: success
  type: str
  sample: written
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rxpath.linux.plugins.module_utils._apply.arguments import (
    CONFIRM_ARGUMENTS,
    INTERFACE_ARGUMENTS,
    run_module,
)


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            **INTERFACE_ARGUMENTS,
            **CONFIRM_ARGUMENTS,
            "combined": {"type": "str", "default": "keep"},
            "rx": {"type": "str", "default": "keep"},
            "tx": {"type": "str", "default": "keep"},
        },
        supports_check_mode=True,
    )
    run_module(module, "nic_channels")


if __name__ == "__main__":
    main()
