# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The tunables of the receive path as they stand on this host."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._facts.cpus import cpu_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.interfaces import interface_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader, Unknown
from ansible_collections.rxpath.linux.plugins.module_utils._facts.services import service_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.size import shrink
from ansible_collections.rxpath.linux.plugins.module_utils._facts.sysctls import sysctl_facts

SCHEMA = 1


def gather_facts(interfaces: list[str] | None = None, root: str = "/") -> tuple[dict[str, Any], list[Unknown]]:
    """Return (facts, unknowns); each unknown is {"what", "why", "remedy"}. Only reads, and needs no privilege.

    ``interfaces`` limits the description to those devices and the NICs below them.
    Raises interfaces.UnknownInterfaceError for a name that is no device of this host.
    """
    reader = Reader(root)
    described, others = interface_facts(reader, interfaces)
    facts: dict[str, Any] = {
        "schema": SCHEMA,
        "kernel": reader.word("/proc/sys/kernel/osrelease"),
        "sysctls": sysctl_facts(reader),
        "interfaces": described,
        "other_interfaces": others,
        "cpus": cpu_facts(reader),
        **service_facts(reader),
    }
    shrink(facts, reader)
    return facts, reader.unknowns
