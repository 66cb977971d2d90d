#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: nic_coalesce
short_description: Set a NIC's interrupt coalescing
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Sets how long, and for how many frames, a NIC waits before it interrupts. Each parameter that is not named keeps its
    value, also those that this module does not know.
  - A longer wait saves interrupts and costs latency, and the ring has to hold what arrives meanwhile.
  - What a driver cannot set is named under RV(unsupported), parameter by parameter.
options:
  rx_usecs:
    description:
      - Microseconds from the first frame that was received to the interrupt.
      - A number, or V(keep).
    type: str
    default: keep
  rx_frames:
    description:
      - Received frames that interrupt before the time is over.
      - A number, or V(keep).
    type: str
    default: keep
  tx_usecs:
    description:
      - Microseconds from a frame that was sent to the interrupt.
      - A number, or V(keep).
    type: str
    default: keep
  tx_frames:
    description:
      - Sent frames that interrupt before the time is over.
      - A number, or V(keep).
    type: str
    default: keep
  adaptive_rx:
    description:
      - Let the driver move O(rx_usecs) and O(rx_frames) with the traffic.
    type: str
    choices: ["on", "off", keep]
    default: keep
  adaptive_tx:
    description:
      - Let the driver move O(tx_usecs) and O(tx_frames) with the traffic.
    type: str
    choices: ["on", "off", keep]
    default: keep
extends_documentation_fragment:
  - rxpath.linux.tuning
  - rxpath.linux.tuning.interface
seealso:
  - module: rxpath.linux.nic_ring
  - ref: ansible_collections.rxpath.linux.docsite.tuning
    description: Which setting helps against which loss, and in what order they are made.
notes:
  - Check mode knows the times that e1000, e1000e, igb and igc refuse. What other drivers refuse of their own accord is
    found out by the run alone, which names it under RV(unsupported) where check mode told of a change.
  - While C(adaptive_rx) is on, most drivers ignore C(rx_usecs); the module warns of that.
"""

EXAMPLES = r"""
- name: Interrupt for a received frame within twenty microseconds
  rxpath.linux.nic_coalesce:
    interface: eth0
    adaptive_rx: "off"
    rx_usecs: 20
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
    - knob: coalesce
      target: eth0
      from: {adaptive_rx: true, adaptive_tx: false, rx_frames: 0, rx_usecs: 50, tx_frames: 0, tx_usecs: 50}
      to: {adaptive_rx: false, adaptive_tx: false, rx_frames: 0, rx_usecs: 20, tx_frames: 0, tx_usecs: 50}
applied:
  description: Each setting that was written, with the value that was read back after it.
  returned: success
  type: list
  elements: dict
  sample:
    - knob: coalesce
      target: eth0
      value: {adaptive_rx: false, adaptive_tx: false, rx_frames: 0, rx_usecs: 20, tx_frames: 0, tx_usecs: 50}
unsupported:
  description: What the driver or the kernel cannot do of the request, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0 (e1000e): the driver cannot set tx_usecs to 8"
refused:
  description: What was left out for the harm that it may do, one sentence each.
  returned: success
  type: list
  elements: str
  sample: []
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
            "rx_usecs": {"type": "str", "default": "keep"},
            "rx_frames": {"type": "str", "default": "keep"},
            "tx_usecs": {"type": "str", "default": "keep"},
            "tx_frames": {"type": "str", "default": "keep"},
            "adaptive_rx": {"type": "str", "choices": ["on", "off", "keep"], "default": "keep"},
            "adaptive_tx": {"type": "str", "choices": ["on", "off", "keep"], "default": "keep"},
        },
        supports_check_mode=True,
    )
    run_module(module, "nic_coalesce")


if __name__ == "__main__":
    main()
