#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# An action of the controller: all of it is in plugins/action. Ansible takes an action's documentation from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: udp_audit_wait
short_description: "Step of udp_audit: wait once for the windows of all hosts"
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Waits until the last of the windows that the hosts of the play have started is over, and shows how far they
    are.
  - Meant to run once for a play. Returns at once where there is nothing to wait for.
  - Made for the tasks of the role P(rxpath.linux.udp_audit#role) alone, which hand it what its other steps registered.
    Its options and results may change in any release.
  - This is an action. It runs on the controller.
options:
  started:
    description:
      - Name under which each host registered the result of M(rxpath.linux.udp_audit_sample).
    type: str
    required: true
extends_documentation_fragment:
  - rxpath.linux.audit_action
seealso:
  - module: rxpath.linux.receive_path_info
"""

EXAMPLES = r"""
- name: Wait for the windows of all hosts
  rxpath.linux.udp_audit_wait:
    started: __udp_audit_started
  run_once: true
"""

RETURN = r"""
hosts:
  description:
    - For how many hosts it waited.
  type: int
  returned: always
seconds:
  description:
    - How long it waited.
  type: float
  returned: always
"""
