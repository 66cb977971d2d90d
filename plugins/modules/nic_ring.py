#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nic_ring
short_description: Set the size of a NIC's rings
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Sets the number of descriptors of the receive and transmit rings, within the driver's own maximum.
  - A ring is what a NIC fills while no CPU looks. A larger one survives a longer burst; it does not help where the
    CPU that empties it is busy all the time.
  - Where the driver rounds, the number that it will take is asked for, so that a second run changes nothing.
options:
  rx:
    description:
      - Descriptors of each receive ring.
      - A number, V(max) for the most that the driver takes and O(memory_limit) allows, or V(keep).
      - A number above the driver's maximum is clamped and named under RV(unsupported).
    type: str
    default: keep
  tx:
    description:
      - Descriptors of each transmit ring, as O(rx). O(memory_limit) does not concern it.
    type: str
    default: keep
  memory_limit:
    description:
      - Most bytes that the receive rings of the device may pin. Descriptors, times queues, times the bytes of a
        buffer; 2304 at an MTU of 1500.
      - It lowers V(max), but never below what the ring is now. A larger number is refused unless O(force=true).
      - Without it, 268435456.
    type: int
  channels:
    description:
      - Reckon with that many receive queues instead of those that there are now, for a change of channels to come.
      - This is not kept for boot.
    type: int
extends_documentation_fragment:
  - rxpath.linux.tuning
  - rxpath.linux.tuning.interface
  - rxpath.linux.confirm
seealso:
  - module: rxpath.linux.nic_channels
  - module: rxpath.linux.receive_path_facts
  - module: rxpath.linux.tuning_confirm
  - ref: ansible_collections.rxpath.linux.docsite.tuning
    description: Which setting helps against which loss, and in what order they are made.
notes:
  - Most drivers take the link down for a moment to make their rings anew. The module waits until the carrier is back
    and, for a slave of a bond, until it carries traffic again.
  - What else a driver loses with its rings (coalescing, hash fields, indirection, affinity) is put back.
"""

EXAMPLES = r"""
- name: Use the largest receive ring that the driver has and 256 MiB allow
  rxpath.linux.nic_ring:
    interface: eth0
    rx: max

- name: Set both rings until the next boot
  rxpath.linux.nic_ring:
    interface: eth0
    rx: 2048
    tx: 1024
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
    - knob: ring
      target: eth0
      from: {rx: 256, tx: 256}
      to: {rx: 4096, tx: 256}
applied:
  description: Each setting that was written, with the value that was read back after it.
  returned: success
  type: list
  elements: dict
  sample:
    - knob: ring
      target: eth0
      value: {rx: 4096, tx: 256}
unsupported:
  description: What the driver or the kernel cannot do of the request, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0 (igb): rx ring of 9999 asked, clamped to the driver's maximum of 4096"
refused:
  description: What was left out for the harm that it may do, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0 (mlx5_core): rx ring of 8192 refused: 8192 x 64 queues x 2304 bytes are over memory_limit"
notes:
  description: What the driver made of the request, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0 (igb): the driver makes 104 of rx 100"
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
            "rx": {"type": "str", "default": "keep"},
            "tx": {"type": "str", "default": "keep"},
            "memory_limit": {"type": "int"},
            "channels": {"type": "int"},
        },
        supports_check_mode=True,
    )
    run_module(module, "nic_ring")


if __name__ == "__main__":
    main()
