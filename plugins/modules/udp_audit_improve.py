# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: udp_audit_improve
short_description: "Step of udp_audit: change what can help on a host, and keep only what did"
version_added: "1.0.0"
author:
  - rxpath.linux contributors (@rxpath)
description:
  - With O(state=recovered), takes back what an audit changed that was killed before it had proved it.
  - With O(state=made), plans from the findings, and makes what can help in the running state alone. In check mode it
    plans and changes nothing.
  - With O(state=decided), compares the windows before and after. What helped is kept over a reboot, the rest is taken
    back at once.
  - Never fails a host. What went wrong is in its entry of the report.
  - Made for the tasks of the role P(rxpath.linux.udp_audit#role) alone, which hand it what its other steps registered.
    Its options and results may change in any release.
  - This is an action. It runs on the controller.
options:
  state:
    description:
      - What to do.
    type: str
    required: true
    choices:
      - recovered
      - made
      - decided
  variables:
    description:
      - All variables of the role P(rxpath.linux.udp_audit#role).
    type: dict
    required: true
  recovered:
    description:
      - Name under which O(state=recovered) was registered. Needed with O(state=made).
    type: str
  diagnosed:
    description:
      - Name under which the host's latest entry was registered. Needed with O(state=made) and O(state=decided).
    type: str
  made:
    description:
      - Name under which O(state=made) was registered. Needed with O(state=decided).
    type: str
  collected:
    description:
      - Names under which the latest window was registered; the last that was not skipped counts.
    type: list
    elements: str
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    details: It plans from the findings, and makes no change.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    details: What was changed, and from what to what, stands in the host's entry of the report.
    support: none
extends_documentation_fragment:
  - rxpath.linux.audit_action
seealso:
  - module: rxpath.linux.tuning_plan
  - module: rxpath.linux.tuning_rollback
"""

EXAMPLES = r"""
- name: Change what can help
  rxpath.linux.udp_audit_improve:
    state: made
    recovered: __udp_audit_recovered
    diagnosed: __udp_audit_diagnosed
    collected: [__udp_audit_collected, __udp_audit_collected_again]
    variables: "{{ __udp_audit_variables }}"
  register: __udp_audit_made
"""

RETURN = r"""
outcome:
  description:
    - V(nothing) to do, V(planned) in check mode, V(made), V(refused), or V(lost) where the host could not be reached.
  type: str
  returned: when O(state=made)
window:
  description:
    - How long the next window has to be, in seconds.
  type: float
  returned: when O(state=made)
entry:
  description:
    - The host's entry of the report after this round.
  type: dict
  returned: when O(state=decided)
again:
  description:
    - Whether another round may help.
  type: bool
  returned: when O(state=decided)
busy:
  description:
    - Why the host must be left alone. Empty where it need not.
  type: str
  returned: when O(state=recovered)
"""
