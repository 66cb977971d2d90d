# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knob "sysctl": a file below /proc/sys. Target ("", key in dots); value its words with one blank between them."""

from __future__ import annotations

import errno
import os
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError, NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knob import RUNNING
from ansible_collections.rxpath.linux.plugins.module_utils._facts.sysctl_files import normal_key
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.sysctl_rules import minimum


def sysctl_path(key: str) -> str:
    """Return a key's file."""
    return "/proc/sys/" + normal_key(key)


class SysctlKnob:
    """A running value."""

    name = "sysctl"
    scopes = RUNNING
    by_file = False

    def read(self, host: Host, target: Target) -> Any:
        """Return the value; NotSupportedError where this kernel (or this network namespace) has no such key."""
        key = target.item
        try:
            text = host.read_text(sysctl_path(key))
        except OSError as error:
            raise KnobError(f"could not read {key}: {error.strerror}") from error
        if text is None:
            raise NotSupportedError(f"{key}: {_why_absent(host)}")
        return " ".join(text.split())

    def write(self, host: Host, target: Target, value: Any) -> None:
        """Set the value in one write."""
        key = target.item
        try:
            host.write_text(sysctl_path(key), f"{value}\n")
        except FileNotFoundError as error:
            raise NotSupportedError(f"{key}: {_why_absent(host)}") from error
        except OSError as error:
            raise KnobError(f"could not set {key} to {value}: {_why(key, error)}") from error


def _why(key: str, error: OSError) -> str:
    if error.errno == errno.EINVAL:
        least = minimum(key)
        return "the kernel refuses the value" + (f"; its least is {least}" if least else "")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        if os.geteuid() != 0:
            return "this needs root (become: true)"
        if error.errno == errno.EROFS:
            return "/proc/sys is read-only here, as in a container: set it on the host"
        return "the key is read-only here; in a network namespace it belongs to the host: set it there"
    return error.strerror or str(error)


def _why_absent(host: Host) -> str:
    release = (host.read_text("/proc/sys/kernel/osrelease") or "").strip() or "unknown"
    return (
        f"kernel {release} has no such key here (a module that is not loaded, another kernel version, "
        "or a network namespace to which the key does not belong)"
    )
