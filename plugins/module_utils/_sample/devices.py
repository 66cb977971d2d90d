# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a namespace's devices, queueing disciplines and dropping rules gained in the window. Pure."""

from __future__ import annotations

from typing import Any, Mapping, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._collect import driver_counters
from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import Link
from ansible_collections.rxpath.linux.plugins.module_utils._sample.delta import gain
from ansible_collections.rxpath.linux.plugins.module_utils._sample.names import clean
from ansible_collections.rxpath.linux.plugins.module_utils._sample.reading import DriverStatistics, Nft, Reading

# Always told, zero or not: they are the denominators and the headline losses of a device.
_KEPT = ("rx_packets", "tx_packets", "rx_dropped", "rx_missed_errors", "tx_dropped")
# Links, disciplines, driver and queue statistics, and rules of a reading.
_BELOW = slice(5, 10)
_QDISC_COLUMNS = ("packets", "drops", "overlimits")


def device_rows(
    start: Reading, end: Reading, steering: Mapping[str, list[int]], seconds: float
) -> list[dict[str, Any]]:
    """Return the ``devices`` of a namespace; one that was made anew under its name has counters from 0.

    ``steering`` has the CPUs that devices steer packets to, where that is known.
    """
    before = {link.ifindex: link for link in start.links}
    names = {link.name for link in start.links}
    masters = {link.ifindex: link.name for link in end.links}
    rows = []
    for link in end.links:
        old = before.get(link.ifindex)
        if old is not None and old.kind != link.kind:
            old = None
        driver = end.drivers.get(link.ifindex)
        row: dict[str, Any] = {
            "ifindex": link.ifindex if link.ifindex > 0 else None,
            "name": clean(link.name),
            "kind": link.kind,
            "driver": driver.driver if driver else link.kind or None,
            "master": masters.get(link.master) if link.master else None,
            "statistics": _gains(old.stats64 if old else {}, link.stats64, seconds, keep=_KEPT),
            "qdiscs": _qdisc_rows(start, end, link, seconds),
            "xdp": {"mode": link.xdp_mode, "prog_id": link.xdp_prog_id} if link.xdp_mode else None,
            "recreated": old is None and link.name in names,
            "appeared": old is None and link.name not in names,
            "mtu": link.mtu,
            "operstate": link.operstate,
            "rps_cpus": steering.get(link.name),
            "peer_netnsid": link.link_netnsid,
            "peer_namespace": None,
        }
        row.update(_driver_row(start.drivers.get(link.ifindex) if old else None, driver, seconds))
        qstats = end.qstats.get(link.ifindex)
        row["qstats"] = None
        if qstats is not None:
            row["qstats"] = _gains(
                start.qstats.get(link.ifindex, {}) if old else {}, qstats, seconds, keep=tuple(qstats)
            )
        rows.append(row)
    return rows


def lost_on(row: dict[str, Any]) -> int:
    """Return a number that grows with what a device of the document and its disciplines dropped; it only orders."""
    statistics = row["statistics"]
    lost: int = sum(value or 0 for key, value in statistics.items() if "drop" in key or "err" in key or "missed" in key)
    lost += sum(qdisc["drops"] or 0 for qdisc in row["qdiscs"])
    lost += sum(total["packets"] for total in row["losses"].values())
    return lost


def lost_below(start: Reading, end: Reading, seconds: float) -> int:
    """Return the same for all devices and rules of a namespace: what is dropped there never reaches its IP counters."""
    if start[_BELOW] == end[_BELOW]:
        return 0
    rows = device_rows(start, end, {}, seconds)
    rules = (nft_part(start.nft, end.nft) or {"rules": []})["rules"]
    return sum(map(lost_on, rows)) + sum(rule["packets"] or 0 for rule in rules)


def _gains(
    before: dict[str, int], after: dict[str, int], seconds: float, keep: tuple[str, ...]
) -> dict[str, Optional[int]]:
    """Return the gains that are not zero and those of ``keep``; a key that only the end has began at zero."""
    found = {}
    for key, value in after.items():
        # A device's statistics are u64; a decrease is a driver that was reset or re-created its queues.
        gained = gain(before.get(key, 0), value, 64, seconds)
        if gained != 0 or key in keep:
            found[key] = gained
    return found


def _driver_row(
    before: Optional[DriverStatistics], after: Optional[DriverStatistics], seconds: float
) -> dict[str, Any]:
    if before is None or after is None:
        # Not readable at one of the ends: the counters' history is no gain.
        return {"ethtool": {}, "classified": {}, "classified_by": None, "losses": {}}
    old = dict(driver_counters.distinct(before.counters))
    changed = []
    for name, value in driver_counters.distinct(after.counters):
        gained = gain(old.get(name, 0), value, 64, seconds)
        if gained:
            changed.append((name, gained))
    classified = driver_counters.classify(after.driver, changed)
    return {
        "ethtool": {clean(name): value for name, value in changed},
        "classified": {kind: [[clean(name), value] for name, value in rows] for kind, rows in classified.items()},
        "classified_by": driver_counters.classified_by(after.driver),
        # What overlaps is taken out here: packets lost, and events that stand for an unknown number of packets.
        "losses": {
            kind: {"packets": total.packets, "events": total.events}
            for kind, total in driver_counters.totals(after.driver, classified).items()
        },
    }


def _qdisc_rows(start: Reading, end: Reading, link: Link, seconds: float) -> list[dict[str, Any]]:
    before = {(one.ifindex, one.kind, one.handle, one.parent): one for one in start.qdiscs}
    rows = []
    for one in end.qdiscs:
        if one.ifindex != link.ifindex:
            continue
        old = before.get((one.ifindex, one.kind, one.handle, one.parent))
        row: dict[str, Any] = {"kind": one.kind, "handle": one.handle, "parent": one.parent}
        for column in _QDISC_COLUMNS:
            first = getattr(old, column) if old else 0
            row[column] = gain(first, getattr(one, column), 32 if column != "packets" else 64, seconds)
        row["qlen"] = one.qlen
        rows.append(row)
    return rows


def nft_part(before: Optional[Nft], after: Optional[Nft]) -> Optional[dict[str, Any]]:
    """Return the ``nft`` part: rules that drop, with what they dropped; null packets where a rule has no counter."""
    if after is None:
        return None
    old = {(rule.family, rule.table, rule.chain, rule.handle): rule for rule in (before.rules if before else [])}
    hooks = {(chain.family, chain.table, chain.name): chain.hook for chain in after.chains}
    rules = []
    for rule in after.rules:
        first = old.get((rule.family, rule.table, rule.chain, rule.handle))
        gained = None
        if rule.packets is not None:
            gained = gain((first.packets if first else 0) or 0, rule.packets, 64, 1.0)
        rules.append(
            {
                "family": rule.family,
                "table": clean(rule.table),
                "chain": clean(rule.chain),
                "hook": hooks.get((rule.family, rule.table, rule.chain)),
                "handle": rule.handle,
                "comment": clean(rule.comment) if rule.comment else None,
                "verdict": rule.verdict,
                "packets": gained,
            }
        )
    chains = [
        {
            "family": chain.family,
            "table": clean(chain.table),
            "name": clean(chain.name),
            "hook": chain.hook,
            "policy": chain.policy,
            "device": chain.device,
        }
        for chain in after.chains
        if chain.hook is not None
    ]
    return {"rules": rules, "chains": chains}
