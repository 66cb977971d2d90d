# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Start and stop hosts made of namespaces, with their traffic, from the command line, as bed.py does virtual machines.

start returns when the hosts are up and has written inventory.yml into its folder; they run on until stop, until their
owner (the process that called, or --owner; 0 for none) has ended, or until their lifetime is over. stop fails when the
machine is not afterwards as it was before.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import select
import shutil
import signal
import sys
import traceback
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, Optional

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.tests.hosts import traffic  # noqa: E402
from ansible_collections.rxpath.linux.tests.hosts.namespaces import ssh_hosts  # noqa: E402

_STATE = "lan.json"
_ERROR = "lan.error"
_STOP_SECONDS = 30.0


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    verbs = parser.add_subparsers(dest="action", required=True)
    added = verbs.add_parser("start", help="start hosts; writes inventory.yml")
    added.add_argument("--folder", type=Path, required=True)
    added.add_argument("--owner", type=int, default=int(os.environ.get("RXPATH_BED_OWNER") or os.getppid()))
    added.add_argument("--lifetime", type=float, default=3600.0, metavar="SECONDS")
    added.add_argument("names", nargs="+", metavar="NAME")
    added = verbs.add_parser("stop", help="stop the hosts started with a folder, if any run")
    added.add_argument("--folder", type=Path, required=True)
    options = parser.parse_args(arguments)
    if options.action == "stop":
        return stop(options.folder)
    if os.geteuid() != 0:
        raise SystemExit("hosts made of namespaces need root")
    stop(options.folder)
    return start(options)


def start(options: argparse.Namespace) -> int:
    """Leave a keeper behind that holds the hosts; return when it says that they are up."""
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True, mode=0o700)
    # Taken before the fork: an owner that ends meanwhile is noticed, and no other process can take its number.
    owner = os.pidfd_open(options.owner) if options.owner else None
    ours, theirs = os.pipe()
    if os.fork() == 0:
        os.close(ours)
        _keep(options, owner, theirs)
    os.close(theirs)
    with os.fdopen(ours, encoding="utf-8") as pipe:
        said = pipe.read()
    if said != "up":
        print(said or "the keeper of the hosts died", file=sys.stderr)
        return 1
    return 0


def _keep(options: argparse.Namespace, owner: Optional[int], pipe: int) -> NoReturn:
    folder = options.folder
    os.setsid()
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    with open(os.devnull, "r+b") as null:
        for standard in range(3):
            os.dup2(null.fileno(), standard)
    told = False
    try:
        with ssh_hosts(options.names, folder) as hosts:
            traffic.begin(hosts)
            variables = {name: hosts.variables(name, from_outside=True) for name in hosts.names}
            hosts.write_inventory(variables, "inventory.yml")
            about = {"pid": os.getpid(), "started": _started(os.getpid())}
            (folder / _STATE).write_text(json.dumps(about), encoding="utf-8")
            watched = [wake] if owner is None else [wake, owner]
            told = _tell(pipe, b"up")
            ready = select.select(watched, [], [], options.lifetime)[0] if told else []
        if wake not in ready:
            # Nobody will call stop any more.
            shutil.rmtree(folder, ignore_errors=True)
    except BaseException:
        reason = traceback.format_exc()
        with contextlib.suppress(OSError):
            (folder / _ERROR).write_text(reason, encoding="utf-8")
        if not told and not _tell(pipe, reason.encode()):
            shutil.rmtree(folder, ignore_errors=True)
        os._exit(1)
    os._exit(0)


def _tell(pipe: int, text: bytes) -> bool:
    """Say how the start went; False when the one that waits for it was killed meanwhile."""
    try:
        os.write(pipe, text)
        os.close(pipe)
    except BrokenPipeError:
        return False
    return True


def stop(folder: Path) -> int:
    """End the keeper that was started with a folder, wait for it, and say what it found wrong with the machine."""
    with contextlib.suppress(OSError, ValueError):
        about = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        keeper = os.pidfd_open(about["pid"])
        if _started(about["pid"]) == about["started"]:
            signal.pidfd_send_signal(keeper, signal.SIGTERM)
            if not select.select([keeper], [], [], _STOP_SECONDS)[0]:
                signal.pidfd_send_signal(keeper, signal.SIGKILL)
                print(f"the keeper {about['pid']} of the hosts hung and was killed", file=sys.stderr)
    error = folder / _ERROR
    if error.exists():
        print(error.read_text(encoding="utf-8"), file=sys.stderr)
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


def _started(pid: int) -> str:
    """Return when a process was started (proc(5), stat, field 22): with it, a number that was given anew is noticed."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[19]


if __name__ == "__main__":
    sys.exit(main())
