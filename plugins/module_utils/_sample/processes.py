# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which processes hold which sockets: /proc/PID/fd. Looked at only for the sockets that matter.

A socket without a descriptor anywhere is the kernel's own (VXLAN, WireGuard, NFS), but that may be said only after
every process could be read.
"""

from __future__ import annotations

import os
from typing import Collection, Iterable, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._sample.names import clean

# Within a window no process is searched beyond this; a proxy with 150,000 connections would take a third of a second.
QUICK_DESCRIPTORS = 4096


class Search(NamedTuple):
    """Processes by socket inode, in the order found; ``complete`` when each process was read to its last descriptor."""

    owners: dict[int, list[int]]
    complete: bool


def all_pids() -> list[int]:
    """Return every process that /proc shows."""
    return [int(name) for name in os.listdir("/proc") if name.isdigit()]


def find_owners(inodes: Collection[int], pids: Iterable[int], limit: Optional[int] = QUICK_DESCRIPTORS) -> Search:
    """Search processes for the sockets with these inodes; what cannot be read or has ended is passed over.

    ``limit`` bounds the descriptors read of one process, None reads all.
    """
    wanted = {"socket:[%d]" % inode: inode for inode in inodes if inode}
    owners: dict[int, list[int]] = {}
    complete = True
    for pid in pids if wanted else ():
        directory = "/proc/%d/fd" % pid
        try:
            names = os.listdir(directory)
        except (FileNotFoundError, ProcessLookupError):
            continue
        except OSError:
            complete = False
            continue
        if limit is not None and len(names) > limit:
            # Servers open their sockets early: low numbers first.
            names = sorted(names, key=int)[:limit]
            complete = False
        for name in names:
            try:
                inode = wanted.get(os.readlink(directory + "/" + name))
            except OSError:
                continue
            if inode is not None and pid not in owners.setdefault(inode, []):
                owners[inode].append(pid)
    return Search(owners, complete)


def command(pid: int) -> Optional[str]:
    """Return the name a process gives itself (up to 15 bytes, any of them), or None when it is gone."""
    try:
        with open("/proc/%d/comm" % pid, "rb") as file:
            return clean(file.read()[:-1])
    except OSError:
        return None
