# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no host made of namespaces may change of the machine that it runs on: read before and after, and compared."""

from __future__ import annotations

import os
import re
from pathlib import Path

_SYSCTLS = Path("/proc/sys")
# What the kernel counts or moves by itself (Documentation/admin-guide/sysctl), and what comes and goes with devices.
_MOVING = re.compile(
    r"dev/cdrom/|fs/(aio-nr|binfmt_misc/|dentry-state|file-nr|inode-nr|inode-state|quota/)"
    r"|kernel/(cad_pid|ns_last_pid|perf_cpu_time_max_percent|perf_event_max_sample_rate|pty/nr|random/|tainted)"
    r"|net/netfilter/nf_conntrack_count|net/ipv[46]/(conf|neigh)/(?!all/|default/)"
    r"|vm/(drop_caches|stat_refresh)"
)


def snapshot() -> dict[str, str]:
    """Return the machine's global sysctls and the CPUs that its interrupts may go to, by the path of the file."""
    paths = [Path(folder, name) for folder, _, names in os.walk(_SYSCTLS) for name in names]
    paths = [path for path in paths if not _MOVING.match(str(path.relative_to(_SYSCTLS)))]
    # Where irqbalance runs, interrupts move without anybody's doing.
    if not any(_name(entry) == "irqbalance" for entry in Path("/proc").glob("[0-9]*/comm")):
        paths += [Path("/proc/irq/default_smp_affinity"), *Path("/proc/irq").glob("*/smp_affinity")]
    read = ((str(path), _read(path)) for path in paths)
    return {path: text for path, text in read if text is not None}


def differences(before: dict[str, str], after: dict[str, str]) -> list[str]:
    """Return a sentence for each value that is not what it was; files that came or went are none of ours."""
    return [
        f"{path} was {before[path]!r} and is {after[path]!r}"
        for path in sorted(before.keys() & after.keys())
        if before[path] != after[path]
    ]


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return None  # write-only, or not for us


def _name(comm: Path) -> str:
    return _read(comm) or ""
