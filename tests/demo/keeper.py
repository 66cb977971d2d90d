# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Starts the story apart from the machine, and puts the machine back when it is over, or when stdin ends.

The story has process and mount namespaces of its own: with its first process all of it is gone, the pod too. What it
would write to /run, /var/lib and /etc/sysctl.d stays in memory. Only sysctls are the machine's; they are put back here.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import select
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.tests.hosts import untouched  # noqa: E402
from ansible_collections.rxpath.linux.tests.matrix import guard  # noqa: E402
from ansible_collections.rxpath.linux.tests.matrix.bed import PR_SET_PDEATHSIG  # noqa: E402

CHANGED = ("net.core.rmem_default", "net.core.rmem_max")
# What outlives a run of the collection lies here; the story writes over them, in memory.
KEPT = ("/var/lib", "/etc/sysctl.d")
INTERRUPTED = 130
_CLONE_NEWPID = 0x20000000
_SIGKILL = 9
_APART = """
memory=$1; shift
mount -t tmpfs rxpath-demo "$memory"
for path; do
    mkdir -p "$memory/over$path" "$memory/work$path"
    mount -t overlay -o "lowerdir=$path,upperdir=$memory/over$path,workdir=$memory/work$path" rxpath-demo "$path"
done
mount -t tmpfs rxpath-demo /run
mkdir "$memory/story"
exec "$PYTHON" "$STORY" "$memory/story"
"""


def main() -> int:
    """Keep the machine; return the story's exit code."""
    _announce()
    with guard.alone(exclusive=True), tempfile.TemporaryDirectory(prefix="rxpath-demo-") as folder:
        sysctls = guard.Sysctls()
        before = snapshot()
        try:
            for key in CHANGED:
                sysctls.set(key, value(key))
            code = show(folder)
        finally:
            sysctls.restore()
        changed = untouched.differences(before, snapshot())
    return report(code, changed, len(before))


def _announce() -> None:
    print(
        f"This demo changes {CHANGED[0]} ({value(CHANGED[0])}) of this whole machine for half a minute, and puts it"
        " back,\nalso after Ctrl-C. All else happens in namespaces of its own and in memory.\n"
        "The commands are what one types. Tasks that have nothing to say or to change are left out of their output.",
        flush=True,
    )
    with guard.LOCK.open("a") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            print("Waiting for tests of this machine that are not to be disturbed ...", flush=True)


def show(folder: str) -> int:
    """Run the story until it ends or stdin does."""
    libc = ctypes.CDLL(None, use_errno=True)
    # For children alone: the first of them is the first process of the namespace, and all others end with it.
    if libc.unshare(_CLONE_NEWPID):
        raise OSError(ctypes.get_errno(), "no process namespace")
    story = subprocess.Popen(
        ["unshare", "--mount", "--mount-proc", "--propagation", "private",
         "sh", "-euc", _APART, "sh", folder, *KEPT],
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHON": sys.executable, "STORY": str(HERE / "story.py"), "PYTHONDONTWRITEBYTECODE": "1"},
        preexec_fn=lambda: libc.prctl(PR_SET_PDEATHSIG, _SIGKILL, 0, 0, 0),
    )  # fmt: skip
    ended = os.pidfd_open(story.pid)
    readable, _, _ = select.select([ended, sys.stdin], [], [])
    if ended not in readable:
        story.kill()
        story.wait()
        return INTERRUPTED
    return story.wait()


def snapshot() -> dict[str, str]:
    """Return the machine's sysctls, and the files that outlive a run of the collection, by path."""
    found = untouched.snapshot()
    files = [path for folder in ("/etc/sysctl.d", "/var/lib/rxpath-linux") for path in sorted(Path(folder).rglob("*"))]
    found.update({str(path): str(path.stat().st_mtime_ns) for path in files})
    found["the files"] = " ".join(map(str, files))
    return found


def report(code: int, changed: list[str], compared: int) -> int:
    """Say whether the machine is as it was, and return the exit code."""
    if code == INTERRUPTED:
        print(f"\nInterrupted: {CHANGED[0]} is back at {value(CHANGED[0])}, and the pod is gone.", flush=True)
    if changed:
        print("\nNot as it was: " + "\n".join(changed), flush=True)
        return 1
    if code == 0:
        print(f"\nThe machine is as it was: {compared:,} sysctls and files compared.", flush=True)
    return code


def value(key: str) -> str:
    """Return a sysctl as it stands."""
    return Path("/proc/sys", *key.split(".")).read_text(encoding="utf-8").strip()


if __name__ == "__main__":
    sys.exit(main())
