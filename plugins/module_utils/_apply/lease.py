# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run at a time: a lease on the host, since a lock would end with the module execution that took it.

A lease is a file below /run, gone after a reboot. It ends when it is given back, when its time is over by the clock
that runs on through suspend and does not jump (CLOCK_BOOTTIME), and, where it was taken for a single call, when the
process that took it is gone.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import time
from collections.abc import Iterator
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply import files
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host

DIRECTORY = "/run/rxpath-linux"
LEASE = DIRECTORY + "/lease.json"
_LOCK = DIRECTORY + "/lease.lock"
_BOOT_ID = "/proc/sys/kernel/random/boot_id"
# No call takes longer; a process id that is used anew must not hold a lease for ever.
_CALL_SECONDS = 900.0
_PATIENCE = 20.0
# A rollback removes the lock once.
_ATTEMPTS = 100


class LeaseHeldError(KnobError):
    """Somebody else is changing this host. The text says who, since when and until when."""


def take(host: Host, holder: str, seconds: float, force: bool = False) -> str:
    """Take the lease and return its token. Raises LeaseHeldError while another holds it, unless forced."""
    return _take(host, holder, seconds, None, force)


def verify(host: Host, token: str) -> None:
    """Raise LeaseHeldError where a token is not that of the present lease; extend the lease by its own length."""
    extend(host, token)


def extend(host: Host, token: str, seconds: float | None = None) -> None:
    """Let a lease last from now on for another while: its own length, or ``seconds``. Raises LeaseHeldError."""
    with _locked(host):
        lease = holding(host)
        if lease is None:
            raise LeaseHeldError("the lease is over: it ran out, was taken away, or the host was restarted")
        if not secrets.compare_digest(str(lease.get("token")), token):
            raise LeaseHeldError(_refusal(lease))
        lasts = float(lease["seconds"]) if seconds is None else seconds
        _write(host, {**lease, "seconds": lasts, **_ends(lasts)})


def release(host: Host, token: str) -> None:
    """Give the lease back; nothing where it is no longer ours."""
    with _locked(host):
        lease = _read(host)
        if lease is not None and secrets.compare_digest(str(lease.get("token")), token):
            files.remove_file(host, LEASE)


def break_lease(host: Host) -> None:
    """Take the lease away from a run. A single call whose process lives keeps it: that one is not dead."""
    with _locked(host):
        lease = holding(host)
        if lease is None or lease.get("process") is None:
            files.remove_file(host, LEASE)


def holding(host: Host) -> dict[str, Any] | None:
    """Return the lease in force: {"holder", "since", "until", …} with times in seconds since the epoch; None: free."""
    lease = _read(host)
    if lease is None or lease.get("boot_id") != host.read_text(_BOOT_ID):
        return None
    if _now() >= float(lease.get("ends", 0.0)):
        return None
    process = lease.get("process")
    if process is not None and process != _process(int(process[0])):
        return None
    return lease


def clear(host: Host) -> None:
    """Remove the lock and the directory where nobody holds the lease and nothing else is in it."""
    if not os.path.isdir(host.path(DIRECTORY)):
        return
    with _locked(host):
        if holding(host) is None:
            files.remove_file(host, LEASE)
            # Whoever waits for this lock finds that it is no longer the one of that name, and takes a new one.
            os.unlink(host.path(_LOCK))
            with contextlib.suppress(OSError):
                os.rmdir(host.path(DIRECTORY))


@contextlib.contextmanager
def held(host: Host, token: str | None, holder: str) -> Iterator[str]:
    """Hold the lease for a block: that of ``token``, or one of this call's own. Raises LeaseHeldError."""
    if token is not None:
        verify(host, token)
        yield token
        return
    mine = _take(host, holder, _CALL_SECONDS, _process(os.getpid()), False)
    try:
        yield mine
    finally:
        release(host, mine)


def _take(host: Host, holder: str, seconds: float, process: list[Any] | None, force: bool) -> str:
    """Take the lease. That of a single call is waited for: what makes settings again at boot is such a call."""
    end = time.monotonic() + _PATIENCE
    while True:
        try:
            return _take_now(host, holder, seconds, process, force)
        except LeaseHeldError:
            lease = holding(host)
            if time.monotonic() > end or (lease is not None and lease.get("process") is None):
                raise
            time.sleep(0.1)


def _take_now(host: Host, holder: str, seconds: float, process: list[Any] | None, force: bool) -> str:
    with _locked(host):
        lease = holding(host)
        if lease is not None and (not force or lease.get("process") is not None):
            raise LeaseHeldError(_refusal(lease))
        token = secrets.token_hex(16)
        _write(
            host,
            {
                "token": token,
                "holder": holder,
                "since": time.time(),
                "seconds": seconds,
                "boot_id": host.read_text(_BOOT_ID),
                "process": process,
                **_ends(seconds),
            },
        )
    return token


def _ends(seconds: float) -> dict[str, float]:
    return {"until": time.time() + seconds, "ends": _now() + seconds}


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _refusal(lease: dict[str, Any]) -> str:
    return (
        f"{lease['holder']} is changing this host since {clock(lease['since'])} and may until {clock(lease['until'])}: "
        "wait for it, or take the lease away (force: true) if that run is dead"
    )


def clock(seconds: float) -> str:
    """Return a time as people read it, in UTC."""
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(seconds))


def _process(pid: int) -> list[Any] | None:
    """Return a process's id and start time (field 22 of /proc/PID/stat, man 5 proc), None where it is gone.

    Processes are this machine's, whatever root the host has.
    """
    stat = Host().read_text(f"/proc/{pid}/stat")
    return None if stat is None else [pid, stat.rpartition(")")[2].split()[19]]


@contextlib.contextmanager
def _locked(host: Host) -> Iterator[None]:
    """Read and write the lease alone: the lock lasts for an instant, the lease beyond this process."""
    try:
        descriptor = _lock(host)
    except OSError as error:
        raise KnobError(f"could not take the lease {LEASE}: {error.strerror or error}") from error
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(host: Host) -> int:
    """Return the locked file. One that was removed (``clear``) while it was waited for locks nobody else out."""
    for _attempt in range(_ATTEMPTS):
        # The directory may go between any two of these steps.
        with contextlib.suppress(FileNotFoundError):
            for name in files.missing_directories(host, DIRECTORY):
                files.make_directory(host, name)
            files.make_directory(host, DIRECTORY, 0o700)
            descriptor = os.open(host.path(_LOCK), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX)
                if os.path.samestat(os.fstat(descriptor), os.lstat(host.path(_LOCK))):
                    return descriptor
            except BaseException:
                os.close(descriptor)
                raise
            os.close(descriptor)
    raise OSError(errno.EBUSY, "its lock is being removed again and again")


def _read(host: Host) -> dict[str, Any] | None:
    found = files.read_file(host, LEASE)
    if found is None:
        return None
    try:
        lease = json.loads(found.data)
    except ValueError:
        return None
    return lease if isinstance(lease, dict) else None


def _write(host: Host, lease: dict[str, Any]) -> None:
    files.write_file(host, LEASE, json.dumps(lease).encode(), 0o600)
