# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which namespaces are told one by one where there are more than may be. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import LOSS, PLACES
from ansible_collections.rxpath.linux.plugins.module_utils._watch.tally import Series

_LOSSES = frozenset(place.finding for place in PLACES if place.kind == LOSS)


def lost(gained: Mapping[str, int]) -> int:
    """Return what was lost of what series gained, refusals left out; it only orders."""
    return sum(more for series, more in gained.items() if Series.of(series).finding in _LOSSES)


def choose(listed: Sequence[str], gained: Mapping[str, Mapping[str, int]], limit: int) -> list[str]:
    """Return the keys of those that are told: those that were, then the others as they come.

    ``gained`` has what the series of every namespace gained, the host's first. One that is told gives its place only
    to one that loses while it does not.
    """
    host = next(iter(gained), "")
    chosen = [key for key in listed if key in gained][:limit]
    known = set(chosen)
    waiting = [key for key in gained if key not in known]
    if len(gained) <= limit:
        return chosen + waiting
    for key in sorted(waiting, key=lambda one: (one != host, not lost(gained[one]))):
        if len(chosen) < limit:
            chosen.append(key)
            continue
        quiet = next((one for one in reversed(chosen) if one != host and not lost(gained[one])), None)
        if quiet is None or not lost(gained[key]):
            break
        chosen[chosen.index(quiet)] = key
    return chosen
