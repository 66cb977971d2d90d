#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: receive_path_facts
short_description: Gather the tunables of the UDP receive path as they stand
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Returns what decides how a Linux host receives UDP datagrams. Sysctls with the file and the line that would set
    them at boot, each NIC's driver, ring, channels, indirection table, UDP hash fields, coalescing, offloads, RPS,
    RFS, XPS and interrupts with their affinity and queues, the processors, and whether irqbalance or tuned turn the
    same knobs.
  - Only reads, through C(/proc), C(/sys), netlink and ioctl. No program is started on the host, no package is needed
    there.
  - Everything here is readable without root on most hosts. What is not is named in
    RV(ansible_facts.receive_path.unknowns).
options:
  interfaces:
    description:
      - Describe only these network devices, and the NICs below them.
      - Without it, NICs, bonds, and devices that have a NIC at their bottom (VLANs, bridges) are described, others
        counted.
      - A name that is no device of the host is an error.
    type: list
    elements: str
attributes:
  check_mode:
    description: Can run in check mode and return what it returns otherwise.
    support: full
  diff_mode:
    description: Will return details on what has changed, when in diff mode.
    support: N/A
    details: The module changes nothing.
  facts:
    description: Action returns an C(ansible_facts) dictionary that will update existing host facts.
    support: full
  platform:
    description: Target OS that the module can run on.
    support: full
    platforms: linux
requirements:
  - Linux 3.10 or newer
  - Python 3.9 or newer
seealso:
  - module: rxpath.linux.receive_path_info
  - ref: ansible_collections.rxpath.linux.docsite.receive_path
    description: Each handoff of the receive path, its counters, and what they mean.
notes:
  - The boot value follows the rules of systemd-sysctl. C(/etc/sysctl.conf) is not read at boot unless the
    distribution links it into C(/etc/sysctl.d); a value that stands only there is returned under C(sysctl_conf).
  - The facts of one host are kept below 64 KiB. Where that leaves an interface without its detail, an unknown says so.
"""

EXAMPLES = r"""
- name: Gather the tunables of the receive path
  rxpath.linux.receive_path_facts:

- name: Show the sysctls whose running value is not what boot would set
  ansible.builtin.debug:
    msg: "{{ ansible_facts.receive_path.sysctls['values'] | dict2items | selectattr('value.drift', 'true') }}"

- name: Gather the tunables of a bond and of the NICs below it
  rxpath.linux.receive_path_facts:
    interfaces:
      - bond0

- name: Show the interrupts of each NIC with the queues that they serve
  ansible.builtin.debug:
    msg: "{{ item.key }}: {{ item.value.irqs | default([]) }}"
  loop: "{{ ansible_facts.receive_path.interfaces | dict2items }}"
  loop_control:
    label: "{{ item.key }}"
"""

RETURN = r"""
ansible_facts:
  description: The facts, also available as C(ansible_facts.receive_path) in later tasks.
  returned: success
  type: dict
  contains:
    receive_path:
      description: The tunables of the receive path.
      returned: success
      type: dict
      contains:
        schema:
          description: Version of this structure.
          returned: success
          type: int
          sample: 1
        kernel:
          description: Release of the running kernel.
          returned: success
          type: str
          sample: "6.12.48"
        sysctls:
          description:
            - C(values) holds for each sysctl its C(running) value, and C(boot), C(file) and C(line) of the assignment
              that boot would make last, or null. C(drift) tells whether the two differ.
            - C(overrides) lists earlier assignments that have no effect, C(sysctl_conf) one that only C(sysctl
              --system) would make.
            - C(masked) lists files that mask others, C(sysctl_conf_at_boot) tells whether boot reads
              C(/etc/sysctl.conf).
          returned: success
          type: dict
          sample:
            values:
              net.core.rmem_max:
                running: 4194304
                boot: 8388608
                file: /etc/sysctl.d/99-udp.conf
                line: 2
                drift: true
            masked: []
            sysctl_conf_at_boot: true
        interfaces:
          description:
            - By name, each described device. A key that is missing is not supported by the driver or the kernel.
            - Queues and CPUs are lists as the kernel writes them (C(0-3,8)). Queues of the same setting share an entry.
            - C(below) names the NICs at the bottom of a bond, VLAN or bridge.
            - C(speed) is in Mbit/s, C(coalesce) in microseconds and frames, C(gro_flush_timeout) in nanoseconds.
            - In C(irqs), C(serves) names the queues, C(asked) the CPUs that were asked for, C(effective) those in use.
          returned: success
          type: dict
          sample:
            eth0:
              kind: nic
              driver: igb
              bus: "0000:03:00.0"
              state: up
              speed: 1000
              numa_node: 0
              local_cpus: 0-3
              ring: {rx: 256, rx_max: 4096, tx: 256, tx_max: 4096}
              channels: {combined: 4, combined_max: 8, rx: 0, rx_max: 0, tx: 0, tx_max: 0, other: 1}
              indirection:
                size: 128
                hash_function: toeplitz
                even: true
                weights: [{queues: 0-3, slots: 32}]
              udp_hash_fields: {udp4: sd, udp6: sd}
              queues: {rx: 4, tx: 4}
              rps: [{queues: 0-3, cpus: ""}]
              rfs: [{queues: 0-3, flows: 0}]
              xps: [{queues: "0", cpus: "0"}]
              irqs: [{irq: 41, serves: rx-0 tx-0, asked: "0", effective: "0"}]
        other_interfaces:
          description: Number of the devices that were not described, by kind.
          returned: success
          type: dict
          sample: {loopback: 1, virtual: 40}
        cpus:
          description: Lists of CPUs by state, package and node, and those that share a core.
          returned: success
          type: dict
          sample:
            online: 0-3
            possible: 0-3
            isolated: ""
            nohz_full: ""
            packages: {"0": 0-3}
            nodes: {"0": 0-3}
            siblings: [0-1, 2-3]
        irqbalance:
          description:
            - Whether irqbalance is installed, enabled and running, and what it was told to leave alone.
            - C(banned_devices) are the PCI addresses that M(rxpath.linux.irq_affinity) had it leave alone.
          returned: success
          type: dict
          sample:
            installed: true
            enabled: true
            running: true
            arguments: --banmod=igb
            banned_irqs: []
            banned_modules: [igb]
            banned_devices: []
            policy_script: null
            banned_cpus: null
        tuned:
          description: Whether tuned is installed, enabled and running, and its profile.
          returned: success
          type: dict
          sample: {installed: true, enabled: true, running: true, profile: network-latency, mode: manual}
        unknowns:
          description: What could not be read, why, and what would make it readable.
          returned: success
          type: list
          elements: dict
          sample:
            - what: /etc/sysctl.d/50-secret.conf
              why: Permission denied
              remedy: "run as root (become: true)"
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rxpath.linux.plugins.module_utils._facts.gather import gather_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.interfaces import UnknownInterfaceError


def main() -> None:
    module = AnsibleModule(
        argument_spec={"interfaces": {"type": "list", "elements": "str"}},
        supports_check_mode=True,
    )
    try:
        facts, unknowns = gather_facts(module.params["interfaces"])
    except UnknownInterfaceError as error:
        module.fail_json(msg=str(error))
    module.exit_json(ansible_facts={"receive_path": {**facts, "unknowns": unknowns}})


if __name__ == "__main__":
    main()
