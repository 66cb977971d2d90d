#!/usr/bin/python

# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# An action of the controller: all of it is in plugins/action. Ansible takes an action's documentation from here.

from __future__ import annotations

DOCUMENTATION = r"""
module: udp_audit_sample
short_description: "Step of udp_audit: start or collect the window of a host"
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Runs M(rxpath.linux.receive_path_info) on the host and registers what became of it.
  - Never fails a host. A module that failed and a host that cannot be reached are outcomes like any other, so
    that the report can tell of them.
  - Made for the tasks of the role P(rxpath.linux.udp_audit#role) alone, which hand it what its other steps registered.
    Its options and results may change in any release.
  - This is an action. It runs on the controller.
options:
  state:
    description:
      - Whether to start the window or to collect it.
    type: str
    required: true
    choices:
      - started
      - collected
  variables:
    description:
      - All variables of the role P(rxpath.linux.udp_audit#role). Needed with O(state=started).
    type: dict
  started:
    description:
      - Name under which the start was registered. Needed with O(state=collected).
    type: str
  made:
    description:
      - Name under which M(rxpath.linux.udp_audit_improve) registered what it changed before this window.
    type: str
extends_documentation_fragment:
  - rxpath.linux.audit_action
seealso:
  - module: rxpath.linux.receive_path_info
"""

EXAMPLES = r"""
- name: Start the window
  rxpath.linux.udp_audit_sample:
    state: started
    variables: "{{ __udp_audit_variables }}"
  register: __udp_audit_started

- name: Collect the window
  rxpath.linux.udp_audit_sample:
    state: collected
    started: __udp_audit_started
  register: __udp_audit_collected
"""

RETURN = r"""
outcome:
  description:
    - V(started), V(extending), V(sampled), V(error) or V(unreachable).
  type: str
  returned: always
reason:
  description:
    - Why the outcome is V(error) or V(unreachable), in one line.
  type: str
  returned: when nothing could be measured
session:
  description:
    - Names the sampler on the host.
  type: str
  returned: when started
due:
  description:
    - When the window will be over, in seconds since the epoch by the controller's clock.
  type: float
  returned: when started or extending
sample:
  description:
    - What RV(rxpath.linux.receive_path_info#module:sample) describes.
  type: dict
  returned: when sampled
"""
