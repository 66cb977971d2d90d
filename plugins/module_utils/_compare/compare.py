# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Did a change help? Two windows of one host compared, finding by finding, normalised by what arrived.

A quieter window is no cure, and neither is a window in which the loss happened not to come: only where the 95 %
interval of the difference leaves no other reading, and nothing else accounts for it, is a loss called improved.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._compare import blocks, interval, load, other_reasons
from ansible_collections.rxpath.linux.plugins.module_utils._compare.load import Load
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import settings as defaults

IMPROVED, UNCHANGED, WORSE, INCONCLUSIVE = "improved", "unchanged", "worse", "inconclusive"
# How the interval came about: from blocks of the series, from counts and a design effect, from rates alone.
EXACT, BOUND, HINT = "exact", "bound", "hint"
# A change of less than this share of the loss is not worth a knob, however certain it is.
WORTHWHILE = 0.1
# A loss is called unchanged where the interval leaves out that it fell by this share; else the windows cannot tell.
WOULD_MATTER = 0.5

Entry = Mapping[str, Any]
Sample = Mapping[str, Any]


def compare(
    before_sample: Sample,
    before_entry: Entry,
    after_sample: Sample,
    after_entry: Entry,
    keys: Sequence[str],
    settings: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    """Return for each key ("finding|namespace|interface", as ``finding_key``) what became of that loss.

    ``difference`` is the 95 % interval of after less before: of the share of what arrived, or of the rate per second
    where nothing counts the arrivals ("ratio" is None there). A loss that is absent after is 0 lost.

    Raises:
        ValueError: a setting that does not exist.
    """
    least = defaults.merge(settings or {})["thresholds"]["min_datagrams"]
    shared = _rebooted(before_sample, after_sample)
    # The busiest namespace of the first window, by name, shows the peaks of what has no series of its own.
    witness = load.busiest(before_sample)
    rows = []
    for key in dict.fromkeys(keys):
        where = load.place(key, (before_entry, after_entry))
        before = load.load(before_sample, before_entry, key, where, witness)
        after = load.load(after_sample, after_entry, key, where, witness)
        (low, high), certainty = _difference(before, after)
        fault = shared or _fault(before, after, least)
        verdict, why = (INCONCLUSIVE, fault) if fault else _verdict(before, after, (low, high))
        rows.append(
            {
                "key": key,
                "finding": where.finding,
                "verdict": verdict,
                "before": _figures(before),
                "after": _figures(after),
                "difference": [round(low, 8), round(high, 8)],
                "certainty": certainty,
                "why": _said(before, after, (low, high), certainty) + "; " + why,
            }
        )
    return rows


def _rebooted(before: Sample, after: Sample) -> str | None:
    boots = [(sample.get("host") or {}).get("boot_id") for sample in (before, after)]
    if before.get("rebooted") or after.get("rebooted") or (all(boots) and boots[0] != boots[1]):
        return "the host was rebooted in or between the windows: nothing is computed over a reboot"
    return None


def _fault(before: Load, after: Load, least: float) -> str | None:
    """Return why the two windows cannot be compared at all."""
    for label, one in (("before", before), ("after", after)):
        if one.faults:
            return f"in the window {label}: {one.faults[0]}"
        if one.offered < least:
            return f"only {numbers.count(one.offered)} arrived in the window {label}: too few to tell"
    if after.pending:
        return "a queue was about to overflow at the end of the window after"
    if before.pending and not before.lost:
        return "nothing was lost before the change, the overflow was only predicted"
    return None


def _difference(before: Load, after: Load) -> tuple[tuple[float, float], str]:
    """Return the 95 % interval of after less before, and how certain it is."""
    if before.arrived and after.arrived and before.looks and after.looks:
        sizes = blocks.lengths(before.looks, after.looks)
        if sizes:
            found = [_of_blocks(before, after, before.looks, after.looks, size) for size in sizes]
            # What is lost in long episodes varies more than short blocks show: the outermost ends hold.
            return (min(low for low, _high in found), max(high for _low, high in found)), EXACT
    effect = max(interval.design_effect(one.lost, one.seconds) for one in (before, after))
    if before.arrived and after.arrived:
        shares = [interval.of_share(one.lost, one.arrived or 1, effect) for one in (before, after)]
        return interval.difference(*shares), BOUND
    rates = [interval.of_rate(one.lost, one.seconds, effect) for one in (before, after)]
    return interval.difference(*rates), HINT


def _of_blocks(
    before: Load, after: Load, looks_before: blocks.Looks, looks_after: blocks.Looks, size: float
) -> tuple[float, float]:
    first, second = (interval.Window(blocks.cut(one, size), blocks.rhythm(one)) for one in (looks_before, looks_after))
    ratios = _level(before), _level(after)
    return interval.difference(
        interval.of_blocks(ratios[0], first, ratios[1], second), interval.of_blocks(ratios[1], second, ratios[0], first)
    )


def _level(one: Load) -> float:
    """Return the share of what arrived that was lost; the rate per second where nothing counts the arrivals."""
    return one.lost / one.arrived if one.arrived else one.lost / one.seconds


def _verdict(before: Load, after: Load, ends: tuple[float, float]) -> tuple[str, str]:
    """Return the verdict and its reason."""
    first, second = _level(before), _level(after)
    low, high = ends
    if low > 0 and second > (1 + WORTHWHILE) * first:
        busier = other_reasons.quieter(before, after)
        if busier:
            return INCONCLUSIVE, f"the window before was quieter: {busier}"
        return WORSE, "the loss grew"
    calm = other_reasons.quieter(after, before)
    if calm:
        return INCONCLUSIVE, f"the window after was quieter, which is no cure: {calm}"
    if not before.lost and not after.lost:
        return UNCHANGED, "nothing was lost in either window"
    if high < 0 and second < (1 - WORTHWHILE) * first:
        top = other_reasons.less_at_the_top(before, after)
        if top:
            return INCONCLUSIVE, f"smaller peaks alone can account for it: {top}"
        filling = other_reasons.still_filling(before, after)
        if filling:
            return INCONCLUSIVE, f"the buffer was still filling: {filling}"
        return IMPROVED, "the loss is gone" if not after.lost else "the loss fell"
    if low > -WOULD_MATTER * first and first:
        return UNCHANGED, "the loss did not fall by more than what varies anyway, or by too little to matter"
    return INCONCLUSIVE, "the loss varies too much within the windows to tell"


def _figures(one: Load) -> dict[str, Any]:
    return {
        "lost": one.lost,
        "arrived": one.arrived,
        "ratio": round(one.lost / one.arrived, 8) if one.arrived else None,
        "seconds": round(one.seconds, 4),
        "rate": round(one.lost / one.seconds, 4),
    }


def _said(before: Load, after: Load, ends: tuple[float, float], certainty: str) -> str:
    if certainty == HINT:
        return "{} lost before, {} after (difference {:+.3g} to {:+.3g}/s at 95 %; nothing counts what arrived)".format(
            numbers.rate(before.lost / before.seconds), numbers.rate(after.lost / after.seconds), *ends
        )
    low, high = 100 * ends[0], 100 * ends[1]
    doubt = "" if certainty == EXACT else ", nothing shows when they were lost"
    return (
        f"{_of(before)} lost before, {_of(after)} after"
        f" (difference {low:+.3g} to {high:+.3g} percentage points at 95 %{doubt})"
    )


def _of(one: Load) -> str:
    share = numbers.share(one.lost / (one.arrived or 1))
    return f"{share} ({numbers.count(one.lost)} of {numbers.count(one.arrived or 0)})"
