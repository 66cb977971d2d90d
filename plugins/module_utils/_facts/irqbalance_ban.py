# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which devices irqbalance was told to leave alone by this collection's tuning.

A file of lines "PCI address, driver", which the policy script reads as well; see _apply/irqbalance.py.
"""

from __future__ import annotations

import re

from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

UNIT = "irqbalance.service"
DROP_IN = "50-rxpath-linux.conf"
DROP_IN_PATH = f"/etc/systemd/system/{UNIT}.d/{DROP_IN}"
DEVICES_PATH = "/etc/rxpath-linux/irqbalance-devices"
# Stands in the file until irqbalance was restarted.
TO_RESTART = "# irqbalance is to be restarted"

_LINE = re.compile(r"([0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])(?: (\S+))?")


def banned_devices(reader: Reader) -> list[str]:
    """Return the PCI addresses whose interrupts irqbalance leaves alone, none where no drop-in says so."""
    if not reader.exists(DROP_IN_PATH):
        return []
    return sorted(parse_devices(reader.text(DEVICES_PATH) or ""))


# 0000:00:05.0 igb
def parse_devices(text: str) -> dict[str, str]:
    """Return address → driver (perhaps empty). Other lines are passed over, as the script passes over them."""
    found = {}
    for line in text.split("\n"):
        match = _LINE.fullmatch(line.strip())
        if match:
            found[match.group(1)] = match.group(2) or ""
    return found
