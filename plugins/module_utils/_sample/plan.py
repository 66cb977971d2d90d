# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which namespaces a window will look at, decided before it begins: a wish that cannot be met is told at once."""

from __future__ import annotations

import os
import resource
from typing import NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import Found, Key, find_namespaces
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import Options, check
from ansible_collections.rxpath.linux.plugins.module_utils._sample.owners import Owner, owner_of, select
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns

# Descriptors that a watched namespace holds: itself, three files, one netlink socket.
_DESCRIPTORS_EACH = 5
_DESCRIPTORS_SPARE = 128


class Plan(NamedTuple):
    """A window before it begins: what was asked for, and the namespaces that this means."""

    options: Options
    chosen: list[tuple[Found, Owner]]
    present: frozenset[Key]
    unknowns: Unknowns


def plan(options: Options) -> Plan:
    """Return the plan of a window. Raises OptionError where an option cannot be carried out."""
    check(options)
    unknowns = Unknowns()
    raise_descriptor_limit()
    known = [(found, owner_of(found)) for found in find_namespaces()]
    present = frozenset(found.key for found, _owner in known)
    return Plan(options, _choose(known, options, unknowns), present, unknowns)


def raise_descriptor_limit() -> None:
    """Allow this process as many descriptors as it may have at all; 250 namespaces take a thousand."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        except (OSError, ValueError):
            return


def _choose(known: list[tuple[Found, Owner]], options: Options, unknowns: Unknowns) -> list[tuple[Found, Owner]]:
    """Return the namespaces that are asked for, as many as there are descriptors for. Raises OptionError."""
    chosen = [known[index] for index in select(known, options.namespaces)]
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    used = len(os.listdir("/proc/self/fd"))
    room = max(1, (limit - used - _DESCRIPTORS_SPARE) // _DESCRIPTORS_EACH)
    if limit != resource.RLIM_INFINITY and len(chosen) > room:
        for _found, owner in chosen[room:]:
            why = "%d descriptors allowed (RLIMIT_NOFILE), %d needed for each namespace" % (limit, _DESCRIPTORS_EACH)
            unknowns.add("network namespace", why, "raise the limit of open files", owner.name)
        chosen = chosen[:room]
    return chosen
