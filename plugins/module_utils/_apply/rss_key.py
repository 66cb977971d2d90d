# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The hash key of a device, kept through a change that some drivers make a new one for.

With another key every flow goes to another queue, and what the key was chosen for (symmetric spreading, one key on both
slaves of a bond) is lost.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from ansible_collections.rxpath.linux.plugins.module_utils._apply.ethtool_write import EthtoolWriter


@contextlib.contextmanager
def keeping_key(tool: EthtoolWriter, device: str) -> Iterator[None]:
    """Compare the key before and after, and put it back where it moved. Raises EthtoolError as the driver answers."""
    before = tool.rss_key(device)
    yield
    if before and tool.rss_key(device) not in (before, None, b""):
        tool.set_rss_key(device, before)
