#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# An action of the controller: all of it is in plugins/action. Ansible takes an action's documentation from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: udp_audit_diagnose
short_description: "Step of udp_audit: decide where and why a host lost datagrams"
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Makes of the sample of a host, or of the failure to take one, its entry in the report. Works on the controller
    and on registered results only.
  - The rules in C(udp_audit_rules) are evaluated over the entry and may raise its status.
  - Made for the tasks of the role P(rxpath.linux.udp_audit#role) alone, which hand it what its other steps registered.
    Its options and results may change in any release.
  - This is an action. It runs on the controller.
options:
  collected:
    description:
      - Names under which samples were registered. The last that was not skipped counts.
    type: list
    elements: str
    required: true
  wave:
    description:
      - Name under which M(rxpath.linux.udp_audit_wave) was registered.
      - The hosts of a wave that is not begun are V(not_run).
    type: str
  recovered:
    description:
      - Name under which M(rxpath.linux.udp_audit_improve) registered what it took back before the window.
    type: str
  variables:
    description:
      - All variables of the role P(rxpath.linux.udp_audit#role), typed or as the strings that C(-e) makes of
        them.
    type: dict
    required: true
extends_documentation_fragment:
  - rxpath.linux.audit_action
seealso:
  - module: rxpath.linux.receive_path_info
"""

EXAMPLES = r"""
- name: Diagnose
  rxpath.linux.udp_audit_diagnose:
    collected:
      - __udp_audit_collected
      - __udp_audit_collected_again
    variables: "{{ __udp_audit_variables }}"
  register: __udp_audit_diagnosed
"""

RETURN = r"""
entry:
  description:
    - The entry of the host, as C(report.json) has it.
  type: dict
  returned: always
again:
  description:
    - Whether changes are asked for and there is a loss that they could be about.
  type: bool
  returned: always
"""
