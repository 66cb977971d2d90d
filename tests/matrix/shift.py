# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Move the origin of 32-bit counters in the process that measures, so that they wrap within seconds.

Four thousand million packets take an hour, and no counter of these can be written: what the sampler read is moved
by a constant, modulo 2^32, as the kernel would have shown it after a long life. The gains stay the kernel's own.
"""

from __future__ import annotations

import sys
from typing import Any, Callable, Dict, List

RANGE = 1 << 32


def _replace(original: Callable[..., Any], made: Callable[..., Any]) -> None:
    """Put a function in place of another in every module of the collection that imported it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("ansible_collections.rxpath.linux."):
            for attribute, value in list(vars(module).items()):
                if value is original:
                    setattr(module, attribute, made)


def packets_of_softnet() -> None:
    """Let each CPU's ``processed`` wrap after 500 packets from now."""
    from ansible_collections.rxpath.linux.plugins.module_utils._collect import softnet

    original = softnet.parse_softnet
    offsets: Dict[int, int] = {}

    def moved(text: str, online: List[int]) -> Any:
        rows = original(text, online)
        for row in rows:
            offsets.setdefault(row.cpu, RANGE - 500 - row.processed)
        return [row._replace(processed=(row.processed + offsets[row.cpu]) % RANGE) for row in rows]

    _replace(original, moved)


def drops_of_sockets(offset: int) -> None:
    """Add an offset to the drops of every socket; 0 means: up to the wrap, so that no further drop may be seen."""
    from ansible_collections.rxpath.linux.plugins.module_utils._collect import sock_diag

    offset = offset or RANGE - 1
    raw, full = sock_diag.parse_raw, sock_diag.parse_udp

    def moved_raw(buffers: Any) -> Any:
        return [(*row[:-1], (row[-1] + offset) % RANGE) for row in raw(buffers)]

    def moved_full(buffers: Any, *rest: Any) -> Any:
        return [row._replace(drops=(row.drops + offset) % RANGE) for row in full(buffers, *rest)]

    _replace(raw, moved_raw)
    _replace(full, moved_full)
