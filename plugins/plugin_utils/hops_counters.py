# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A window without a probe: the handoffs of a path by the counters of its hosts alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._hops import handoff
from ansible_collections.rxpath.linux.plugins.module_utils._hops.place import HINT
from ansible_collections.rxpath.linux.plugins.module_utils._hops.tally import Tally
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_settings import HopsSettings
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_wording import hosts_of_wires, sentence, unseen

# Datagrams a second below which a part of a path counts as idle: less than a difference that would be told.
_IDLE = 2.0


def judge_counters(
    done: dict[str, Any],
    tallies: Mapping[str, Tally],
    begun: Mapping[str, Mapping[str, Any]],
    groups: Sequence[Mapping[str, Any]],
    settings: HopsSettings,
    failed: Mapping[str, str],
) -> dict[str, Any]:
    """Return a round without a probe as the report has it: ``done`` completed, from what its hosts counted.

    ``begun`` says when each window began by the controller's clock, ``failed`` which hosts were not measured, and why.
    """
    parts = [handoff.Part(one["name"], [tallies[host] for host in one["hosts"] if host in tallies]) for one in groups]
    common = _common({name: begun[name] for name in tallies}, tallies)
    handoffs, places = [], handoff.losses(parts[0]) if parts[0].hosts else []
    documents = [place.document() for place in places]
    notes = [f"{name}: {reason}" for name, reason in failed.items()]
    for index, (before, after) in enumerate(zip(parts, parts[1:])):
        if not before.hosts or not after.hosts:
            continue
        one = handoff.judge(before, after, common, forwards=index + 2 < len(parts))
        handoffs.append(one)
        documents += one["places"]
        if one["undecided"]:
            notes.append(f"between {before.name} and {after.name} counters cannot decide: {one['undecided']}")
    if handoffs and all(max(one["rates"]["sent"], one["rates"]["taken"]) < _IDLE for one in handoffs):
        notes.append(
            "hardly anything travels on this path, too little to tell: let traffic run, or ask for a probe "
            "(udp_hops_probe=true)"
        )
    arrived = sum(host.taken + host.lost_inside for host in tallies.values())
    counted = sum(one["packets"] for one in documents if one["certainty"] != HINT)
    ratio = counted / arrived if arrived else 0.0
    status = "pass"
    if failed:
        status = "error"
    elif ratio > settings.max_loss_ratio:
        status = "fail"
    elif documents or notes:
        status = "warn"
    said = [sentence(one) for one in documents] or ([] if failed else ["nothing lost that a counter would show"])
    return {
        **done,
        "common": round(common, 3),
        "handoffs": handoffs,
        "places": documents,
        "ratio": round(ratio, 6),
        "verdicts": said,
        "notes": notes + unseen(hosts_of_wires(documents, groups), done["hosts"]),
        "status": status,
    }


def _common(begun: Mapping[str, Mapping[str, Any]], tallies: Mapping[str, Tally]) -> float:
    """Return the share of the longest window that all have in common, by the controller's clock alone."""
    if not tallies:
        return 0.0
    starts = {name: float(one["began"]) for name, one in begun.items()}
    end = min(starts[name] + one.seconds for name, one in tallies.items())
    return max(0.0, min(1.0, (end - max(starts.values())) / max(one.seconds for one in tallies.values())))
