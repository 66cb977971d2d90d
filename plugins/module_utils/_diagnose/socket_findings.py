# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Findings at the socket: receive-buffer overflow, pending overflow, reuse-port imbalance."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import analysis as analyses
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import (
    attribution,
    buffer_advice,
    causes,
    consumer_advice,
    forwarding,
    numbers,
)
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.buffers import mean_payload
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import BOUND, EXACT, Where, finding
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import Ledger
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.restarts import join, unit_of
from ansible_collections.rxpath.linux.plugins.module_utils._sample.pending import seconds_to_overflow

Finding = dict[str, Any]
Socket = Mapping[str, Any]

# IP packets larger than this on a network of 1500-byte links were merged by the receive offload.
_MERGED_PAYLOAD = 1600
_LOOPBACK_MTU = 16000


def overflow(
    namespace: Mapping[str, Any], where: Where, ledger: Ledger, sample: Mapping[str, Any], settings: Mapping[str, Any]
) -> list[Finding]:
    """Return the overflow of a namespace's sockets with its causes, and an imbalance beside it."""
    if ledger.overflow <= 0:
        return _pending(namespace, where, ledger, sample, settings)
    losers = sorted(_losers(namespace, ledger), key=lambda socket: -(socket.get("drops") or 0))
    active, because = attribution.alone(namespace, losers)
    looked = [
        (socket, analyses.analyse(socket, namespace, sample, settings, active, because)) for socket in losers[:20]
    ]
    explained = min(ledger.overflow, sum(int(socket.get("drops") or 0) for socket in losers))
    certainty, doubts = _certainty(namespace)
    evidence = [
        (
            f"RcvbufErrors rose by {numbers.count(ledger.overflow)} while {numbers.count(ledger.read)} datagrams"
            " were read in this namespace"
        )
    ]
    evidence += doubts
    advice: list[dict[str, Any]] = []
    for socket, analysis in looked[:3]:
        evidence += _socket_evidence(socket, analysis, sample)
        evidence += [because] if active and because else []
        advice += _socket_advice(socket, analysis, sample, where)
    for socket, analysis in looked[3:]:
        join(advice, _socket_advice(socket, analysis, sample, where))
    chain = _merge_causes(looked)
    moved = None
    if causes.SLOW_CONSUMER in chain:
        evidence += forwarding.evidence(namespace, ledger, sample, losers[:3])
        moved = forwarding.traffic(namespace, ledger)
    if explained < ledger.overflow:
        evidence.append(_rest(namespace, ledger.overflow - explained))
    findings = [
        finding(
            "socket.receive_buffer_overflow",
            where,
            ledger.overflow,
            certainty=certainty,
            seconds=float(sample["window"]["seconds"]),
            arrived=ledger.arrived,
            causes=chain,
            sockets=[_entry(socket, sample, analysis) for socket, analysis in looked],
            evidence=evidence,
            advice=advice,
            traffic=moved,
        )
    ]
    imbalance = _imbalance(namespace, where, losers, sample, settings)
    return findings + ([imbalance] if imbalance else [])


def _losers(namespace: Mapping[str, Any], ledger: Ledger) -> list[Socket]:
    """Return the sockets that lost; where other drops happened too, those that were never near full are left out."""
    losers = [socket for socket in namespace.get("sockets") or [] if (socket.get("drops") or 0) > 0]
    if ledger.checksum + ledger.other + ledger.memory + ledger.silent <= 0:
        return losers
    full = [s for s in losers if (s.get("queue_max") or 0) >= 0.5 * float(s.get("receive_buffer") or 1)]
    return full or losers


def _certainty(namespace: Mapping[str, Any]) -> tuple[str, list[str]]:
    """Return how far the count can be trusted as datagrams, and why not further."""
    doubts = []
    payload = mean_payload(namespace.get("counters") or {})
    # Not loopback's 65536: what is merged is merged on its way in from a network.
    mtus = [int(device.get("mtu") or 0) for device in namespace.get("devices") or []]
    largest = max([mtu for mtu in mtus if mtu < _LOOPBACK_MTU] + [_MERGED_PAYLOAD])
    fragments = (namespace.get("counters") or {}).get("Ip.ReasmReqds") or 0
    if payload and payload > largest and not fragments:
        doubts.append(
            f"packets of {numbers.count(payload)} bytes on average: merged by receive offload (GRO); with"
            " UDP_GRO one counted drop may be"
            " several datagrams"
        )
    if (namespace.get("traits") or {}).get("tunnels"):
        doubts.append("a tunnel ends in this namespace: a datagram can be counted as outer and as inner one")
    return (BOUND if doubts else EXACT), doubts


def _merge_causes(looked: list[tuple[Socket, analyses.Analysis]]) -> list[str]:
    """Order the causes of several sockets by the datagrams that each explains."""
    weights: dict[str, float] = {}
    for socket, analysis in looked:
        for cause in analysis.verdict.causes:
            part = analysis.verdict.shares.get(cause, 1.0) * float(socket.get("drops") or 1)
            weights[cause] = weights.get(cause, 0.0) + part
    total = sum(weights.values())
    return [cause for cause in sorted(weights, key=lambda name: -weights[name]) if weights[cause] >= 0.1 * total]


def _socket_evidence(socket: Socket, analysis: analyses.Analysis, sample: Mapping[str, Any]) -> list[str]:
    named = "{} ({})".format(socket.get("local"), _owner(socket))
    said = ["{} lost {}; {}".format(named, numbers.count(socket.get("drops") or 0), _origin(socket, sample))]
    return said + consumer_advice.evidence(analysis)


def _origin(socket: Socket, sample: Mapping[str, Any]) -> str:
    return buffer_advice.origin_sentence(socket, sample["limits"])


