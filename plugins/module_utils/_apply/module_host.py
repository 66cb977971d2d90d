# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The host that a module runs on: the one place where the write side comes to start a program."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host


def host_of(module: Any) -> Host:
    """Return the host that a module runs on; programs are started through the module."""

    def run(command: list[str]) -> tuple[int, str, str]:
        code, output, errors = module.run_command(command)
        return int(code), str(output), str(errors)

    return Host(run=run)
