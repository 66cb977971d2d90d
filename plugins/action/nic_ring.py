# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Set a NIC's ring under a guard, and confirm over a new connection."""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.plugin_utils.guarded_action import GuardedAction


class ActionModule(GuardedAction):
    MODULE = "rxpath.linux.nic_ring"
