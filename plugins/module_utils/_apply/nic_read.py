# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the plans of the NIC families need to know of a device."""

from __future__ import annotations

from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._apply.device import require_interface
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.ethtool_write import EthtoolWriter
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_request import asking, driver_name
from ansible_collections.rxpath.linux.plugins.module_utils._apply.nic_values import number
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rss_table import read_spread, rx_queues
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool_netlink import (
    rx_buffer_length,
    settable_coalesce,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.netlink import NetlinkError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.rtnetlink import dump_links, open_rtnetlink
from ansible_collections.rxpath.linux.plugins.module_utils._collect.xdp_diag import bound_queues
from ansible_collections.rxpath.linux.plugins.module_utils._facts.cpus import cpu_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.hardware import link_facts
from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader
from ansible_collections.rxpath.linux.plugins.module_utils._facts.stacking import below, kind_of
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_channels import ChannelState, local_cores
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_coalesce import CoalesceState
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_ring import RingState, buffer_bytes
from ansible_collections.rxpath.linux.plugins.module_utils._plan.nic_rss import FLOWS, RssState
from ansible_collections.rxpath.linux.plugins.module_utils._plan.spread import named

_STACKED = ("bond", "bridge", "vlan", "macvlan", "ipvlan")
_USUAL_MTU = 1500

Request = dict[str, Any]


def read_ring(host: Host, request: Request) -> RingState:
    """Return the state for nic_ring. Raises KnobError."""
    name = _device(host, request)
    mtu = host.reader().number(f"/sys/class/net/{name}/mtu") or _USUAL_MTU
    with asking(host, name, "read the rings") as tool:
        ring = tool.ring(name)
        queues = number(request, "channels") or rx_queues(tool, name) or 1
        driver = driver_name(tool, name)
        return RingState(name, driver, ring and ring._asdict(), queues, buffer_bytes(mtu, _told_buffer(name)))


def read_channels(host: Host, request: Request) -> ChannelState:
    """Return the state for nic_channels. Raises KnobError."""
    name = _device(host, request)
    reader = host.reader()
    cores = local_cores(cpu_facts(reader), link_facts(reader, name).get("local_cpus"))
    index, xdp = _xdp(name)
    with asking(host, name, "read the channels") as tool:
        channels = tool.channels(name)
        return ChannelState(
            name,
            driver_name(tool, name),
            channels and channels._asdict(),
            cores,
            xdp,
            tuple(queue for device, queue in _af_xdp() if device == index),
            read_spread(tool, name),
        )


def read_coalesce(host: Host, request: Request) -> CoalesceState:
    """Return the state for nic_coalesce. Raises KnobError."""
    name = _device(host, request)
    with asking(host, name, "read the interrupt coalescing") as tool:
        values = tool.coalesce(name)
        settable = _settable_coalesce(host.reader(), name)
        return CoalesceState(name, driver_name(tool, name), values and values._asdict(), settable)


def read_rss(host: Host, request: Request) -> RssState:
    """Return the state for nic_rss. Raises KnobError."""
    name = _device(host, request)
    with asking(host, name, "read the indirection table and the hash fields") as tool:
        rss = tool.rss(name)
        table = rss.indirection if rss is not None else []
        queues = rx_queues(tool, name)
        driver = driver_name(tool, name)
        fields = {flow: _fields(tool, name, flow) for flow in FLOWS}
        return RssState(name, driver, named(table, queues, driver) if table else None, len(table), queues, fields)


def _device(host: Host, request: Request) -> str:
    """Return the device's name. Raises KnobError for one that is not there or has no hardware of its own."""
    name = str(request.get("interface", ""))
    require_interface(host, name)
    reader = host.reader()
    kind = kind_of(reader, name)
    nics = below(reader, name)
    if kind in _STACKED or nics:
        where = f"tune the devices below it: {', '.join(nics)}" if nics else "and there is none below it now"
        raise KnobError(f"{name} is a {kind} device, which has no hardware of its own; {where}")
    return name


def _fields(tool: EthtoolWriter, name: str, flow: str) -> str | None:
    """Return the hash fields of a flow; none spread is what a driver shows that cannot (virtio without hashing)."""
    return tool.rx_flow_hash(name, flow) or None


def _told_buffer(name: str) -> int | None:
    try:
        return rx_buffer_length(name)
    except (NetlinkError, ParseError):
        return None


def _settable_coalesce(reader: Reader, name: str) -> frozenset[str] | None:
    """Return what can be set. virtio_net declares parameters that it refuses where the device lacks the feature.

    The file "features" has a digit for each bit (virtio 1.2, 5.1.3: NOTF_COAL 53, VQ_NOTF_COAL 52).
    """
    features = reader.word(f"/sys/class/net/{name}/device/features") or ""
    virtio = reader.link_name(f"/sys/class/net/{name}/device/driver") == "virtio_net"
    if virtio and features and "1" not in features[52:54]:
        return frozenset()
    try:
        return settable_coalesce(name)
    except (NetlinkError, ParseError):
        return None


def _af_xdp() -> list[tuple[int, int]]:
    try:
        return bound_queues() or []
    except (NetlinkError, ParseError):
        return []


def _xdp(name: str) -> tuple[int, str | None]:
    """Return a device's number, and how an XDP program is attached to it."""
    try:
        with open_rtnetlink() as sock:
            link = next((item for item in dump_links(sock) if item.name == name), None)
    except (NetlinkError, ParseError) as error:
        raise KnobError(f"{name}: could not see whether an XDP program is attached: {error}") from error
    if link is None:
        raise KnobError(f"no such network interface: {name}")
    return link.ifindex, link.xdp_mode
