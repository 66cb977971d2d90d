# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The protocol counters of a namespace, as files that stay open through a window."""

from __future__ import annotations

import os
from typing import NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._sample.access import Access


class CounterFiles(NamedTuple):
    """The two files that a window looks at again and again; -1 where IPv6 is absent."""

    snmp: int
    snmp6: int

    def read(self) -> tuple[bytes, Optional[bytes]]:
        """Return both files as they are now. Raises OSError."""
        return os.pread(self.snmp, 65536, 0), os.pread(self.snmp6, 65536, 0) if self.snmp6 >= 0 else None

    def close(self) -> None:
        """Close both."""
        for descriptor in self:
            if descriptor >= 0:
                os.close(descriptor)


def open_counter_files(access: Access) -> CounterFiles:
    """Open the files; to be called inside the namespace. Raises OSError where there are no counters at all."""
    first = access.open("snmp")
    try:
        return CounterFiles(first, access.open("snmp6"))
    except FileNotFoundError:
        return CounterFiles(first, -1)
    except OSError:
        os.close(first)
        raise
