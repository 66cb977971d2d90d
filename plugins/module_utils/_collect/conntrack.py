# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""/proc/net/stat/nf_conntrack: what connection tracking counted in a network namespace.

Source: ct_cpu_seq_show() in net/netfilter/nf_conntrack_standalone.c. The file exists only with
CONFIG_NF_CONNTRACK_PROCFS and the module loaded; all is 0 where no rule of the namespace uses conntrack.
"""

from __future__ import annotations

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError

_WHAT = "/proc/net/stat/nf_conntrack"


# entries  clashres found new invalid ignore delete chainlength insert insert_failed drop early_drop  …
# 00000023  00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 00000000 0000001c 00000000  …
def parse_conntrack_stat(text: str) -> dict[str, int]:
    """Return the columns by the header's names, summed over the rows (one a possible CPU).

    ``entries`` is the table's size now, repeated on every row, and taken once. The others are u32 counters a CPU.
    Raises ParseError.
    """
    lines = [line.split() for line in text.split("\n") if line.strip()]
    if len(lines) < 2 or "entries" not in lines[0]:
        raise ParseError(_WHAT, "no header with `entries` and a row")
    names = lines[0]
    totals = dict.fromkeys(names, 0)
    for fields in lines[1:]:
        if len(fields) != len(names):
            raise ParseError(_WHAT, f"{len(names)} names, {len(fields)} values")
        try:
            row = {name: int(field, 16) for name, field in zip(names, fields)}
        except ValueError as error:
            raise ParseError(_WHAT, "a value is not hexadecimal") from error
        for name, value in row.items():
            totals[name] = value if name == "entries" else totals[name] + value
    return totals
