#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: packet_steering
short_description: Set RPS, RFS and XPS of a device's queues
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - RPS hands the packets of a receive queue to other CPUs by their hash, after the interrupt and before the protocol.
    It helps a device of few queues. On a NIC with a queue for each core it adds a hop with a queue of its own
    (C(net.core.netdev_max_backlog)), which can overflow, and no CPU.
  - RFS hands them to the CPU where the socket was last read. It knows connected sockets only, which few UDP servers
    use.
  - XPS chooses the transmit queue by the CPU that sends. It does nothing for receiving.
options:
  rps:
    description:
      - V(auto) turns it on where the device has fewer receive queues than its memory node has cores. The packets go
        to one CPU of each core that takes no interrupt of the device; where fewer of these are left than there are
        queues, to those of all cores but the queue's own. Elsewhere V(auto) turns it off, and a note says so.
      - V(off) and V(keep), or a CPU list such as V(0-3), which holds for each queue.
    type: str
    default: keep
  rfs:
    description:
      - Entries of the table of flows, for the whole machine. Each queue gets its share. The kernel rounds both up to a
        power of two, and so does the module beforehand.
      - V(auto) is 32768 where RPS is on, and off elsewhere. V(off) and V(keep) are what they say.
      - C(net.core.rps_sock_flow_entries) is raised to the number and never lowered, since other devices use it too.
    type: str
    default: keep
  xps:
    description:
      - V(auto) gives each CPU one queue. That whose interrupt comes to its core, else one of its memory node.
      - V(off) and V(keep), a CPU list for all queues, a list of CPU lists that begins with queue 0, or a mapping of
        queue numbers to CPU lists.
    type: raw
    default: keep
  interrupts:
    description:
      - Reckon with these CPUs of the queues' interrupts, a mapping of queue numbers to CPU lists, instead of those
        that they have now, for a placement to come.
      - This is not kept for boot.
    type: dict
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
  - module: rxpath.linux.irq_affinity
  - module: rxpath.linux.nic_channels
  - module: rxpath.linux.receive_path_facts
  - ref: ansible_collections.rxpath.linux.docsite.tuning
    description: Which setting helps against which loss, and in what order they are made.
notes:
  - Offline CPUs fall out of every mask, isolated ones out of that of RPS. The module leaves them out beforehand, and a
    note names them.
  - The interrupt of a queue counts as placed where it was given one CPU, as M(rxpath.linux.irq_affinity) does.
  - Works for virtual devices as well (veth, tun, bridge), where no NIC spreads the packets.
  - In a network namespace C(net.core.rps_sock_flow_entries) is not to be seen. It is then named under
    RV(unsupported), and the queues' tables are set all the same.
"""

EXAMPLES = r"""
- name: Spread the packets of a NIC of few queues over the cores of its memory node
  rxpath.linux.packet_steering:
    interface: eth0
    rps: auto

- name: Let each CPU send through the queue whose interrupt it takes
  rxpath.linux.packet_steering:
    interface: eth0
    xps: auto

- name: Turn steering off that somebody left on
  rxpath.linux.packet_steering:
    interface: eth0
    rps: "off"
    rfs: "off"

- name: Spread what comes out of a container's veth over four CPUs
  rxpath.linux.packet_steering:
    interface: veth1234
    rps: 2-5
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
      description: The device and its queue; for V(sysctl) the key.
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
    - knob: rps
      target: eth0 rx-0
      from: ""
      to: 1-7
applied:
  description: Each setting that was written, with the value that was read back after it.
  returned: success
  type: list
  elements: dict
  sample:
    - knob: rps
      target: eth0 rx-0
      value: 1-7
unsupported:
  description: What the driver or the kernel cannot do of the request, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0: XPS: it has one transmit queue"
refused:
  description: What was left out because no CPU is left for it, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0: RPS: no CPU of 9 may be used"
notes:
  description: How the request was understood, one sentence each.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0: RPS off: 8 receive queues for 8 cores are enough; it would only add a hop"
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
            "rps": {"type": "str", "default": "keep"},
            "rfs": {"type": "str", "default": "keep"},
            "xps": {"type": "raw", "default": "keep"},
            "interrupts": {"type": "dict"},
            "housekeeping_cpus": {"type": "list", "elements": "str"},
            "allowed_cpus": {"type": "list", "elements": "str"},
            "channels": {"type": "int"},
            "earlier": {"type": "list", "elements": "dict"},
        },
        supports_check_mode=True,
    )
    run_module(module, "packet_steering")


if __name__ == "__main__":
    main()
