# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The memory that all UDP sockets of the machine hold, at its highest over a window.

At the limit (``udp_mem[0]``) datagrams are dropped, and on kernels of the 6.18 line no SNMP counter shows it; the two
ends of a window can both be far below it.
"""

from __future__ import annotations

import os
from typing import Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.snmp import parse_sockstat


class UdpMemory:
    """Keeps /proc/net/sockstat open; ``highest`` is in pages, None while nothing could be read."""

    def __init__(self) -> None:
        self.highest: Optional[int] = None
        try:
            self._descriptor = os.open("/proc/net/sockstat", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._descriptor = -1

    def look(self) -> None:
        """Read once."""
        if self._descriptor < 0:
            return
        try:
            pages = parse_sockstat(os.pread(self._descriptor, 4096, 0).decode("ascii", "replace"))["UDP"]["mem"]
        except (OSError, ParseError, KeyError):
            return
        self.highest = pages if self.highest is None else max(self.highest, pages)

    def close(self) -> None:
        """Let go of the file."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
