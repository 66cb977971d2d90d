# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prints the id of the process with which the hosts of a molecule scenario are to end, or 0 for none.

$RXPATH_BED_OWNER where it is set; else the ``molecule test`` that called us, however deep, unless it was told to leave
the hosts (``--destroy=never``); else, since somebody works step by step, the leader of the session: the shell of a
terminal or the job of a CI.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path


def owner() -> int:
    """Return the process id."""
    given = os.environ.get("RXPATH_BED_OWNER")
    if given:
        return int(given)
    pid = os.getppid()
    while pid > 1:
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if any(os.path.basename(word) == b"molecule" for word in words[:3]):
            if b"test" in words and b"never" not in b"=".join(words).split(b"="):
                return pid
            # Ansible's workers lead sessions of their own, so it is molecule that is asked.
            return os.getsid(pid)
        pid = int(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[1])
    return 0


if __name__ == "__main__":
    print(owner())
    sys.exit(0)
