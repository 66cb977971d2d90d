#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# An action of the controller: all of it is in plugins/action. Ansible takes an action's documentation from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: udp_audit_settings
short_description: "Step of udp_audit: check the variables of the audit"
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Normalises the variables of the role P(rxpath.linux.udp_audit#role) and fails with the name of the first one
    that cannot be used.
  - Made for the tasks of the role P(rxpath.linux.udp_audit#role) alone, which hand it what its other steps registered.
    Its options and results may change in any release.
  - This is an action. It runs on the controller.
options:
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
- name: Check the variables before any host is touched
  rxpath.linux.udp_audit_settings:
    variables: "{{ __udp_audit_variables }}"
  run_once: true
"""

RETURN = r"""
settings:
  description:
    - The normalised settings. What is measured, what is judged by, and where the reports go.
  type: dict
  returned: success
"""
