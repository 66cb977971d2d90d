#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: irq_affinity
short_description: Place the interrupts of a NIC on CPUs, and keep irqbalance from moving them
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Gives each queue of a NIC a CPU of its own on the NIC's memory node. One queue to one physical core, hyper-thread
    siblings when every core has a queue, CPUs of other nodes where the node has none that may be used. Isolated CPUs
    (C(isolcpus), C(nohz_full)) never, unless a queue is given one by name.
  - An interrupt that serves a receive and a transmit queue follows the receive queue. One that serves a transmit
    queue alone goes to the CPU of the receive queue of that number. Interrupts that serve no queue are left alone.
  - Leaves irqbalance running, and has it leave the interrupts of this NIC where they are. A drop-in adds one option to
    the command of its systemd unit; the administrator's own arguments go on holding.
options:
  policy:
    description:
      - V(auto) places the queues by the rules above.
      - V(explicit) places them as O(queues) says, and no others.
      - V(keep) leaves them, and irqbalance, as they are.
    type: str
    choices:
      - auto
      - explicit
      - keep
    default: auto
  queues:
    description:
      - CPUs of each queue, with O(policy=explicit). A mapping of queue numbers to CPU lists, or a list that begins
        with queue 0.
      - CPUs named here are used even if they are isolated.
    type: raw
  skip:
    description:
      - With O(policy=auto), number of queues that other NICs of this memory node were given before this one, so that
        two NICs do not share cores as long as there are free ones.
    type: int
  housekeeping_cpus:
    description:
      - CPUs to leave free, as lists (C(0), C(8-9)). They are used only where no other CPU may be, with a note.
      - An empty list takes back what an earlier call had kept for boot.
    type: list
    elements: str
  allowed_cpus:
    description:
      - Use no other CPUs than these, as lists (C(0-7)).
      - Isolated CPUs among them are left out, unless there is no other among them.
      - An empty list takes back what an earlier call had kept for boot.
    type: list
    elements: str
  channels:
    description:
      - Reckon with that many queues instead of those that there are now, for a change of channels to come.
      - This is not kept for boot.
    type: int
  earlier:
    description:
      - Changes of what belongs to the host, each with C(knob), C(target) and C(to), that come before this one. Check
        mode reckons with them as made. Otherwise they are, and this has no effect.
    type: list
    elements: dict
extends_documentation_fragment:
  - rxpath.linux.tuning
  - rxpath.linux.tuning.interface
seealso:
  - module: rxpath.linux.packet_steering
  - module: rxpath.linux.nic_channels
  - module: rxpath.linux.receive_path_facts
  - ref: ansible_collections.rxpath.linux.docsite.tuning
    description: Which setting helps against which loss, and in what order they are made.
notes:
  - The value is what was asked for (C(smp_affinity_list)). With virtio_net and vmxnet3 an interrupt moves when it next
    comes, so that C(effective_affinity_list) follows later.
  - Interrupts that the kernel manages itself cannot be moved and are named under RV(unsupported). So are all of
    hv_netvsc, which has channels of the hypervisor's bus instead.
  - irqbalance is told by a policy script, C(/etc/rxpath-linux/irqbalance-policy), and a list of PCI addresses beside
    it, so that neither a reboot nor another driver load nor a rename makes a difference. A policy script of the
    administrator's is asked about all other devices. The unit is restarted if it runs.
  - The drop-in repeats the command of the unit. If an upgrade changes that command, run the module again.
  - Where SELinux enforces, its policy keeps irqbalance from running such a script. There irqbalance gets C(--banmod)
    with the driver's name, which holds for all devices of that driver.
  - If irqbalance is installed later, run the module again. Where no systemd unit starts it, a warning says that it
    cannot be told.
"""

EXAMPLES = r"""
- name: Place each queue on a core of the NIC's memory node
  rxpath.linux.irq_affinity:
    interface: eth0

- name: Leave the first core of each node to everything else
  rxpath.linux.irq_affinity:
    interface: eth0
    housekeeping_cpus:
      - "0"
      - "32"

- name: Place a second NIC of four queues after the first, which has eight
  rxpath.linux.irq_affinity:
    interface: eth1
    skip: 8

- name: Place two queues by hand until the next boot
  rxpath.linux.irq_affinity:
    interface: eth0
    policy: explicit
    queues:
      0: "2"
      1: "3"
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
      description: The device and the queues that the interrupt serves; C(banned devices) for irqbalance.
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
    - knob: irq
      target: eth0 rx-3 tx-3
      from: 0-7
      to: "3"
applied:
  description: Each setting that was written, with the value that was read back after it.
  returned: success
  type: list
  elements: dict
  sample:
    - knob: irq
      target: eth0 rx-3 tx-3
      value: "3"
unsupported:
  description: What the driver or the kernel cannot do of the request, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0 (ngbe): the kernel manages the interrupt of rx-0 tx-0; it cannot be moved"
refused:
  description: What was left out because no CPU is left for it, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0: no CPU may take its interrupts: every CPU is isolated"
notes:
  description: How the request was understood, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0: more queues than cores (16 on 8): some share a core as hyper-threads"
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
            "policy": {"type": "str", "choices": ["auto", "explicit", "keep"], "default": "auto"},
            "queues": {"type": "raw"},
            "skip": {"type": "int"},
            "housekeeping_cpus": {"type": "list", "elements": "str"},
            "allowed_cpus": {"type": "list", "elements": "str"},
            "channels": {"type": "int"},
            "earlier": {"type": "list", "elements": "dict"},
        },
        required_if=[("policy", "explicit", ["queues"])],
        supports_check_mode=True,
    )
    run_module(module, "irq_affinity")


if __name__ == "__main__":
    main()
