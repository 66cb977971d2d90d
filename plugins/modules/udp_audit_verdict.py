#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# An action of the controller: all of it is in plugins/action. Ansible takes an action's documentation from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: udp_audit_verdict
short_description: "Step of udp_audit: give a host its verdict"
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Fails on a host whose status is V(fail), V(error) or V(not_run), and marks one as unreachable that could not
    be measured for that reason, so that the exit code of a run tells.
  - Made for the tasks of the role P(rxpath.linux.udp_audit#role) alone, which hand it what its other steps registered.
    Its options and results may change in any release.
  - This is an action. It runs on the controller.
options:
  diagnosed:
    description:
      - Name under which each host registered the result of M(rxpath.linux.udp_audit_diagnose).
    type: str
    required: true
extends_documentation_fragment:
  - rxpath.linux.audit_action
seealso:
  - module: rxpath.linux.receive_path_info
"""

EXAMPLES = r"""
- name: Give the verdict
  rxpath.linux.udp_audit_verdict:
    diagnosed: __udp_audit_diagnosed
"""

RETURN = r"""
status:
  description:
    - V(pass), V(warn), V(fail), V(inconclusive), V(unreachable), V(not_run) or V(error).
  type: str
  returned: always
msg:
  description:
    - The status and its reason in one sentence.
  type: str
  returned: always
"""
