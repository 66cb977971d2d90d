# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Namespaces that came within the window: what they counted since they began is what they counted in it."""

from __future__ import annotations

from typing import Collection, Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._sample.enter import Doorway
from ansible_collections.rxpath.linux.plugins.module_utils._sample.namespaces import Key, find_namespaces
from ansible_collections.rxpath.linux.plugins.module_utils._sample.owners import began_after, is_wanted, owner_of
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns
from ansible_collections.rxpath.linux.plugins.module_utils._sample.watch import APPEARED, RESTARTED, VANISHED, Watch


def find_newcomers(
    watches: Sequence[Watch],
    present: Collection[Key],
    wanted: Sequence[str],
    began: tuple[float, float],
    doorway: Doorway,
    unknowns: Unknowns,
) -> list[Watch]:
    """Return the namespaces that were not ``present`` at the start, each read once.

    ``began`` is the start as Unix time and as seconds since boot. The inode of one that vanished can be another's now.
    """
    vanished = [watch for watch in watches if watch.state == VANISHED]
    gone = {watch.found.key for watch in vanished}
    names = {watch.owner.name for watch in vanished}
    found = []
    for one in find_namespaces():
        if one.key in present and one.key not in gone:
            continue
        owner = owner_of(one)
        if not is_wanted(one, owner, wanted):
            continue
        young = began_after(one, *began)
        try:
            watch = Watch(one, owner, doorway, unknowns, young=young)
        except (OSError, ParseError) as error:
            unknowns.add_error("network namespace that came within the window", error, owner.name)
            continue
        watch.state = RESTARTED if owner.name in names else APPEARED
        if not young:
            unknowns.add(
                "what was lost since the window began", "the namespace was not there, yet may be older", "", owner.name
            )
        found.append(watch)
    return found
