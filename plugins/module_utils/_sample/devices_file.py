# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Does anything happen in a namespace? /proc/net/dev tells at a fifth of the cost of the protocol counters.

Every datagram comes in by a device, one to itself by lo. So where no device counted anything, no datagram arrived;
what a reader takes from a queue is not seen here, therefore a namespace with a queue is not asked this way.
"""

from __future__ import annotations

import os
from typing import Optional

from ansible_collections.rxpath.linux.plugins.module_utils._sample.access import Access
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import Reading

# The file has a line for each device; from some number on it costs as much as it saves.
_MAX_DEVICES = 8


class DevicesFile:
    """Keeps the file open. Read it before the counters: what happens in between is then found the next time."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._raw = b""
        self._rested: Optional[float] = None

    def rests(self, now: float) -> bool:
        """Tell whether no device counted anything since the last time; the first time tells nothing. Raises OSError."""
        raw = os.pread(self._descriptor, 65536, 0)
        if raw != self._raw:
            self._raw = raw
            return False
        self._rested = now
        return True

    def take(self) -> Optional[float]:
        """Return when the namespace was last found at rest, once."""
        rested, self._rested = self._rested, None
        return rested

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def open_devices(access: Access, start: Reading) -> Optional[DevicesFile]:
    """Open the file; to be called inside the namespace. None where it is not worth it or cannot be read."""
    if not 0 < len(start.links) <= _MAX_DEVICES:
        return None
    try:
        return DevicesFile(access.open("dev"))
    except OSError:
        return None
