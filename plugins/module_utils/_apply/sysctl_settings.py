# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The family of the sysctls: what is read of the host for their plan."""

from __future__ import annotations

import re

from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError, NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.family import Family, Request
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.file import FileKnob
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.sysctl import SysctlKnob
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State
from ansible_collections.rxpath.linux.plugins.module_utils._facts.sysctl_files import (
    DIRECTORIES,
    assigned,
    read_boot_settings,
)
from ansible_collections.rxpath.linux.plugins.module_utils._facts.tuned_sysctls import tuned_sysctls
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target
from ansible_collections.rxpath.linux.plugins.module_utils._plan.sysctl_rules import same, words
from ansible_collections.rxpath.linux.plugins.module_utils._plan.sysctl_settings import (
    KeyState,
    SysctlState,
    plan_sysctls,
)

# A key in dots. What would leave /proc/sys, and a pattern, is none.
_KEY = re.compile(r"[A-Za-z0-9_:@-]+(\.[A-Za-z0-9_:@-]+)+")


def read_sysctls(host: Host, request: Request) -> SysctlState:
    """Read the running values (not for scope "boot"), every file that boot reads, and tuned's profile.

    Raises KnobError for a name, a value or a file that cannot be.
    """
    file, scope = request["file"], request.get("scope", "both")
    _check(request, file)
    reader = host.reader()
    boot = read_boot_settings(reader)
    tuned, reapplied = tuned_sysctls(reader) if scope != "running" else ({}, True)
    state = State.load(host)
    keys, rivals = {}, {}
    for key, setting in request["settings"].items():
        target = Target("", key)
        running, problem = None, ""
        if scope != "boot":
            try:
                running = SysctlKnob().read(host, target)
            except NotSupportedError as error:
                problem = str(error)
        lines = assigned(boot.assignments, key)
        ours = [item for item in lines if item.file == file]
        # Without our explicit line a pattern of another file would rule.
        others = assigned([item for item in boot.assignments if item.file != file], key)
        leftover = assigned(boot.conf, key)
        first = state.first("sysctl", target)
        keys[key] = KeyState(
            running,
            first["value"] if first else None,
            ours[-1].value if ours else None,
            tuple(others),
            leftover[-1] if leftover else None,
            problem,
        )
        if key in tuned and not same(key, tuned[key][0], words(setting)):
            rivals[key] = _rival(key, *tuned[key], reapplied)
    return SysctlState(keys, FileKnob().read(host, Target("", file)), rivals)


def _check(request: Request, file: str) -> None:
    folder, _slash, name = file.rpartition("/")
    if folder not in DIRECTORIES or not name.endswith(".conf"):
        raise KnobError(f"file: {file} is not read at boot; give /etc/sysctl.d/NAME.conf")
    for key, setting in request["settings"].items():
        if not _KEY.fullmatch(key):
            raise KnobError(f"settings: {key!r} is no sysctl key; write it in dots, as net.core.rmem_max")
        if isinstance(setting, dict) or setting is None or not words(setting) or not words(setting).isprintable():
            raise KnobError(f"settings: {key} needs a value in one line, not {setting!r}")


def _rival(key: str, value: str, file: str, reapplied: bool) -> str:
    if reapplied:
        return f"{key}: tuned's profile {file} sets {value}; sysctl.d is read again after it (reapply_sysctl), and wins"
    return f"{key}: tuned's profile {file} sets {value} whenever tuned starts, and wins: remove it there"


SYSCTL_SETTINGS = Family("sysctl_settings", read_sysctls, plan_sysctls, remembers=False)
