# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts the story apart from the machine, and puts the machine back when it is over, or when stdin ends.

The story has process and mount namespaces of its own: with its first process all of it is gone, the pod too. What it
would write to /run, /var/lib and /etc/sysctl.d lies in memory. Only sysctls are the machine's; they are put back here.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import select
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.tests.hosts import untouched  # noqa: E402
from ansible_collections.rxpath.linux.tests.matrix import guard  # noqa: E402
from ansible_collections.rxpath.linux.tests.matrix.bed import PR_SET_PDEATHSIG  # noqa: E402

CHANGED = ("net.core.rmem_default", "net.core.rmem_max")
# What the story writes to, and sees as its own. Of /etc/sysctl.d it sees a copy.
PRIVATE = ("/run/netns", "/run/rxpath-linux", "/var/lib/rxpath-linux")
COPIED = "/etc/sysctl.d"
_CLONE_NEWPID = 0x20000000
_SIGKILL = 9
_APART = """
folder=$1 copied=$2; shift 2
for path; do mount -t tmpfs rxpath-demo "$path"; done
cp -a "$copied" "$folder/sysctl.d"
mount --bind "$folder/sysctl.d" "$copied"
exec "$PYTHON" "$STORY" "$folder"
"""


def main() -> int:
    """Keep the machine; return the story's exit code."""
    _announce()
    with guard.alone(exclusive=True), folders() as folder:
        sysctls = guard.Sysctls()
        before = snapshot()
        try:
            for key in CHANGED:
                sysctls.set(key, Path("/proc/sys", *key.split(".")).read_text(encoding="utf-8"))
            code = show(folder)
        finally:
            sysctls.restore()
        return code or compare(before)


def _announce() -> None:
    value = Path("/proc/sys/net/core/rmem_default").read_text(encoding="utf-8").strip()
    print(
        f"This demo changes net.core.rmem_default ({value}) of this whole machine for about half a minute, and puts it"
        " back,\nalso after Ctrl-C. All else happens in network namespaces of its own and in memory.",
        flush=True,
    )
    with guard.LOCK.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Waiting for tests of this machine that are not to be disturbed ...", flush=True)


@contextlib.contextmanager
def folders() -> Iterator[Path]:
    """Make the story's folder and those that it mounts something over; remove what was not there before."""
    made = [path for path in map(Path, PRIVATE) if not path.exists()]
    for path in made:
        path.mkdir(parents=True)
    folder = Path(tempfile.mkdtemp(prefix="rxpath-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
        for path in made:
            path.rmdir()


def show(folder: Path) -> int:
    """Run the story until it ends or stdin does."""
    libc = ctypes.CDLL(None, use_errno=True)
    # For children alone: the first of them is the first process of the namespace, and all others end with it.
    if libc.unshare(_CLONE_NEWPID):
        raise OSError(ctypes.get_errno(), "no process namespace")
    story = subprocess.Popen(
        ["unshare", "--mount", "--mount-proc", "--propagation", "private",
         "sh", "-euc", _APART, "sh", str(folder), COPIED, *PRIVATE],
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHON": sys.executable, "STORY": str(HERE / "story.py"), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0),
    )  # fmt: skip
    ended = os.pidfd_open(story.pid)
    readable, _, _ = select.select([ended, sys.stdin], [], [])
    if ended not in readable:
        story.kill()
        story.wait()
        print("\nInterrupted.", flush=True)
        return 1
    return story.wait()


def snapshot() -> dict[str, str]:
    """Return the machine's sysctls, and the files that outlive a run of the collection, by path."""
    found = untouched.snapshot()
    files = [path for folder in (COPIED, PRIVATE[-1]) for path in sorted(Path(folder).rglob("*"))]
    found.update({str(path): str(path.stat().st_mtime_ns) for path in files})
    found["the files"] = " ".join(map(str, files))
    return found


def compare(before: dict[str, str]) -> int:
    """Say whether the machine is as it was."""
    changed = untouched.differences(before, snapshot())
    print("\n" + ("\n".join(changed) or f"The machine is as it was: {len(before):,} sysctls and files compared."))
    return 1 if changed else 0


if __name__ == "__main__":
    sys.exit(main())