def _owner(socket: Socket) -> str:
    if socket.get("kernel_owned"):
        return "held by the kernel"
    if socket.get("process"):
        return "{}, pid {}".format(socket["process"], socket.get("pid"))
    return "owner unknown"


def _socket_advice(
    socket: Socket, analysis: analyses.Analysis, sample: Mapping[str, Any], where: Where
) -> list[dict[str, Any]]:
    if causes.SLOW_CONSUMER in analysis.verdict.causes:
        return consumer_advice.slow_consumer(socket, analysis)
    advice: list[dict[str, Any]] = []
    if analysis.needed_buffer:
        need = buffer_advice.need_of(
            analysis.needed_buffer,
            analysis.truesize,
            int(socket.get("drops") or 0),
            float(sample["window"]["seconds"]),
        )
        advice += buffer_advice.enlarge(socket, sample["limits"], need, where.name != "host")
    if causes.READER_STALL in analysis.verdict.causes:
        advice += consumer_advice.stall(socket, analysis)
    return advice


def _rest(namespace: Mapping[str, Any], rest: int) -> str:
    summary = namespace.get("socket_summary") or {}
    closed = int(summary.get("closed") or 0)
    why = f"{closed} socket{'' if closed == 1 else 's'} closed in the window and took the count along"
    if not closed:
        why = "the sockets that lost them closed, or the count was read at another moment"
    return f"{numbers.count(rest)} of these no living socket explains: {why}"


def _entry(socket: Socket, sample: Mapping[str, Any], analysis: analyses.Analysis | None) -> dict[str, Any]:
    """Return a socket as a finding shows it."""
    size = float(socket.get("receive_buffer") or 0)
    entry = {
        "protocol": socket.get("protocol") or "udp",
        "local": socket.get("local"),
        "remote": socket.get("remote") or None,
        "inode": socket.get("inode"),
        "process": socket.get("process"),
        "pid": socket.get("pid"),
        "container": socket.get("container"),
        "unit": unit_of(socket),
        "kernel_owned": bool(socket.get("kernel_owned")),
        "closed": bool(socket.get("closed")),
        "receive_buffer": socket.get("receive_buffer"),
        "receive_buffer_origin": buffer_advice.origin(socket, sample["limits"]),
        "drops": socket.get("drops") or 0,
        "queue_share": round((socket.get("queue_max") or 0) / size, 4) if size else None,
    }
    if analysis is not None:
        entry.update(analyses.rates(analysis))
    traffic = forwarding.traffic_of(socket.get("pid"), sample)
    if traffic is not None:
        entry["traffic"] = {name: traffic[name] for name in ("reads", "read_bytes", "sends", "sent_bytes")}
    return entry


def _imbalance(
    namespace: Mapping[str, Any],
    where: Where,
    losers: list[Socket],
    sample: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> Finding | None:
    """Return the reuse-port group in which one socket has nearly all the drops."""
    for loser in losers:
        group = loser.get("reuseport_group")
        if not group:
            continue
        members = [socket for socket in namespace.get("sockets") or [] if socket.get("reuseport_group") == group]
        lost = sum(int(socket.get("drops") or 0) for socket in members)
        most = int(loser.get("drops") or 0)
        if most < settings["thresholds"]["reuseport_share"] * lost:
            continue
        return finding(
            "socket.reuseport_imbalance",
            where,
            most,
            seconds=float(sample["window"]["seconds"]),
            sockets=[_entry(loser, sample, None)],
            evidence=[
                "one socket of the SO_REUSEPORT group on {} has {} of its {} drops: a worker that does not read, or one"
                " heavy flow, since the hash keeps a flow on one socket".format(
                    loser.get("local"), numbers.count(most), numbers.count(lost)
                )
            ],
        )
    return None


def _pending(
    namespace: Mapping[str, Any], where: Where, ledger: Ledger, sample: Mapping[str, Any], settings: Mapping[str, Any]
) -> list[Finding]:
    """Return the overflow that is about to come: a queue that grew through the whole window."""
    times = (namespace.get("series") or {}).get("t") or []
    found = []
    for socket in namespace.get("sockets") or []:
        memory = (socket.get("series") or {}).get("memory") or []
        left = seconds_to_overflow(
            times, memory, int(socket.get("receive_buffer") or 0), float(settings["max_extension"])
        )
        if left is None:
            continue
        active, because = attribution.alone(namespace, [socket])
        analysis = analyses.analyse(socket, namespace, sample, settings, active, because)
        evidence = [
            "nothing is lost yet, but the queue of {} ({}) grew through the whole window and stands at {} of"
            " its buffer;"
            " at this pace it overflows in {}".format(
                socket.get("local"),
                _owner(socket),
                numbers.share((socket.get("queue_end") or 0) / float(socket.get("receive_buffer") or 1)),
                numbers.duration(left),
            ),
            _origin(socket, sample),
        ]
        slow = analysis._replace(verdict=causes.Verdict([causes.SLOW_CONSUMER], {causes.SLOW_CONSUMER: 1.0}, False))
        entry = _entry(socket, sample, slow)
        entry["seconds_to_overflow"] = round(left, 2)
        found.append(
            finding(
                "socket.receive_buffer_overflow",
                where,
                0,
                seconds=float(sample["window"]["seconds"]),
                causes=[causes.SLOW_CONSUMER],
                sockets=[entry],
                evidence=evidence
                + consumer_advice.evidence(slow)
                + ([because] if active and because else [])
                + forwarding.evidence(namespace, ledger, sample, [socket]),
                advice=consumer_advice.slow_consumer(socket, slow),
                pending=True,
                traffic=forwarding.traffic(namespace, ledger),
            )
        )
    return found
