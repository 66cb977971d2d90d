# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: udp_audit_wave
short_description: "Step of udp_audit: stop before a wave where an earlier one got worse"
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - Looks at what the hosts of earlier waves registered. A change that made a host worse, or a host that was lost after
    it was changed, stops the run; the hosts of later waves are reported as V(not_run).
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
  - module: rxpath.linux.udp_audit_improve
"""

EXAMPLES = r"""
- name: Look how the waves before this one went
  rxpath.linux.udp_audit_wave:
    diagnosed: __udp_audit_diagnosed
  run_once: true
  register: __udp_audit_wave
"""

RETURN = r"""
stopped:
  description:
    - Why this wave is not begun. Empty where it is.
  type: str
  returned: always
"""
