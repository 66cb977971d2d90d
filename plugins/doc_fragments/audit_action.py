# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the actions of the audit have in common; they run on the controller and change nothing."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action:
    description: Has an action plugin, which runs on the controller.
    support: full
  check_mode:
    description: Can run in check mode and return what it returns otherwise.
    support: full
  diff_mode:
    description: Will return details on what has changed, when in diff mode.
    support: N/A
    details: The action changes no host.
  platform:
    description: Target OS that the action can run on.
    support: full
    platforms: linux
"""
