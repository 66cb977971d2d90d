#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# An action of the controller: all of it is in plugins/action. Ansible takes an action's documentation from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: udp_audit_report
short_description: "Step of udp_audit: write one report for all hosts of a play"
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Writes C(report.json), C(report.html), C(junit.xml) and C(metrics.prom) on the controller, also in check mode,
    and prints a summary.
  - Hosts that were unreachable or not run are in it. The run's statistics are set as M(ansible.builtin.set_stats)
    does, for AWX.
  - Made for the tasks of the role P(rxpath.linux.udp_audit#role) alone, which hand it what its other steps registered.
    Its options and results may change in any release.
  - This is an action. It runs on the controller.
options:
  diagnosed:
    description:
      - Name under which each host registered the result of M(rxpath.linux.udp_audit_diagnose).
    type: str
    required: true
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
- name: Write the report
  rxpath.linux.udp_audit_report:
    diagnosed: __udp_audit_diagnosed
    variables: "{{ __udp_audit_variables }}"
  run_once: true
"""

RETURN = r"""
reports:
  description:
    - The path of each file that was written, by format.
  type: dict
  returned: success
"""
