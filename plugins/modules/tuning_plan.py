#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: tuning_plan
short_description: Plan everything that the tuning would do on a host
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - The role P(rxpath.linux.udp_tuning#role) begins with it. Of use by itself is the playbook C(rxpath.linux.tune) with
    C(--check --diff), which shows the same.
  - Looks at a host once, and returns what the role P(rxpath.linux.udp_tuning#role) would change there, in the order of
    the work, with what is refused, not supported or left alone, and why. It changes nothing.
  - The changes of each request are those that its module would report in check mode. What follows a change of channels
    is planned for the queues that there will be then.
options:
  variables:
    description:
      - All variables of the role P(rxpath.linux.udp_tuning#role), typed or as the strings that C(-e) makes of them.
      - They are checked on the controller before the host is touched.
    type: dict
    required: true
  requests:
    description:
      - Requests to plan instead of what profile and knobs ask for.
      - Each has C(family), the name of a module of the tuning, C(interface) where that module takes one, and its other
        parameters.
      - The refusals hold for them as well, and the list is put into the order of the work.
    type: list
    elements: dict
  families:
    description:
      - Families of knobs, which are names of modules, that the plan is limited to. Others are left as they are.
      - Without it, all of them.
      - The role has it from C(--tags) and C(--skip-tags).
    type: list
    elements: str
    choices:
      - sysctl_settings
      - nic_channels
      - nic_ring
      - nic_coalesce
      - nic_rss
      - irq_affinity
      - packet_steering
attributes:
  action:
    description: Has an action plugin, which runs on the controller.
    support: full
  check_mode:
    description: Can run in check mode and return what it returns otherwise.
    support: full
  diff_mode:
    description: Will return details on what has changed, when in diff mode.
    support: N/A
    details: The module changes nothing.
  platform:
    description: Target OS that the module can run on.
    support: full
    platforms: linux
requirements:
  - Root
  - Python 3.9 or newer
seealso:
  - module: rxpath.linux.sysctl_settings
  - module: rxpath.linux.nic_ring
  - module: rxpath.linux.nic_channels
  - module: rxpath.linux.tuning_rollback
"""

EXAMPLES = r"""
- name: Plan what the variables of the role ask for
  rxpath.linux.tuning_plan:
    variables: "{{ __udp_tuning_variables }}"
  register: planned

- name: Show what would change
  ansible.builtin.debug:
    msg: "{{ planned.requests | map(attribute='changes') | flatten }}"

- name: Plan one change, whatever the profile says
  rxpath.linux.tuning_plan:
    variables: "{{ __udp_tuning_variables }}"
    requests:
      - family: nic_ring
        interface: eth0
        rx: max
"""

RETURN = r"""
requests:
  description: What is asked for, in the order of the work.
  returned: success
  type: list
  elements: dict
  contains:
    family:
      description: The module that does it.
      returned: always
      type: str
      sample: nic_ring
    interface:
      description: The network device.
      returned: where the module takes one
      type: str
      sample: eth0
    changes:
      description: What would change, each with C(knob), C(target), C(from) and C(to). Empty where all is as asked.
      returned: always
      type: list
      elements: dict
      sample:
        - knob: ring
          target: eth0
          from: {rx: 256, tx: 256}
          to: {rx: 4096, tx: 256}
interfaces:
  description: Devices on which something would change, in the order of their turns.
  returned: success
  type: list
  elements: str
  sample: [eth1, eth0]
refused:
  description: What is left alone because it would do harm or belongs to somebody else, with the reason.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0: has 2 flow steering rules (ethtool -n), which name its queues (nic_channels,
      nic_rss, irq_affinity, packet_steering left as they are)"
unsupported:
  description: What driver or kernel cannot do.
  returned: success
  type: list
  elements: str
  sample:
    - "eth0 (virtio_net): hash fields sdfn of udp4 cannot be set, the driver has none"
notes:
  description: The arithmetic of the buffers, what was rounded or clamped, and what was kept and why.
  returned: success
  type: list
  elements: str
  sample:
    - >-
      receive buffer: 50,000/s x 50 ms x 2,304 bytes a datagram / 0.75 = 7,680,000 bytes a socket,
      in steps of 64 KiB: 7,733,248
    - "net.core.rmem_max: half of the buffer, since the kernel doubles what SO_RCVBUF asks for"
skipped_interfaces:
  description: Devices that are not tuned, each with C(interface) and C(why).
  returned: success
  type: list
  elements: dict
  sample:
    - {interface: 2 of kind ifb, why: virtual devices have no ring and no interrupt}
executions:
  description: How many modules the role executes on the host for this, this one included.
  returned: success
  type: int
  sample: 1
scope:
  description: V(both), or V(boot) where nothing that runs is to be touched.
  returned: success
  type: str
  sample: both
left_out_by_tags:
  description: The tags of the families that the run's C(--tags) and C(--skip-tags) leave out.
  returned: success
  type: list
  elements: str
  sample: [irq, steering]
holder:
  description: The name of this run, for whoever finds the host taken by it.
  returned: success
  type: str
  sample: the tuning run 0a28ab80 of root on controller
settings:
  description: The variables as they were understood, without the prefix.
  returned: success
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.module_host import host_of
from ansible_collections.rxpath.linux.plugins.module_utils._apply.tuning_plan import plan_host
from ansible_collections.rxpath.linux.plugins.module_utils._plan.interfaces import NoSuchInterfaceError
from ansible_collections.rxpath.linux.plugins.module_utils._plan.order import FAMILY_ORDER


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "variables": {"type": "dict", "required": True},
            "requests": {"type": "list", "elements": "dict"},
            "families": {"type": "list", "elements": "str", "choices": list(FAMILY_ORDER)},
        },
        supports_check_mode=True,
    )
    settings = {**module.params["variables"], **{name: module.params[name] for name in ("requests", "families")}}
    try:
        plan = plan_host(host_of(module), settings)
    except (KnobError, NoSuchInterfaceError) as error:
        module.fail_json(msg=str(error))
    for warning in plan.pop("warnings"):
        module.warn(warning)
    if settings["strict"] and (plan["refused"] or plan["unsupported"]):
        module.fail_json(msg="udp_tuning_strict: " + "; ".join([*plan["refused"], *plan["unsupported"]]), **plan)
    module.exit_json(changed=False, **plan)


if __name__ == "__main__":
    main()
