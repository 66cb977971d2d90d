# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the modules that set knobs have in common."""

    DOCUMENTATION = r"""
options:
  scope:
    description:
      - V(both) sets what runs and sees to it that the next boot ends with the same.
      - V(running) keeps nothing for boot.
      - V(boot) prepares the next boot and touches nothing that runs, as for an image.
    type: str
    choices:
      - both
      - running
      - boot
    default: both
  strict:
    description:
      - Fail where something is not supported by the driver or the kernel, or is refused for the harm that it would do.
      - Without it the result names such things under RV(unsupported) and RV(refused), and the rest is set.
    type: bool
    default: false
  lease:
    description:
      - The token that M(rxpath.linux.tuning_session) returned to this run.
      - Without it the module takes a lease of its own for its one execution, and is refused while a run holds it.
    type: str
attributes:
  check_mode:
    description: Can run in check mode and return changed status prediction without modifying target.
    support: full
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in check_mode), when in diff mode.
    support: full
  platform:
    description: Target OS that the module can run on.
    support: full
    platforms: linux
requirements:
  - Root
  - Python 3.9 or newer
notes:
  - The state before the first change is kept on the host in C(/var/lib/rxpath-linux).
    M(rxpath.linux.tuning_rollback) puts it back.
"""

    INTERFACE = r"""
options:
  interface:
    description:
      - Name of the network device.
    type: str
    required: true
  force:
    description:
      - Set also what would be refused for the harm that it may do. What the driver cannot do stays impossible.
    type: bool
    default: false
"""
