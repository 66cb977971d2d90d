# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a namespace is to people: its name, the container or pod that owns it, when it began."""

from __future__ import annotations

import os
import re
from functools import lru_cache
from typing import Callable, NamedTuple, Optional, Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cgroup import (
    container_id,
    parse_proc_cgroup,
    pod_uid,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.proc_cpu import parse_task_stat
from ansible_collections.rxpath.linux.plugins.module_utils._sample import namespaces
from ansible_collections.rxpath.linux.plugins.module_utils._sample.names import clean
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import OptionError
from ansible_collections.rxpath.linux.plugins.module_utils._sample.processes import command

# More processes than this are not asked for their container; they share it nearly always.
_ASKED = 4
# Processes that hold a pod's namespace and do nothing else; their name says nothing.
_HOLDERS = ("pause", "catatonit", "conmon")


class Owner(NamedTuple):
    """``kind`` is host, named, container or anonymous; ``container`` as "runtime:id" or "pod:uid"."""

    name: str
    kind: str
    container: Optional[str]
    command: Optional[str]


def cgroup_paths(pid: int) -> list[str]:
    """Return the cgroup paths of a process, longest first; empty when it is gone or unreadable."""
    try:
        descriptor = os.open("/proc/%d/cgroup" % pid, os.O_RDONLY | os.O_CLOEXEC)
        try:
            text = os.read(descriptor, 65536).decode("utf-8", "surrogateescape")
        finally:
            os.close(descriptor)
    except OSError:
        return []
    return list(_paths_of(text))


@lru_cache(maxsize=256)
def _paths_of(text: str) -> tuple[str, ...]:
    """Parse once what many processes of a host share."""
    try:
        return tuple(sorted({entry.path for entry in parse_proc_cgroup(text)}, key=len, reverse=True))
    except ParseError:
        return ()


def _pod_name(path: str) -> Optional[str]:
    uid = pod_uid(path)
    return "pod:" + uid if uid else None


def _name_of(paths: list[str], name: Callable[[str], Optional[str]]) -> Optional[str]:
    # What contains this process as well is the machine, as far as it can see.
    own = _own_paths()
    names = (name(path) for path in paths if path not in own)
    return next((clean(found) for found in names if found), None)


@lru_cache(maxsize=1)
def _own_paths() -> frozenset[str]:
    return frozenset(cgroup_paths(os.getpid()))


def owner_of(found: namespaces.Found) -> Owner:
    """Return who owns a namespace; of several containers in it (a pod) the pod."""
    if found.own:
        return Owner(namespaces.HOST, "host", None, None)
    some = found.pids[:_ASKED]
    paths = [cgroup_paths(pid) for pid in some]
    kinds = (_pod_name, container_id)
    container = next(filter(None, (_name_of(one, kind) for kind in kinds for one in paths)), None)
    names = [name for name in map(command, some) if name]
    main = next((name for name in names if name not in _HOLDERS), names[0] if names else None)
    name = namespaces.mount_name(found.mounts)
    if name is None and container is not None:
        name = "%s (%s)" % (container, main) if main else container
    if name is None and found.pids:
        name = "%s[%d]" % (main or "process", found.pids[0])
    kind = "container" if container else "named" if found.mounts else "anonymous"
    return Owner(name or "net:[%d]" % found.key[1], kind, container, main)


class Holder(NamedTuple):
    """A process that holds a socket, as it was when that mattered: it may end before the window does."""

    name: Optional[str]
    cgroup: Optional[str]
    container: Optional[str]


def holder_of(pid: int) -> Holder:
    """Return what a process is called and which container it runs in."""
    paths = cgroup_paths(pid)
    return Holder(command(pid), clean(paths[0]) if paths else None, _name_of(paths, container_id))


def began_after(found: namespaces.Found, wall: float, since_boot: float) -> bool:
    """Tell whether a namespace certainly began after a moment, given as Unix time and as seconds since boot.

    Its counters then all belong to the time after. A mount says it by its inode's change time (nsfs makes the inode
    when the mount is made), processes by the start of the oldest (field 22 of /proc/PID/stat).
    """
    moments = [_mount_is_newer(path, wall) for path in found.mounts]
    moments += [_process_is_newer(pid, since_boot) for pid in found.pids]
    return bool(moments) and all(moments)


def _mount_is_newer(path: str, wall: float) -> bool:
    try:
        return os.stat(path).st_ctime >= wall
    except OSError:
        return False


def _process_is_newer(pid: int, since_boot: float) -> bool:
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as file:
            start = parse_task_stat(file.read()).start
    except (OSError, ParseError):
        return False
    # Ticks are rounded down, so a start in the same tick as the moment counts as before it.
    return start / os.sysconf("SC_CLK_TCK") >= since_boot


_HEXADECIMAL = re.compile(r"[0-9a-f]{8,64}$")


def select(owners: Sequence[tuple[namespaces.Found, Owner]], wanted: Sequence[str]) -> list[int]:
    """Return the indexes of the namespaces asked for: ``all``, ``host``, names, inodes, container ids.

    A container or pod id may be shortened to eight digits or more. Raises OptionError that lists what exists where
    a wish matches nothing.
    """
    chosen: set[int] = set()
    for wish in wanted:
        matches = {index for index, (found, owner) in enumerate(owners) if _matches(found, owner, wish)}
        if not matches:
            names = sorted({_shown(found, owner) for found, owner in owners})
            shown = ", ".join(names[:40]) + (" and %d more" % (len(names) - 40) if len(names) > 40 else "")
            raise OptionError("namespaces: no namespace is called %r; there are: %s" % (wish, shown))
        chosen |= matches
    return sorted(chosen)


def _shown(found: namespaces.Found, owner: Owner) -> str:
    return owner.name if found.inode is None else "%s (%d)" % (owner.name, found.inode)


def is_wanted(found: namespaces.Found, owner: Owner, wanted: Sequence[str]) -> bool:
    """Tell whether a namespace is among those asked for."""
    return any(_matches(found, owner, wish) for wish in wanted)


def _matches(found: namespaces.Found, owner: Owner, wish: str) -> bool:
    if wish in ("all", owner.name) or (found.inode is not None and wish == str(found.inode)):
        return True
    if owner.container is None:
        return False
    number = owner.container.partition(":")[2]
    return wish in (owner.container, number) or bool(
        _HEXADECIMAL.match(wish) and (number.startswith(wish) or (len(number) == 12 and wish.startswith(number)))
    )
