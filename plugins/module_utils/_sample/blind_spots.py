# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What has no counter anywhere, named where the host has such a thing."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import Link
from ansible_collections.rxpath.linux.plugins.module_utils._sample.names import clean
from ansible_collections.rxpath.linux.plugins.module_utils._sample.watch import Watch

_WIREGUARD = "a datagram that finds the queue of its WireGuard peer full is counted nowhere"
_NETDEV = "what nftables drops at the netdev hook is in no counter of the network stack"
_XDP = "what an XDP program drops is counted by the driver at best; in generic mode nowhere"
_TUN = "what the process behind a tun or tap device fails to read shows as the device's tx_dropped at best"
_AF_XDP = "datagrams that an XDP program hands to AF_XDP sockets bypass every counter of UDP"


def blind_spots(watches: list[Watch]) -> list[dict[str, str]]:
    """Return the ``blind_spots`` of the sample document; the same thing in many namespaces is one entry."""
    places: dict[tuple[str, str], list[str]] = {}
    for watch in watches:
        reading = watch.end or watch.start
        for link in reading.links:
            for what, why in _of_link(link):
                places.setdefault((what, why), []).append("%s of %s" % (clean(link.name), watch.owner.name))
        for chain in reading.nft.chains if reading.nft else []:
            if chain.family == "netdev" and chain.hook is not None:
                where = "%s %s of %s" % (clean(chain.table), clean(chain.name), watch.owner.name)
                places.setdefault(("nftables netdev hook", _NETDEV), []).append(where)
        if reading.af_xdp:
            places.setdefault(("AF_XDP sockets", _AF_XDP), []).append(watch.owner.name)
    return [_entry(what, why, where) for (what, why), where in places.items()]


def _of_link(link: Link) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    if link.kind == "wireguard":
        found.append(("WireGuard", _WIREGUARD))
    if link.kind == "tun":
        found.append(("tun or tap device", _TUN))
    if link.xdp_mode is not None:
        found.append(("XDP program (%s)" % link.xdp_mode, _XDP))
    return found


def _entry(what: str, why: str, places: list[str]) -> dict[str, Any]:
    more = " and %d more" % (len(places) - 5) if len(places) > 5 else ""
    return {"what": what, "where": ", ".join(places[:5]) + more, "why": why}
