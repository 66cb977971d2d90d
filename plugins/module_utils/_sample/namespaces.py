# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Every network namespace that can be found: of the processes and of the mounts that keep one without any.

A namespace is (st_dev, st_ino) of its nsfs file. /proc/PID/ns/net needs the right to trace PID; without it the inode
of /proc/PID/net/snmp (one for each namespace) still tells namespaces apart. One that is held only by a mount in
another mount namespace cannot be found (man 7 namespaces).
"""

from __future__ import annotations

import os
import re
from typing import Iterator, NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._sample.names import clean
from ansible_collections.rxpath.linux.plugins.module_utils._sample.processes import all_pids

HOST = "host"
MOUNT_DIRECTORIES = ("/run/netns", "/run/docker/netns")
_OCTAL = re.compile(r"\\([0-7]{3})")

# (device, inode) of nsfs; (-1, inode of /proc/PID/net/snmp) where that cannot be read.
Key = tuple[int, int]


class Found(NamedTuple):
    """One namespace: how it is known, who is in it, and the mounts that hold it."""

    key: Key
    own: bool
    pids: tuple[int, ...]
    mounts: tuple[str, ...]

    @property
    def inode(self) -> Optional[int]:
        """Return the number that `lsns` and `ip netns identify` know it by; None without the right to see it."""
        return None if self.key[0] < 0 else self.key[1]


def find_namespaces() -> list[Found]:
    """Return all namespaces, the own one first. Processes that end meanwhile are passed over."""
    own = _identity("/proc/self/ns/net")
    pids: dict[Key, list[int]] = {own: []} if own else {}
    unreadable = []
    for pid in all_pids():
        key = _identity("/proc/%d/ns/net" % pid)
        if key is None:
            unreadable.append(pid)
        else:
            pids.setdefault(key, []).append(pid)
    own = _place_unreadable(pids, unreadable, own)
    mounts: dict[Key, list[str]] = {}
    for path in _mount_points():
        key = _identity(path)
        # A file that `ip netns add` left behind is a plain file, on another device.
        if key is not None and own is not None and key[0] == own[0]:
            mounts.setdefault(key, []).append(path)
            pids.setdefault(key, [])
    found = [
        Found(key, key == own, tuple(sorted(members)), tuple(dict.fromkeys(mounts.get(key, ()))))
        for key, members in pids.items()
    ]
    return sorted(found, key=lambda one: (not one.own, one.key))


def _identity(path: str) -> Optional[Key]:
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _proc_identity(pid: str) -> Optional[Key]:
    try:
        return -1, os.stat("/proc/%s/net/snmp" % pid).st_ino
    except OSError:
        return None


def _place_unreadable(pids: dict[Key, list[int]], unreadable: list[int], own: Optional[Key]) -> Optional[Key]:
    """Sort processes whose nsfs file is closed to us into known namespaces, or into ones known by /proc alone."""
    if not unreadable:
        return own
    known: dict[Key, Key] = {}
    mine = _proc_identity("self")
    if mine is not None:
        own = own or mine
        known[mine] = own
    for key, members in pids.items():
        if members and key[0] >= 0:
            proc_key = _proc_identity(str(members[0]))
            if proc_key is not None:
                known[proc_key] = key
    for pid in unreadable:
        proc_key = _proc_identity(str(pid))
        if proc_key is not None:
            pids.setdefault(known.get(proc_key, proc_key), []).append(pid)
    return own


def _mount_points() -> Iterator[str]:
    """Yield the paths that may hold a namespace: those of ip and Docker by name, any other nsfs mount."""
    for directory in MOUNT_DIRECTORIES:
        try:
            names = sorted(os.listdir(directory))
        except OSError:
            continue
        for name in names:
            yield directory + "/" + name
    try:
        with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
            lines = file.read().split("\n")
    except OSError:
        return
    # 113 109 0:4 net:[4026532177] /run/netns/one rw shared:56 - nsfs nsfs rw
    for line in lines:
        if " net:[" in line and " - nsfs " in line:
            yield _OCTAL.sub(lambda code: chr(int(code.group(1), 8)), line.split(" ")[4])


def mount_name(mounts: tuple[str, ...]) -> Optional[str]:
    """Return the name that a mount gives a namespace: the last part of its path, those of `ip netns` first."""
    return clean(os.path.basename(mounts[0])) if mounts else None


def still_held(found: Found) -> bool:
    """Tell whether a process or a mount that held a namespace when it was found still does."""
    for path in found.mounts:
        if _identity(path) == found.key:
            return True
    for pid in found.pids:
        key = _identity("/proc/%d/ns/net" % pid) if found.key[0] >= 0 else _proc_identity(str(pid))
        if key == found.key or (key is None and _proc_identity(str(pid)) is not None):
            return True
    return False
