# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What goes wrong with virtual machines."""

from __future__ import annotations


class MachinesUnavailableError(Exception):
    """Virtual machines cannot be run here; the text names what is missing."""


class MachineError(Exception):
    """A guest, or the bed around it, did not do in time what it was told."""
