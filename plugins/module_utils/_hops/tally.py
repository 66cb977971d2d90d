# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a host took in, passed on and lost within a window, as its neighbours on a path need to know it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import settings
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import EVENTS, LOSS, REFUSED
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.ledger import total
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import collect_findings
from ansible_collections.rxpath.linux.plugins.module_utils._hops.place import UNACCOUNTED

QDISC = "qdisc.drop"
SOFTNET = ("softnet.backlog_overflow", "softnet.flow_limit")
# What a socket's own count of drops holds as well.
AT_SOCKETS = (
    "udp.checksum_errors",
    "udp.memory_limit",
    "udp.socket_filter",
    "udp.no_listener",
    "socket.receive_buffer_overflow",
)
# Disciplines that only hold filters of what comes in.
_INGRESS = ("ingress", "clsact")


class Loss(NamedTuple):
    """Packets that a host's counters say it lost: where (a finding's id), how many, and what tells of it."""

    finding: str
    packets: int
    evidence: str
    refused: bool

    @property
    def leaving(self) -> bool:
        """Tell whether they were on their way out."""
        return self.finding == QDISC


class Tally(NamedTuple):
    """One host over its window; all numbers are packets or datagrams, ``seconds`` is the length of the window.

    ``vanished``: what IP of the host's own namespace took in and neither delivered nor counted as lost.
    """

    host: str
    seconds: float
    nic_in: int
    nic_out: int
    ip_in: int
    ip_out: int
    forwarded: int
    read: int
    sent: int
    losses: tuple[Loss, ...]
    vanished: int = 0

    @property
    def lost_inside(self) -> int:
        """Return what was lost after it had arrived at the host and before a process read it or it was forwarded."""
        return sum(loss.packets for loss in self.losses if not loss.leaving)

    @property
    def forwards(self) -> bool:
        """Tell whether it is the kernel that passes datagrams on, not a process."""
        return self.forwarded > self.sent

    @property
    def taken(self) -> int:
        """Return the datagrams that came through to where they are passed on: to processes, or to forwarding."""
        return self.forwarded if self.forwards else self.read

    @property
    def passed_on(self) -> int:
        """Return the datagrams that were sent on towards the next hop, by processes or by the kernel."""
        return self.forwarded if self.forwards else self.sent

    def document(self) -> dict[str, Any]:
        """Return the host's part of the report."""
        return {
            "seconds": self.seconds,
            "nic": {"in": self.nic_in, "out": self.nic_out},
            "ip": {"in": self.ip_in, "out": self.ip_out, "forwarded": self.forwarded},
            "udp": {"read": self.read, "sent": self.sent},
            "losses": [
                {"finding": loss.finding, "packets": loss.packets, "evidence": loss.evidence} for loss in self.losses
            ],
        }


def tally(host: str, sample: Mapping[str, Any]) -> Tally:
    """Return what a sample document says of a host."""
    namespaces = sample.get("namespaces") or []
    counters: list[Mapping[str, Any]] = [one.get("counters") or {} for one in namespaces]
    counters.append((sample.get("rest") or {}).get("counters") or {})
    own = counters[0]
    nics = [device for device in (namespaces[0].get("devices") or [] if namespaces else []) if _carries(device)]
    findings = collect_findings(sample, settings.merge({}))
    return Tally(
        host=host,
        seconds=float(sample["window"]["seconds"]),
        nic_in=sum(total(device["statistics"], "rx_packets") for device in nics),
        nic_out=sum(total(device["statistics"], "tx_packets") for device in nics),
        ip_in=total(own, "Ip.InReceives", "Ip6.InReceives"),
        ip_out=total(own, "Ip.OutRequests", "Ip6.OutRequests"),
        forwarded=total(own, "Ip.ForwDatagrams", "Ip6.OutForwDatagrams"),
        read=sum(total(one, "Udp.InDatagrams", "Udp6.InDatagrams") for one in counters),
        sent=sum(total(one, "Udp.OutDatagrams", "Udp6.OutDatagrams") for one in counters),
        losses=tuple(_losses(sample, findings)),
        vanished=sum(
            int(one["delta"])
            for one in findings
            if one["finding"] == UNACCOUNTED and one["namespace"]["name"] == namespaces[0]["name"]
        ),
    )


def _carries(device: Mapping[str, Any]) -> bool:
    """Tell whether a device is an end of a wire: what is stacked on others would count their packets again."""
    return device.get("name") != "lo" and device.get("kind") in (None, "", "veth", "netdevsim")


def _losses(sample: Mapping[str, Any], findings: Sequence[Mapping[str, Any]]) -> list[Loss]:
    # Softnet is the machine's: what its backlogs refused on the way to another machine's namespaces (a host that is
    # itself a container, a test bed) does not show on this host's devices.
    devices = sum(
        total(device.get("statistics") or {}, "rx_dropped")
        for namespace in sample.get("namespaces") or []
        for device in namespace.get("devices") or []
    )
    found = []
    for one in findings:
        if one["class"] not in (LOSS, REFUSED) or one["pending"] or one["unit"] == EVENTS:
            continue
        if one["finding"] == QDISC:
            # The diagnosis is of the receive path, and tells of disciplines that lead to a pod alone.
            continue
        packets = int(one["delta"])
        if one["finding"] in SOFTNET:
            packets = min(packets, devices)
            devices -= packets
        if packets > 0:
            evidence = one["evidence"][0] if one["evidence"] else one["finding"]
            found.append(Loss(one["finding"], packets, evidence, one["class"] == REFUSED))
    return found + _leaving(sample)


def _leaving(sample: Mapping[str, Any]) -> list[Loss]:
    """Return what queueing disciplines dropped of what was to leave by a device."""
    found = []
    for namespace in sample.get("namespaces") or []:
        for device in namespace.get("devices") or []:
            queues = [one for one in device.get("qdiscs") or [] if one.get("kind") not in _INGRESS]
            # A classful discipline counts a packet that its child dropped as well: the largest count is the loss.
            worst = max(queues, key=lambda one: int(one.get("drops") or 0), default=None)
            lost = int(worst.get("drops") or 0) if worst else 0
            if worst and lost:
                evidence = "%s on %s of %s dropped %d packets" % (
                    worst.get("kind"),
                    device.get("name"),
                    namespace.get("name"),
                    lost,
                )
                found.append(Loss(QDISC, lost, evidence, refused=False))
    return found
