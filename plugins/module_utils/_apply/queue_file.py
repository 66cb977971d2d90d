# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files below /sys/class/net/IF/queues/QUEUE: one number or one mask of CPUs.

Source: net/core/net-sysfs.c, lib/bitmap-str.c.
"""

from __future__ import annotations

import errno
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError, NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._collect.cpulist import (
    format_cpulist,
    format_cpumask,
    parse_cpulist,
    parse_cpumask,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target

_WHY = {
    errno.EINVAL: "the kernel refuses the value; of an RPS mask no CPU may be left that is not isolated",
    errno.EOVERFLOW: "there are CPUs in it that this machine cannot have",
    errno.EPERM: "this needs root (become: true)",
    errno.EACCES: "this needs root (become: true)",
    errno.EROFS: "/sys is read-only here, as in a container: set it on the host",
}


def read_queue_file(host: Host, target: Target, file: str) -> str:
    """Return a file's word. Raises NotSupportedError where the queue has no such file or value, KnobError."""
    path = _path(target, file)
    try:
        text = host.read_text(path)
    except OSError as error:
        raise KnobError(f"{target}: could not read {file}: {error.strerror}") from error
    if text is None:
        raise NotSupportedError(f"{target}: has no {file}")
    return text.strip()


def write_queue_file(host: Host, target: Target, file: str, value: str) -> None:
    """Write a file. Raises NotSupportedError, KnobError."""
    try:
        host.write_text(_path(target, file), value + "\n")
    except FileNotFoundError as error:
        raise NotSupportedError(f"{target}: has no {file}") from error
    except OSError as error:
        why = _WHY.get(error.errno or 0, error.strerror or str(error))
        raise KnobError(f"{target}: could not set {file} to {value}: {why}") from error


def read_mask(host: Host, target: Target, file: str) -> Any:
    """Return a mask as a CPU list."""
    try:
        return format_cpulist(parse_cpumask(read_queue_file(host, target, file)))
    except ParseError as error:
        raise KnobError(f"{target}: {file}: {error}") from error


def write_mask(host: Host, target: Target, file: str, value: Any) -> None:
    """Set a mask from a CPU list.

    The mask has the groups that its highest CPU needs and no more: one group more than the machine's CPUs need is
    refused with EOVERFLOW, one less is not. No CPU is "0": a write of nothing at all would change nothing.
    """
    cpus = parse_cpulist(value)
    write_queue_file(host, target, file, format_cpumask(cpus, max(cpus) + 1) if cpus else "0")


def _path(target: Target, file: str) -> str:
    return f"/sys/class/net/{target.device}/queues/{target.item}/{file}"
