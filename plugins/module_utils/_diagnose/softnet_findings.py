# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings of the per-CPU backlog (softnet), which is one for the machine, whatever the namespace."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.backlog_advice import longer
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import PACKETS, Where, advise, finding
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import total

Finding = dict[str, Any]


def findings(sample: Mapping[str, Any], host: Where, settings: Mapping[str, Any]) -> list[Finding]:
    """Return what the backlog lost, the flow limit's part told apart, and a CPU that does all the work."""
    thresholds = settings["thresholds"]
    rows = sample.get("softnet") or []
    seconds = float(sample["window"]["seconds"])
    dropped = sum(int(row.get("dropped") or 0) for row in rows)
    limited = min(dropped, sum(int(row.get("flow_limit") or 0) for row in rows))
    processed = sum(int(row.get("processed") or 0) for row in rows)
    found: list[Finding] = []
    if dropped - limited > 0:
        found.append(_backlog(sample, host, dropped - limited, processed + dropped, settings))
    if limited > 0:
        found.append(
            _flow_limit(sample, _where(_victims(sample), sample) or host, limited, processed + dropped, seconds)
        )
    hot = _hot_cpu(sample, host, thresholds, seconds)
    return found + ([hot] if hot else [])


def _backlog(sample: Mapping[str, Any], host: Where, lost: int, arrived: int, settings: Mapping[str, Any]) -> Finding:
    rows = [row for row in sample.get("softnet") or [] if (row.get("dropped") or 0) > 0]
    worst = max(rows, key=lambda row: int(row["dropped"]))
    busy = {row["cpu"]: float(row.get("softirq_share") or 0.0) for row in sample.get("cpus") or []}
    saturated = busy.get(worst["cpu"], 0.0) >= settings["thresholds"]["hot_cpu_softirq_share"]
    victims = _victims(sample)
    steered = _steered_to(sample, [int(row["cpu"]) for row in rows])
    if not steered and any(row.get("received_rps") for row in rows):
        # The masks of a device in a pod are not to be read from outside, but the wake-ups of another CPU tell.
        steered = ["a device"]
    limit = sample["limits"].get("netdev_max_backlog")
    held = "" if limit is None else f" at netdev_max_backlog = {limit}"
    evidence = [
        "the backlog of CPU {} refused {} packets{}".format(
            ", ".join(str(row["cpu"]) for row in rows[:8]), numbers.count(lost), held
        )
    ]
    evidence += [
        f"{name} of namespace {space} shows the same loss as rx_dropped +{numbers.count(count)}"
        for space, name, count in victims[:3]
    ]
    if saturated:
        evidence.append(
            "CPU {} spent {} of the window in softirq".format(worst["cpu"], numbers.share(busy[worst["cpu"]]))
        )
    advice = []
    if steered:
        evidence.append("RPS of {} sends packets to that backlog".format(", ".join(steered[:3])))
        advice.append(
            advise(
                "widen or switch off RPS (rps_cpus) of {}".format(", ".join(steered[:3])),
                None,
                None,
                True,
                "RPS puts packets into the backlog of one CPU; a device with queues enough does not need it",
            )
        )
    advice.append(longer(sample, rows, saturated, settings))
    advice.append(advise("a larger receive_buffer", None, None, False, "they were lost before any socket"))
    return finding(
        "softnet.backlog_overflow",
        _where(victims, sample) or host,
        lost,
        unit=PACKETS,
        seconds=float(sample["window"]["seconds"]),
        arrived=arrived,
        interface=victims[0][1] if len(victims) == 1 else None,
        cpu=int(worst["cpu"]) if len(rows) == 1 else None,
        causes=["slow_consumer" if saturated else "arrival_burst"],
        evidence=evidence,
        advice=advice,
    )


def _flow_limit(sample: Mapping[str, Any], host: Where, limited: int, arrived: int, seconds: float) -> Finding:
    return finding(
        "softnet.flow_limit",
        host,
        limited,
        unit=PACKETS,
        seconds=seconds,
        arrived=arrived,
        evidence=[
            (
                f"flow_limit_count +{numbers.count(limited)}: one flow held more than its part of a backlog"
                " that was half full, so its packets"
                " were refused to let others through"
            )
        ],
        advice=[
            advise(
                "take the CPU out of net.core.flow_limit_cpu_bitmap, if that one flow is the service",
                sample["limits"].get("flow_limit_cpu_bitmap"),
                None,
                True,
                "the limit is a policy against a single heavy flow",
            ),
            advise("a larger receive_buffer", None, None, False, "they were lost before any socket"),
        ],
    )


def _victims(sample: Mapping[str, Any]) -> list[tuple[str, str, int]]:
    """Return (namespace, device, packets) of devices whose rx_dropped rose: softnet's drops are counted there too."""
    found = []
    for namespace in sample.get("namespaces") or []:
        for device in namespace.get("devices") or []:
            count = total(device.get("statistics") or {}, "rx_dropped")
            if count:
                found.append((str(namespace["name"]), str(device.get("name")), count))
    return sorted(found, key=lambda row: -row[2])


def _where(victims: list[tuple[str, str, int]], sample: Mapping[str, Any]) -> Where | None:
    if not victims or (len(victims) > 1 and victims[1][2] * 4 > victims[0][2]):
        return None
    for namespace in sample["namespaces"]:
        if namespace["name"] == victims[0][0]:
            return Where(namespace["name"], namespace.get("inode"), namespace.get("container"))
    return None


def _steered_to(sample: Mapping[str, Any], cpus: list[int]) -> list[str]:
    """Return the devices whose RPS mask holds one of the CPUs."""
    return [
        "{} ({})".format(device.get("name"), namespace["name"])
        for namespace in sample.get("namespaces") or []
        for device in namespace.get("devices") or []
        if set(device.get("rps_cpus") or []) & set(cpus)
    ]


def _hot_cpu(sample: Mapping[str, Any], host: Where, thresholds: Mapping[str, float], seconds: float) -> Finding | None:
    rows = sample.get("softnet") or []
    counts = [int(row.get("processed") or 0) for row in rows]
    if len(counts) < 2 or sum(counts) < 1000:
        return None
    top = max(range(len(counts)), key=lambda index: counts[index])
    cpu = int(rows[top]["cpu"])
    ratio = counts[top] / (sum(counts) / len(counts))
    softirq = next((float(row.get("softirq_share") or 0) for row in sample.get("cpus") or [] if row["cpu"] == cpu), 0.0)
    # On two CPUs the ratio cannot exceed two: nine tenths of all packets on one of them says the same.
    hot = ratio >= min(thresholds["hot_cpu_ratio"], 0.9 * len(counts))
    if not hot or softirq < thresholds["hot_cpu_softirq_share"]:
        return None
    return finding(
        "softnet.hot_cpu",
        host,
        counts[top],
        unit=PACKETS,
        seconds=seconds,
        cpu=cpu,
        evidence=[
            (
                f"CPU {cpu} took {ratio:.1f} times the mean of the packets"
                f" and spent {numbers.share(softirq)} of the window in softirq"
            )
        ],
        advice=[
            advise(
                (
                    "spread the work: more channels, sdfn hash fields for UDP, or RPS where there are fewer"
                    " queues than CPUs"
                ),
                None,
                None,
                True,
                "a single flow cannot be spread by a hash",
            )
        ],
    )
