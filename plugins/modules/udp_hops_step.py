#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# An action of the controller: all of it is in plugins/action. Ansible takes an action's documentation from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: udp_hops_step
short_description: One step of finding the hop that loses datagrams
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - The steps of the role P(rxpath.linux.udp_hops#role), in the order in which the role takes them.
  - Fails no host before O(state=verdict). What went wrong on a host is recorded, so that the report can tell of it.
  - This is an action. It runs on the controller.
options:
  state:
    description:
      - V(planned) checks the variables and returns the rounds of the run.
      - V(begun) starts the window of a round on a host, and the receiver of a probe.
      - V(sent) sends the probe, V(counted) collects what its receiver counted, V(ended) the window.
      - V(judged) says where datagrams were lost in a round.
      - V(reported) prints and writes the report, V(verdict) gives each host its status.
    type: str
    required: true
    choices: [planned, begun, sent, counted, ended, judged, reported, verdict]
  variables:
    description: All variables of the role P(rxpath.linux.udp_hops#role).
    type: dict
    required: true
  round:
    description: The round, as V(planned) returned it. Needed with all that is done once for each round.
    type: dict
  judged:
    description: Name under which V(judged) is registered. Needed with V(judged), V(reported) and V(verdict).
    type: str
extends_documentation_fragment:
  - rxpath.linux.audit_action
seealso:
  - module: rxpath.linux.udp_probe
  - module: rxpath.linux.receive_path_info
"""

EXAMPLES = r"""
- name: Check the variables
  rxpath.linux.udp_hops_step:
    state: planned
    variables: "{{ __udp_hops_variables }}"
  run_once: true
  register: __udp_hops_plan

- name: Write the report
  rxpath.linux.udp_hops_step:
    state: reported
    variables: "{{ __udp_hops_variables }}"
    judged: __udp_hops_judged
  run_once: true
"""

RETURN = r"""
groups:
  description: The parts of the path, each with its name and its hosts.
  type: list
  elements: dict
  returned: with V(planned)
rounds:
  description:
    - With V(planned) what is to be done one after the other, with V(judged) what came of it so far.
  type: list
  elements: dict
  returned: with V(planned) and V(judged)
outcome:
  description: The state that was reached, or V(error) or V(unreachable).
  type: str
  returned: with V(begun), V(sent), V(counted) and V(ended)
reason:
  description: Why the outcome is V(error) or V(unreachable), in one line.
  type: str
  returned: when something went wrong
report:
  description: Path of C(hops.json) on the controller.
  type: str
  returned: with V(reported)
page:
  description: Path of C(hops.html) on the controller.
  type: str
  returned: with V(reported)
status:
  description: V(pass), V(warn), V(fail), V(error) or V(unreachable).
  type: str
  returned: with V(verdict)
"""
