# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings at a device: ring, port, XDP, traffic control at ingress, the queueing discipline towards a pod."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import numbers
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import (
    BOUND,
    EVENTS,
    EXACT,
    PACKETS,
    Where,
    advise,
    finding,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import total

Finding = dict[str, Any]
Device = Mapping[str, Any]

# The namespace whose devices the facts and the modules know.
_HOST = "host"
_INGRESS = ("ingress", "clsact")
_VIRTUAL = (
    "veth",
    "bridge",
    "tun",
    "tap",
    "dummy",
    "ifb",
    "vxlan",
    "loopback",
    "bond",
    "team",
    "vlan",
    "macvlan",
    "ipvlan",
)


def findings(namespace: Mapping[str, Any], where: Where, sample: Mapping[str, Any]) -> list[Finding]:
    """Return what the devices of one namespace lost."""
    seconds = float(sample["window"]["seconds"])
    found: list[Finding] = []
    for device in namespace.get("devices") or []:
        if device.get("recreated"):
            continue
        found += _nic(device, where, seconds, sample)
        found += _xdp(device, where, seconds)
        found += _traffic_control(device, where, seconds)
    return found


class Lost(NamedTuple):
    """What a class of a driver's counters adds up to, and the counters by name."""

    number: int
    unit: str
    named: str


def _classified(device: Device, name: str) -> Lost:
    """Return what a class of driver counters lost; the driver's overlaps are taken out already."""
    rows = [(str(counter), int(value)) for counter, value in (device.get("classified") or {}).get(name) or [] if value]
    named = ", ".join(f"{counter} +{numbers.count(value)}" for counter, value in rows[:6])
    losses = (device.get("losses") or {}).get(name) or {}
    packets, events = int(losses.get("packets") or 0), int(losses.get("events") or 0)
    return Lost(packets, PACKETS, named) if packets else Lost(events, EVENTS, named)


def _nic(device: Device, where: Where, seconds: float, sample: Mapping[str, Any]) -> list[Finding]:
    if device.get("kind") in _VIRTUAL:
        return []
    statistics: Mapping[str, Any] = device.get("statistics") or {}
    received = total(statistics, "rx_packets")
    name = str(device.get("name"))
    found = []
    errors = _classified(device, "link_error")
    if not errors.number:
        failed = total(statistics, "rx_errors")
        errors = Lost(failed, PACKETS, f"rx_errors +{numbers.count(failed)}")
    if errors.number:
        found.append(_link_errors(name, errors, where, seconds, received))
    lost, certainty = _classified(device, "ring_full"), EXACT if device.get("classified_by") == "driver" else BOUND
    if not lost.number:
        # The standard counter for it (Documentation/networking/statistics.rst), for drivers that fill it.
        missed = total(statistics, "rx_missed_errors")
        lost, certainty = Lost(missed, PACKETS, f"rx_missed_errors +{numbers.count(missed)}"), EXACT
    if not lost.number:
        lost, certainty = _classified(device, "driver_drop"), BOUND
    if lost.number:
        found.append(_ring(device, lost, certainty, where, seconds, received, sample))
    outside = _classified(device, "outside_host")
    if outside.number:
        found.append(_outside(name, outside, where, seconds, received))
    return found


def _link_errors(name: str, errors: Lost, where: Where, seconds: float, received: int) -> Finding:
    return finding(
        "nic.link_errors",
        where,
        errors.number,
        unit=errors.unit,
        certainty=BOUND,
        seconds=seconds,
        arrived=received + errors.number,
        interface=name,
        evidence=[f"{name}: {errors.named}: frames arrived damaged"],
        advice=[
            advise(f"look at cable, transceiver and switch port of {name}", None, None, True, "frames arrive damaged"),
            advise("a larger ring or receive_buffer", None, None, False, "the frames were damaged on the wire"),
        ],
    )


def _ring(
    device: Device,
    lost: Lost,
    certainty: str,
    where: Where,
    seconds: float,
    received: int,
    sample: Mapping[str, Any],
) -> Finding:
    name = str(device.get("name"))
    hot = [row for row in sample.get("cpus") or [] if (row.get("softirq_share") or 0) >= 0.9]
    squeezed = sum(int(row.get("time_squeeze") or 0) for row in sample.get("softnet") or [])
    ring, largest = _ring_sizes(name, sample)
    evidence = [f"{name}: {lost.named}: the device had no buffer posted when frames came"]
    advice = []
    if hot:
        evidence.append(
            "CPU {} spent over 90 % of the window in softirq".format(", ".join(str(row["cpu"]) for row in hot))
        )
        why = "one CPU cannot empty the ring as fast as it fills; more queues on more CPUs can"
        advice.append(
            advise(
                f"spread the queues of {name} over more CPUs (channels, IRQ affinity, hash fields)",
                None,
                None,
                True,
                why,
            )
        )
        advice.append(
            advise("a larger ring", ring, largest, False, "it fills a moment later: the CPU is busy all the time")
        )
    else:
        room = largest is None or ring is None or ring < largest
        why = "no CPU was busy all the time: the ring must hold a burst until the CPU comes to it"
        if not room:
            why = "it is at the driver's maximum already"
        request = None
        if room and ring and largest and where.name == _HOST:
            request = {"family": "nic_ring", "interface": name, "rx": "max"}
            why += f", and one of {numbers.count(largest)} holds {numbers.count(largest - ring)} frames more"
        pace = lost.number / seconds if request and lost.unit == PACKETS and seconds > 0 else 0.0
        fill = largest / pace if request and largest and pace else None
        said = f"enlarge the receive ring of {name}"
        advice.append(advise(said, ring, largest, room, why, knob=request, fill_seconds=fill))
    if squeezed:
        evidence.append(f"time_squeeze +{numbers.count(squeezed)}: the softirq ended with work left")
        why = "beside ring loss, work left over when the budget ended delays emptying the ring"
        advice.append(advise("raise net.core.netdev_budget", sample["limits"].get("netdev_budget"), None, True, why))
    advice.append(advise("a larger receive_buffer", None, None, False, "they were lost before any socket"))
    return finding(
        "nic.ring_overflow",
        where,
        lost.number,
        unit=lost.unit,
        certainty=certainty,
        seconds=seconds,
        arrived=received + lost.number,
        interface=name,
        causes=["slow_consumer" if hot else "arrival_burst"],
        evidence=evidence,
        advice=advice,
    )


def _ring_sizes(name: str, sample: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return a device's ring and its driver's maximum, as far as the facts hold them."""
    facts = (sample.get("facts") or {}).get("interfaces") or {}
    ring = (facts.get(name) or {}).get("ring") if isinstance(facts, dict) else None
    if not isinstance(ring, dict):
        return None, None
    return ring.get("rx"), ring.get("rx_max")


def _outside(name: str, lost: Lost, where: Where, seconds: float, received: int) -> Finding:
    return finding(
        "nic.outside_host",
        where,
        lost.number,
        unit=lost.unit,
        certainty=BOUND,
        seconds=seconds,
        arrived=received + lost.number,
        interface=name,
        evidence=[
            (
                f"{name}: {lost.named}: lost or queued before the host had a say (port buffer, PCIe, pause frames, a"
                " cloud's allowance)"
            )
        ],
        advice=[
            advise(
                "look at the instance's size, the switch and PCIe",
                None,
                None,
                True,
                "no sysctl of this host reaches there",
            ),
            advise(
                "a larger ring, backlog or receive_buffer", None, None, False, "the loss is in front of all of them"
            ),
        ],
    )


def _xdp(device: Device, where: Where, seconds: float) -> list[Finding]:
    dropped = _classified(device, "xdp_drop")
    if not dropped.number:
        return []
    name = str(device.get("name"))
    program = device.get("xdp") or {}
    return [
        finding(
            "nic.xdp_drop",
            where,
            dropped.number,
            unit=dropped.unit,
            seconds=seconds,
            arrived=None,
            interface=name,
            evidence=[
                "{}: {} by the XDP program (id {})".format(name, dropped.named, program.get("prog_id", "unknown"))
            ],
            advice=[
                advise(f"ask the owner of the XDP program on {name}", None, None, True, "it dropped them on purpose"),
                advise("a larger receive_buffer", None, None, False, "they never reached the network stack"),
            ],
        )
    ]


def _traffic_control(device: Device, where: Where, seconds: float) -> list[Finding]:
    name = str(device.get("name"))
    found = []
    ingress = sum(int(q.get("drops") or 0) for q in device.get("qdiscs") or [] if q.get("kind") in _INGRESS)
    if ingress:
        found.append(
            finding(
                "tc.drop",
                where,
                ingress,
                unit=PACKETS,
                seconds=seconds,
                interface=name,
                evidence=[f"a filter at the ingress of {name} dropped {numbers.count(ingress)} packets"],
                advice=[
                    advise(
                        f"tc filter show dev {name} ingress: find the filter's owner",
                        None,
                        None,
                        True,
                        "it dropped them",
                    ),
                    advise("a larger receive_buffer", None, None, False, "they were lost at the device"),
                ],
            )
        )
    # Only what leads to a pod lies on a receive path: the host's end of a veth, or an ifb that shapes what came in.
    if device.get("kind") not in ("veth", "ifb"):
        return found
    queues = [q for q in device.get("qdiscs") or [] if q.get("kind") not in _INGRESS]
    # A classful discipline counts a packet that its child dropped as well: the largest count is the loss.
    worst = max(queues, key=lambda q: int(q.get("drops") or 0), default=None)
    if worst is not None and int(worst.get("drops") or 0) > 0:
        lost = int(worst["drops"])
        found.append(
            finding(
                "qdisc.drop",
                where,
                lost,
                unit=PACKETS,
                certainty=EXACT,
                seconds=seconds,
                arrived=lost + int(worst.get("packets") or 0),
                interface=name,
                evidence=[
                    (
                        "{} on {} dropped {} packets on the way to the pod behind it; the pod's own counters stay clean"
                    ).format(worst.get("kind"), name, numbers.count(lost))
                ],
                advice=[
                    advise(
                        "raise the rate or the limit of {} on {} (a pod's bandwidth limit works so)".format(
                            worst.get("kind"), name
                        ),
                        None,
                        None,
                        True,
                        "it shapes what enters the pod",
                    ),
                    advise("a larger receive_buffer", None, None, False, "they never reached the pod"),
                ],
            )
        )
    return found
