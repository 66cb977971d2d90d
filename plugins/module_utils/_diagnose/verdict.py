# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From a host's sample to its entry in the report: findings in path order, shares, status and one reason."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import (
    conntrack_findings,
    device_findings,
    ip_findings,
    numbers,
    socket_findings,
    softnet_findings,
    testimony,
    udp_findings,
    windows,
    witness,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import (
    settings as defaults,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import (
    DATAGRAMS,
    EXACT,
    INFO,
    LOSS,
    PACKETS,
    REFUSED,
    Where,
    order,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import open_ledger, total

Finding = dict[str, Any]

_COMPARABLE = (DATAGRAMS, PACKETS)


def diagnose_host(sample: Mapping[str, Any], settings: Mapping[str, Any], label: str = "before") -> dict[str, Any]:
    """Return the report's entry of one host.

    Pure: the sample document of ``receive_path_info`` and the settings of the audit in, the entry out.

    Raises:
        ValueError: a setting that does not exist.
    """
    chosen = defaults.merge(settings)
    findings = collect_findings(sample, chosen)
    _fill_shares(findings)
    for one in findings:
        one["ignored"] = _ignored(one, chosen["ignore"])
    judged = [one for one in findings if not one["ignored"]]
    losses = [one for one in judged if one["class"] == LOSS and _counts(one, chosen)]
    main = main_loss(losses)
    status, reason = _status(sample, judged, losses, main, chosen)
    return {
        "status": status,
        "reason": reason,
        "first_loss": losses[0]["finding"] if losses else None,
        "main_loss": main["finding"] if main else None,
        "findings": findings,
        "windows": [_window(sample, label, findings)],
        "blind_spots": [_blind_spot(spot) for spot in sample.get("blind_spots") or []],
        "unknowns": [_unknown(item) for item in sample.get("unknowns") or []],
        "rules": [],
        "rounds": 1,
        "changes": [],
    }


def collect_findings(sample: Mapping[str, Any], settings: Mapping[str, Any]) -> list[Finding]:
    """Return all findings of a host in path order; the hosts of a hop stand by the size of their loss."""
    seconds = float(sample["window"]["seconds"])
    thresholds = settings["thresholds"]
    namespaces = sample.get("namespaces") or []
    host = _where(namespaces[0]) if namespaces else Where("host", None, None)
    found = softnet_findings.findings(sample, host, settings)
    for namespace in namespaces:
        where = _where(namespace)
        ledger = open_ledger(namespace)
        found += device_findings.findings(namespace, where, sample)
        found += ip_findings.counted(namespace, where, seconds, thresholds)
        found += ip_findings.reassembly(namespace, where, seconds)
        found += ip_findings.unaccounted(namespace, where, seconds, thresholds)
        found += conntrack_findings.conntrack(namespace, where, sample, thresholds)
        found += udp_findings.no_listener(where, ledger, seconds)
        found += udp_findings.checksum_errors(where, ledger, seconds)
        found += udp_findings.memory_limit(namespace, where, ledger, sample, thresholds)
        found += udp_findings.socket_filter(namespace, where, ledger, seconds)
        found += socket_findings.overflow(namespace, where, ledger, sample, settings)
    found += _of_the_rest(sample, settings)
    return witness.hear(sorted(found, key=lambda one: (order(one["finding"]), -one["delta"])), sample)


def _window(sample: Mapping[str, Any], label: str, findings: list[Finding]) -> dict[str, Any]:
    part = testimony.window_part(sample, findings)
    window = windows.window(sample, label)
    return window if part is None else {**window, "drop_reasons": part}


def _of_the_rest(sample: Mapping[str, Any], settings: Mapping[str, Any]) -> list[Finding]:
    """Return what the namespaces lost that were only summed: their sockets are not known, their loss is."""
    rest: Mapping[str, Any] = sample.get("rest") or {}
    if not rest.get("counters"):
        return []
    seconds = float(sample["window"]["seconds"])
    where = Where(f"{rest.get('namespaces', 0)} more namespaces", None, None)
    summed = {"counters": rest["counters"], "sockets": [], "socket_summary": {}}
    ledger = open_ledger(summed)
    found = ip_findings.counted(summed, where, seconds, settings["thresholds"])
    found += conntrack_findings.conntrack(summed, where, sample, settings["thresholds"])
    found += udp_findings.no_listener(where, ledger, seconds)
    found += udp_findings.checksum_errors(where, ledger, seconds)
    found += udp_findings.memory_limit(summed, where, ledger, sample, settings["thresholds"])
    return found + socket_findings.overflow(summed, where, ledger, sample, settings)


def _where(namespace: Mapping[str, Any]) -> Where:
    return Where(str(namespace["name"]), namespace.get("inode"), namespace.get("container"))


def _fill_shares(findings: list[Finding]) -> None:
    """Give each loss its share of the host's loss, where the units compare and the count is no hint."""
    comparable = [one for one in findings if one["class"] == LOSS and one["unit"] in _COMPARABLE]
    whole = sum(one["delta"] for one in comparable)
    for one in comparable:
        one["share"] = round(one["delta"] / whole, 6) if whole else None


def main_loss(losses: list[Finding]) -> Finding | None:
    """Return the largest loss among comparable units; an inexact count never outranks an exact one."""
    if not losses:
        return None
    return max(
        losses,
        key=lambda one: (one["unit"] in _COMPARABLE, one["certainty"] == EXACT, one["pending"], one["delta"]),
    )


def _counts(one: Finding, settings: Mapping[str, Any]) -> bool:
    """Return True for a loss that is large enough to be told as one."""
    if one["pending"]:
        return True
    if one["delta"] < settings["min_drops"]:
        return False
    ratio, allowed = one["ratio"], float(settings["max_loss_ratio"])
    return ratio is None or allowed <= 0 or ratio > allowed


def _ignored(one: Finding, ignore: Mapping[str, Any]) -> bool:
    """Return True when the site left this namespace, or every socket of the finding, out of the verdict."""
    namespace = one["namespace"] or {}
    names = {namespace.get("name"), namespace.get("container")}
    if names & set(ignore.get("namespaces") or []):
        return True
    ports = {str(port) for port in ignore.get("ports") or []}
    processes = set(ignore.get("processes") or [])
    sockets = one["sockets"]
    if not sockets or not (ports or processes):
        return False
    return all(
        str(socket.get("local") or "").rpartition(":")[2] in ports or socket.get("process") in processes
        for socket in sockets
    )


def _status(
    sample: Mapping[str, Any],
    judged: list[Finding],
    losses: list[Finding],
    main: Finding | None,
    settings: Mapping[str, Any],
) -> tuple[str, str]:
    if sample.get("rebooted"):
        return "inconclusive", "the host was rebooted within the window: nothing is computed over a reboot"
    failing = [one for one in judged if one["finding"] in settings["fail_on"] and _counts(one, settings)]
    if failing:
        worst = (
            main
            if main in failing and main is not None
            else max(failing, key=lambda one: (one["pending"], one["delta"]))
        )
        return "fail", reason_of(worst, losses)
    if settings["fail_on_unknown"] and sample.get("unknowns"):
        return "fail", "something could not be read (udp_audit_fail_on_unknown): {}".format(
            _unknown(sample["unknowns"][0])
        )
    if main is not None:
        return "warn", reason_of(main, losses)
    arrived = _arrived(sample)
    if arrived < settings["thresholds"]["min_datagrams"]:
        return "inconclusive", "only {} datagrams arrived in {}: too few to tell".format(
            numbers.count(arrived),
            numbers.duration(float(sample["window"]["seconds"])),
        )
    return "pass", _pass_reason(arrived, judged, sample)


def _arrived(sample: Mapping[str, Any]) -> int:
    seen = sum(
        open_ledger(namespace).arrived + open_ledger(namespace).no_listener
        for namespace in sample.get("namespaces") or []
    )
    rest = (sample.get("rest") or {}).get("counters") or {}
    return seen + total(rest, "Udp.InDatagrams", "Udp6.InDatagrams", "Udp.InErrors", "Udp6.InErrors")


def _pass_reason(arrived: int, judged: list[Finding], sample: Mapping[str, Any]) -> str:
    said = "no loss among {} datagrams in {}".format(
        numbers.count(arrived),
        numbers.duration(float(sample["window"]["seconds"])),
    )
    refused = sum(one["delta"] for one in judged if one["class"] == REFUSED)
    if refused:
        said += f"; {numbers.count(refused)} refused by design or for want of a listener"
    if any(one["class"] == INFO and one["finding"] == "ip.unaccounted" for one in judged):
        said += "; a residual between IP and UDP has no counter that explains it"
    return said


_CAUSES = {
    "arrival_burst": "arrivals come in bursts above what the buffer holds",
    "reader_stall": "the reader pauses while datagrams go on arriving",
    "slow_consumer": "the consumer is slower than the arrivals, and no buffer helps",
}


def reason_of(one: Finding, losses: list[Finding]) -> str:
    """Say a finding in one sentence: how much, where, who, why."""
    where = one["namespace"] or {}
    place = "" if where.get("name") in (None, "host") else " in namespace {}".format(where["name"])
    if where.get("container"):
        place += " ({})".format(where["container"])
    sockets = one["sockets"]
    who = ""
    if sockets:
        first = sockets[0]
        who = " at {}".format(first.get("local"))
        if first.get("process"):
            who += " ({}, pid {})".format(first["process"], first.get("pid"))
    why = ", and ".join(_CAUSES[cause] for cause in one["causes"] if cause in _CAUSES)
    if one["pending"]:
        left = (sockets[0] if sockets else {}).get("seconds_to_overflow")
        when = f" in {numbers.duration(float(left))}" if left else ""
        return f"nothing is lost yet, but the queue{who}{place} overflows{when}: {why}"
    ratio = "" if one["ratio"] is None else f" ({numbers.share(one['ratio'])} of what arrived there)"
    device = f" on {one['interface']}" if one["interface"] else ""
    also = len({other["finding"] for other in losses}) - 1
    rest = "" if also < 1 else f"; {also} other place{'' if also == 1 else 's'} lost as well"
    lost = f"{numbers.count(one['delta'])} {one['unit']}{ratio} lost"
    return f"{lost} by {one['finding']}{who}{device}{place}{f': {why}' if why else ''}{rest}"


def _unknown(item: Mapping[str, Any]) -> str:
    remedy = "; {}".format(item["remedy"]) if item.get("remedy") else ""
    return "{}: {}{}".format(item.get("what"), item.get("why"), remedy)


def _blind_spot(spot: Mapping[str, Any]) -> str:
    where = " in {}".format(spot["where"]) if spot.get("where") else ""
    return "{}{}: {}".format(spot.get("what"), where, spot.get("why"))
