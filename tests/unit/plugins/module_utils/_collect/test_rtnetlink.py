# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Links and queueing disciplines of a namespace with a bridge, a veth to another namespace, tbf and clsact."""

from __future__ import annotations

from pathlib import Path

from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink_message import (
    attribute,
    iter_bodies,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import parse_links, parse_qdiscs

RECORDED = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/netlink"


def test_links() -> None:
    links = {link.name: link for link in parse_links(iter_bodies((RECORDED / "links.bin").read_bytes()))}
    assert sorted(links) == ["br0", "lo", "v0"]
    veth = links["v0"]
    assert (veth.kind, veth.slave_kind, veth.master) == ("veth", "bridge", links["br0"].ifindex)
    assert (veth.link, veth.link_netnsid, veth.mtu) == (2, 0, 1500)
    assert (links["lo"].kind, links["lo"].mac, links["lo"].link_netnsid) == ("", "00:00:00:00:00:00", None)
    assert links["lo"].stats64["rx_packets"] == 300
    assert "rx_otherhost_dropped" in veth.stats64
    assert (veth.xdp_mode, veth.xdp_prog_id) == (None, None)


def test_an_attached_xdp_program() -> None:
    xdp = attribute(2, b"\x02") + attribute(4, (77).to_bytes(4, "little"))
    body = bytes(16) + attribute(3, b"eth7\0") + attribute(43, xdp)
    [link] = parse_links([(16, memoryview(body))])
    assert (link.name, link.xdp_mode, link.xdp_prog_id) == ("eth7", "generic", 77)


def test_qdiscs() -> None:
    qdiscs = parse_qdiscs(iter_bodies((RECORDED / "qdiscs.bin").read_bytes()))
    assert [(q.kind, q.handle, q.parent) for q in qdiscs] == [
        ("noqueue", "0:", "root"),
        ("tbf", "8001:", "root"),
        ("clsact", "ffff:", "ingress"),
    ]
