# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The errors of this room. Their text is a sentence for the user: what was done, to what, and why it failed."""

from __future__ import annotations


class KnobError(Exception):
    """Something could not be read or set."""


class NotSupportedError(KnobError):
    """The driver, the device or the kernel has no such knob. A result names it; it fails nothing unless strict."""


class LinkLostError(KnobError):
    """A link that a change cut did not come back."""
