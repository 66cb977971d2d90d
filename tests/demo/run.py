# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Shows the whole story on this machine: a lossy pod, the audit, the change, the proof, the rollback. ``make demo``.

This process waits for the keeper, which has a session of its own. Ctrl-C, or the end of this process by whatever
signal, closes the pipe to the keeper; so the machine is put back in any case.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import FrameType

KEEPER = Path(__file__).with_name("keeper.py")
SYSCTL = "/proc/sys/net/core/rmem_default"


def obstacle() -> str:
    """Return why the demo cannot be shown here, or an empty string."""
    if os.geteuid() != 0:
        return "needs root, since it makes network namespaces and changes a sysctl: sudo make demo"
    missing = [name for name in ("ip", "sysctl", "unshare") if not shutil.which(name)]
    if missing:
        return f"needs {' and '.join(missing)}: iproute2, procps and util-linux have them"
    if not os.access(SYSCTL, os.W_OK):
        return f"changes net.core.rmem_default, and {SYSCTL} cannot be written in this container"
    return ""


def only_one() -> socket.socket | None:
    """Take the name that one demo at a time can have; the kernel frees it when nobody holds the socket any more."""
    held = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        held.bind("\0rxpath-demo")
    except OSError:
        return None
    return held


def main() -> int:
    """Show the story; return its exit code."""
    os.environ["PATH"] += ":/usr/sbin:/sbin"
    why = obstacle()
    if why:
        print(f"The demo {why}.", file=sys.stderr)
        return 1
    held = only_one()
    if held is None:
        print("Another demo runs on this machine just now.", file=sys.stderr)
        return 1
    keeper = subprocess.Popen(
        [sys.executable, str(KEEPER)], stdin=subprocess.PIPE, start_new_session=True, pass_fds=[held.fileno()]
    )
    assert keeper.stdin is not None
    pipe = keeper.stdin
    caught = []

    def end(number: int, frame: FrameType | None) -> None:
        caught.append(number)
        pipe.close()

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    code = keeper.wait()
    return 128 + caught[0] if caught else code


if __name__ == "__main__":
    sys.exit(main())
