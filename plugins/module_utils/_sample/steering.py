# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Receive packet steering (rps_cpus) of a namespace's devices: it sends packets through the backlog of other CPUs.

/sys/class/net shows the namespace in which the sysfs was mounted, so for another namespace a child of ours mounts one
for itself alone; the mount ends with it. Source: Documentation/networking/scaling.rst.
"""

from __future__ import annotations

import ctypes
import glob
import json
import os
from typing import Callable, Optional, Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import parse_cpumask
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._sample.enter import enter_for_good
from ansible_collections.rxpath.linux.plugins.module_utils._sample.host import read_text
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import ROOT, Unknowns
from ansible_collections.rxpath.linux.plugins.module_utils._sample.watch import Watch

_CLONE_NEWNS = 0x00020000
_MS_RDONLY, _MS_NOSUID, _MS_NODEV, _MS_NOEXEC, _MS_REC, _MS_PRIVATE = 1, 2, 4, 8, 0x4000, 0x40000
_MAX_ANSWER = 1 << 20
_MAX_NAMESPACES = 16

Masks = dict[str, list[int]]


def read_steering(watches: Sequence[Watch], losing: bool, unknowns: Unknowns) -> None:
    """Fill in ``steering`` for the NICs of the own namespace, and where the backlog lost packets (``losing``) for more.

    These are the devices that dropped packets, in a bounded number of namespaces: each costs a child and a mount.
    """
    asked = 0
    for watch in watches:
        names = _dropping(watch) if losing and watch.is_open else []
        if watch.found.own:
            nics = [link.name for link in watch.start.links if not link.kind]
            watch.steering = own_masks(list(dict.fromkeys(nics + names)))
        elif names and asked < _MAX_NAMESPACES:
            asked += 1
            masks = _ask(watch, names)
            if masks is None:
                unknowns.add("receive packet steering (rps_cpus)", "sysfs of the namespace", ROOT, watch.owner.name)
            watch.steering = masks or {}


def _dropping(watch: Watch) -> list[str]:
    before = {link.ifindex: link.stats64.get("rx_dropped", 0) for link in watch.start.links}
    links = watch.end.links if watch.end is not None else []
    return [link.name for link in links if link.stats64.get("rx_dropped", 0) > before.get(link.ifindex, 0)]


def _ask(watch: Watch, names: list[str]) -> Optional[Masks]:
    try:
        descriptor = watch.descriptor()
    except OSError:
        return None
    try:
        return masks_inside(descriptor, names)
    except OSError:
        return None
    finally:
        os.close(descriptor)


def own_masks(names: list[str]) -> Masks:
    """Return the CPUs that each device of the own namespace steers packets to, over all its queues."""
    masks: Masks = {}
    for name in names:
        cpus: set[int] = set()
        files = glob.glob("/sys/class/net/%s/queues/rx-*/rps_cpus" % glob.escape(name))
        for path in files:
            try:
                cpus.update(parse_cpumask(read_text(path)))
            except (OSError, ParseError):
                continue
        if files:
            masks[name] = sorted(cpus)
    return masks


def masks_inside(descriptor: int, names: list[str]) -> Optional[Masks]:
    """Return the same for the namespace of a descriptor; None where it cannot be read (no root, no mounting)."""
    answer, told = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(answer)
            enter_for_good(descriptor)
            _mount_sysfs()
            data = json.dumps(own_masks(names)).encode()
            while data:
                data = data[os.write(told, data) :]
        finally:
            os._exit(0)
    os.close(told)
    with open(answer, "rb") as file:
        text = file.read(_MAX_ANSWER)
    os.waitpid(child, 0)
    try:
        masks: Masks = json.loads(text)
    except ValueError:
        return None
    return masks


def _mount_sysfs() -> None:
    """Mount the sysfs of the namespace that this process is in, seen by this process alone. Raises OSError."""
    library = ctypes.CDLL(None, use_errno=True)
    flags = _MS_RDONLY | _MS_NOSUID | _MS_NODEV | _MS_NOEXEC
    steps: tuple[Callable[[], int], ...] = (
        lambda: library.unshare(_CLONE_NEWNS),
        lambda: library.mount(b"none", b"/", None, _MS_REC | _MS_PRIVATE, None),
        lambda: library.mount(b"sysfs", b"/sys", b"sysfs", flags, None),
    )
    for step in steps:
        if step() != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))
