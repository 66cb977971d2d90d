# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""/proc/net/dev: the counters of every device of a network namespace, readable without entering it.

Source: dev_seq_printf_stats() in net/core/net-procfs.c. `drop` of the receive side is rx_dropped + rx_missed_errors.
"""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError

_WHAT = "/proc/net/dev"


# Inter-|   Receive                                                |  Transmit
#  face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo …
#   eth0: 176076084    3725    0    0    0     0          0         0   194978    2096    0    0    0 …
def parse_proc_net_dev(text: str) -> dict[str, dict[str, int]]:
    """Return {"eth0": {"rx_bytes": …, "rx_drop": …, "tx_drop": …}, …}, names as in the header. Raises ParseError."""
    lines = text.split("\n")
    columns = lines[1].split("|") if len(lines) > 1 else []
    if len(columns) != 3:
        raise ParseError(_WHAT, "no header of three parts")
    names = ["rx_" + name for name in columns[1].split()] + ["tx_" + name for name in columns[2].split()]
    devices: dict[str, dict[str, int]] = {}
    for line in lines[2:]:
        if not line.strip():
            continue
        # The values hold no colon; an interface's name might.
        name, colon, rest = line.rpartition(":")
        fields = rest.split()
        if not colon or len(fields) != len(names):
            raise ParseError(_WHAT, f"line {line[:40]!r} has {len(fields)} values, the header {len(names)}")
        try:
            devices[name.strip(" ")] = {key: int(field) for key, field in zip(names, fields)}
        except ValueError as error:
            raise ParseError(_WHAT, f"a value of {name[:40]!r} is no number") from error
    return devices
