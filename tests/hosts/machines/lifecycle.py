# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How beds begin and end: started for an owner, found again by their folder, stopped, or built for the cache alone."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import select
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Callable, Dict, Optional

from . import cache, catalogue
from .client import PATH, Bed
from .errors import MachineError, MachinesUnavailableError
from .places import PRIVATE

LIFETIME = 7200.0
STATE = "state.json"

# A start from nothing: two images and two first boots on a slow machine, behind another that does the same.
_START_SECONDS = 2400.0
_STOP_SECONDS = 10.0
_PROGRAMS = ("ip", "bridge", "mkfs.ext4", "mount", "nsenter", "ssh", "ssh-keygen", "unshare")


def check() -> None:
    """Raise MachinesUnavailableError, with what is missing, where machines cannot be run."""
    if os.geteuid() != 0:
        raise MachinesUnavailableError("virtual machines need root, for network namespaces and tap devices")
    if platform.machine() != "x86_64":
        raise MachinesUnavailableError(f"the guests are for x86_64, this machine is {platform.machine()}")
    lacking = [program for program in _PROGRAMS if shutil.which(program, path=PATH) is None]
    if lacking:
        raise MachinesUnavailableError(f"not installed: {', '.join(lacking)}")
    if not Path("/dev/net/tun").exists():
        raise MachinesUnavailableError("there is no /dev/net/tun")


def start(
    names: Sequence[str],
    folder: Path,
    owner: Optional[int] = None,
    lifetime: float = LIFETIME,
    tell: Optional[Callable[[str], None]] = None,
) -> Bed:
    """Start a bed that ends with the process ``owner``; 0 for none, default RXPATH_BED_OWNER, else this process."""
    check()
    for name in names:
        catalogue.entry(name)
    if owner is None:
        owner = int(os.environ.get("RXPATH_BED_OWNER") or os.getpid())
    folder = folder.absolute()
    folder.mkdir(parents=True, exist_ok=True)
    place = cache.folder()
    private = place / PRIVATE
    private.mkdir(exist_ok=True)
    with contextlib.ExitStack() as stack:
        handles = [os.open("/proc/self/ns/net", os.O_RDONLY)]
        stack.callback(os.close, handles[0])
        near, far = socket.socketpair()
        stack.enter_context(near)
        arguments = ["--outside", str(handles[0]), "--starter", str(far.fileno()), "--lifetime", str(lifetime)]
        arguments += ["--cache", str(place)]
        if owner:
            try:
                handles.append(os.pidfd_open(owner))
            except ProcessLookupError:
                raise MachineError(f"the owner, process {owner}, is gone") from None
            stack.callback(os.close, handles[1])
            arguments += ["--owner", str(handles[1])]
        with (folder / "bed.log").open("ab") as log:
            process = subprocess.Popen(
                ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--",
                 sys.executable, "-m", f"{__package__}.supervisor", *arguments, *names],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                pass_fds=[*handles, far.fileno()],
                env={**os.environ, "PATH": PATH, "LC_ALL": "C.UTF-8", "PYTHONPATH": str(Path(__file__).parents[6])},
            )  # fmt: skip
        far.close()
        try:
            guests = _started(near, tell)
            bed = Bed(folder, process.pid, private, guests)
            state = {"pid": process.pid, "began": _began(process.pid), "private": str(private), "guests": guests}
            (folder / STATE).write_text(json.dumps(state), encoding="utf-8")
        except BaseException:
            process.kill()
            process.wait()
            raise
    return bed


def _started(near: socket.socket, tell: Optional[Callable[[str], None]]) -> Dict[str, Any]:
    near.settimeout(_START_SECONDS)
    try:
        for line in near.makefile("rb"):
            message = json.loads(line)
            if "guests" in message:
                guests: Dict[str, Any] = message["guests"]
                return guests
            if "unavailable" in message:
                raise MachinesUnavailableError(message["unavailable"])
            if "error" in message:
                raise MachineError(message["error"])
            if tell is not None:
                tell(message["progress"])
    except TimeoutError:
        raise MachineError(f"the bed has not started in {_START_SECONDS:.0f} s") from None
    raise MachineError("the bed ended while it started; its log is bed.log")


def attach(folder: Path) -> Optional[Bed]:
    """Return the bed that was started with this folder, or None when it does not run any more."""
    try:
        state = json.loads((folder / STATE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    # The number may be another process's by now.
    if _began(state["pid"]) != state["began"]:
        return None
    return Bed(folder.absolute(), state["pid"], Path(state["private"]), state["guests"])


def _began(pid: int) -> Optional[str]:
    """Return when a process began, in the kernel's ticks (proc_pid_stat(5), field 22); None for none or a dead one."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return None if fields[0] in "ZX" else fields[19]


def stop(folder: Path) -> None:
    """End the bed that was started with this folder, if it runs; nothing of it is left when this returns."""
    bed = attach(folder)
    if bed is not None:
        _end(bed)
    for name in (STATE, "inventory.yml", "ssh_config"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "cp", ignore_errors=True)


def _end(bed: Bed) -> None:
    with contextlib.suppress(ProcessLookupError):
        handle = os.pidfd_open(bed.pid)
        try:
            # The supervisor is the first process of its namespace: its end is complete when all the others have ended.
            with contextlib.suppress(MachineError):
                bed.ask({"verb": "stop"})
            if not select.select([handle], [], [], _STOP_SECONDS)[0]:
                signal.pidfd_send_signal(handle, signal.SIGKILL)
                select.select([handle], [], [], _STOP_SECONDS)
        finally:
            os.close(handle)
    with contextlib.suppress(ChildProcessError):
        os.waitpid(bed.pid, 0)


@contextlib.contextmanager
def machines(names: Sequence[str], folder: Path, lifetime: float = LIFETIME) -> Iterator[Bed]:
    """Start the guests named and end them with the block; state, inventory and log lie in ``folder``."""
    bed = start(names, folder, lifetime=lifetime)
    try:
        bed.write_ssh_config()
        yield bed
    finally:
        stop(folder)


def build(names: Sequence[str], folder: Path, tell: Optional[Callable[[str], None]] = None) -> None:
    """Fill the cache for these guests, or for all of the catalogue."""
    for name in names or catalogue.CATALOGUE:
        start([name], folder, owner=os.getpid(), tell=tell)
        stop(folder)
