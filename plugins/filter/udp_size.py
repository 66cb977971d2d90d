# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What if: buffers, backlog, ring and readers for a workload, with the arithmetic."""

from __future__ import annotations

DOCUMENTATION = r"""
name: udp_size
short_description: What a UDP workload needs in buffers, backlog, ring and readers
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Says what a receiver of UDP datagrams needs before there is one, or what another rate, pause or number of readers
    would make of one that there is. Asks no host and changes nothing.
  - Computes with the functions of the role P(rxpath.linux.udp_tuning#role) and of the audit's advice, so that it says
    what the role would set, and shows the arithmetic.
  - Where the readers are slower than what arrives, RV(_value.receive_buffer) and what follows from it has
    C(helps=false), with the reason, and RV(_value.workers) says how many readers suffice.
positional: _input
options:
  _input:
    description:
      - The workload, a dictionary of the options below; V({}) is the workload of the profile alone.
      - Numbers may be text, as C(-e) makes them. An unknown key is an error that names the nearest one.
      - Options given to the filter itself win over it.
    type: dict
    required: true
  profile:
    description: The profile of the role that answers for O(rate), O(datagram_size), O(stall), O(sockets) and
      O(max_queue_delay) where they are not given.
    type: str
    choices: [buffers, full, dns, quic, ingest, none]
    default: buffers
  rate:
    description: Datagrams a second that arrive at one socket at peak.
    type: float
  datagram_size:
    description: Bytes of payload, of the larger ones.
    type: int
  stall:
    description: Seconds, the longest pause of a reader that must cost nothing.
    type: float
  sockets:
    description: Sockets whose buffers may be full at the same time.
    type: int
  max_queue_delay:
    description: Seconds that a datagram may wait in a full buffer before nobody waits for it any longer. Checked where
      O(service_rate) is known.
    type: float
  service_rate:
    description: Datagrams a second that one reader takes, μ of the audit's report. V(0) is not known.
    type: float
    default: 0
  service_time:
    description: Seconds that one reader needs for a datagram, instead of O(service_rate), which is 1 / O(service_time).
    type: float
  burst:
    description: Datagrams that may come at once to one socket, beside O(rate), while its reader is away.
    type: int
    default: 0
  current_buffer:
    description: Bytes of receive buffer that a socket has now, to say how soon too slow a reader lets it fill.
    type: int
  truesize:
    description: Bytes that the kernel charges for one datagram, where the audit measured it. Otherwise what most NIC
      drivers make of O(datagram_size), 2,304 for up to 1,500.
    type: int
  memory:
    description: Bytes of RAM. Without it no ceiling of memory is known.
    type: int
  memory_share:
    description: Share of O(memory), more than 0 and at most 1, that all sockets together may take.
    type: float
    default: 0.1
  udp_mem:
    description: The host's C(net.ipv4.udp_mem), three numbers of pages. It is raised within O(memory_share), not
      without O(memory), and never lowered.
    type: str
  page_size:
    description: Bytes of a page of memory.
    type: int
    default: 4096
  cpus:
    description: CPUs that the readers can use, of which each is taken to need one, and that have a backlog.
    type: int
  link_speed:
    description: Megabits a second of the link, as ethtool and the facts of Ansible have it. No ring has to hold more
      than it brings.
    type: float
  mtu:
    description: MTU of the interface; a longer datagram comes in fragments.
    type: int
    default: 1500
  queues:
    description: Receive queues of the NIC, each with a ring of its own.
    type: int
    default: 1
  ring_max:
    description: The largest ring that the driver makes, as C(ethtool -g) says it.
    type: int
  ring_memory_limit:
    description: Bytes that all receive rings of the interface may take.
    type: int
    default: 268435456
seealso:
  - plugin: rxpath.linux.udp_tuning
    plugin_type: role
  - plugin: rxpath.linux.udp_audit
    plugin_type: role
"""

EXAMPLES = r"""
- name: Say how many readers a QUIC proxy needs at 40 µs a datagram, and what a buffer would do for it
  ansible.builtin.debug:
    msg:
      - "{{ sized.workers.arithmetic }}"
      - "{{ sized.receive_buffer.helps }}: {{ sized.receive_buffer.why }}"
  vars:
    sized: "{{ {'profile': 'quic', 'rate': 35000, 'service_time': 0.00004} | rxpath.linux.udp_size }}"

- name: Ask what the default profile makes of this host
  ansible.builtin.debug:
    msg: "{{ {'memory': memory, 'cpus': ansible_facts.processor_vcpus} | rxpath.linux.udp_size }}"
  vars:
    memory: "{{ ansible_facts.memtotal_mb * 1048576 }}"

- name: Let the role set what was sized
  ansible.builtin.include_role:
    name: rxpath.linux.udp_tuning
    rolespec_validate: false
  vars:
    udp_tuning_profile: dns
    udp_tuning_rate: "{{ sized.variables.udp_tuning_rate }}"
    udp_tuning_stall: "{{ sized.variables.udp_tuning_stall }}"
    sized: "{{ {'profile': 'dns', 'rate': 8000, 'burst': 2000} | rxpath.linux.udp_size }}"
"""

RETURN = r"""
_value:
  description:
    - One entry for each thing that has a size. Each has C(value) (null where it cannot be known), C(unit),
      C(arithmetic), C(ceiling) (what cut it and what is left, null where nothing did), C(helps) (true, false, or null
      where that is not known, as of a buffer without O(service_rate)) and C(why).
  type: dict
  contains:
    ring:
      description: Descriptors of the receive ring of each queue.
      type: dict
    netdev_max_backlog:
      description: C(net.core.netdev_max_backlog), packets a CPU.
      type: dict
    udp_mem:
      description: C(net.ipv4.udp_mem), three numbers of pages as text.
      type: dict
    receive_buffer:
      description: Bytes of receive buffer of one socket, as C(ss -m) shows it after C(rb).
      type: dict
      sample:
        value: 7733248
        unit: bytes a socket
        arithmetic: >-
          50,000/s x 50 ms x 2,304 bytes a datagram / 0.75 = 7,680,000 bytes a socket, in steps of 64 KiB: 7,733,248
        ceiling: null
        helps: true
        why: what arrives while the reader pauses for 50 ms waits in it; full, it is read off in 42 ms
    rmem_max:
      description: C(net.core.rmem_max), bytes, for servers that ask for a buffer.
      type: dict
    rmem_default:
      description: C(net.core.rmem_default), bytes, for servers that do not.
      type: dict
    workers:
      description: Readers of all sockets together; its value is null without O(service_rate).
      type: dict
    variables:
      description: The variables of the role P(rxpath.linux.udp_tuning#role) that ask for the same. A O(burst) has
        become a longer stall.
      type: dict
"""

from typing import Any, Callable

from ansible.errors import AnsibleFilterError
from ansible_collections.rxpath.linux.plugins.module_utils._plan.what_if import what_if
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError
from ansible_collections.rxpath.linux.plugins.plugin_utils.sizing import normalise, of_the_role


def udp_size(given: Any, **options: Any) -> dict[str, Any]:
    """Return what a workload needs; raises AnsibleFilterError with the name of the key that cannot be used."""
    try:
        workload = normalise(given, options)
    except SettingError as error:
        raise AnsibleFilterError(str(error)) from None
    return {**what_if(workload), "variables": of_the_role(workload)}


class FilterModule:
    """The filters of this file."""

    def filters(self) -> dict[str, Callable[..., dict[str, Any]]]:
        """Return the filters by name."""
        return {"udp_size": udp_size}
