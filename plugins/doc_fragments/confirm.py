# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """What the modules have in common whose changes may cut the link that they came over."""

    DOCUMENTATION = r"""
options:
  confirm_timeout:
    description:
      - Seconds within which the change has to be confirmed over a connection that was made after it. Without that the
        host puts the old values back by itself.
      - The confirmation is given by the controller's half of this module, which drops its connection and comes back.
        It gives up after two thirds of this time.
      - V(0) makes the change directly, without a guard. At least 10 otherwise.
    type: int
    default: 60
  confirm_token:
    description:
      - Set by the controller's half of this module. The name under which the change is armed.
    type: str
notes:
  - A change that may cut the link is made by a process on the host that does not depend on the connection, and is kept
    for the next boot when it has been confirmed. Where there is nothing of that kind to change, nothing is armed.
"""
