# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which address a host of the inventory has for the other hosts, and which receiver waits there."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Mapping
from typing import Any

# The variable that says where other hosts reach a host, if that is not where Ansible reaches it.
ADDRESS = "udp_hops_address"
_BROADCAST = ipaddress.ip_address("255.255.255.255")


class PeerError(ValueError):
    """A host that nothing can be sent to; the message says which, and why."""


def address_of(host: str, hostvars: Mapping[str, Any]) -> str:
    """Return the address of a host of the inventory, a name resolved here. Raises PeerError.

    An address that more than one host has is none: what is sent there goes where nobody asked for it.
    """
    if host not in hostvars:
        raise PeerError(f"to: '{host}' is no host of the inventory; a probe is sent to those alone")
    variables = hostvars[host]
    given = str(variables.get(ADDRESS) or variables.get("ansible_host") or host).strip()
    try:
        address = ipaddress.ip_address(given)
    except ValueError:
        address = _resolved(given, host)
    # ::ffff:192.0.2.1 is IPv4 on the wire.
    address = getattr(address, "ipv4_mapped", None) or address
    if address.is_multicast or address.is_unspecified or address == _BROADCAST:
        raise PeerError(f"'{given}' of host '{host}' is no address of one host; set {ADDRESS}")
    return str(address)


def _resolved(given: str, host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        found = socket.getaddrinfo(given, None, type=socket.SOCK_DGRAM)
    except (OSError, UnicodeError) as error:
        raise PeerError(f"'{given}' of host '{host}' cannot be resolved here ({error}); set {ADDRESS}") from None
    return ipaddress.ip_address(found[0][4][0])


def _own(sender: str, hostvars: Mapping[str, Any]) -> str | None:
    try:
        return address_of(sender, hostvars)
    except PeerError:
        return None


def _another(to: str, sender: str, hostvars: Mapping[str, Any]) -> str:
    """Return the address of a host that is not the sender. Raises PeerError where it is, under another name."""
    address = address_of(to, hostvars)
    if to == sender:
        return address
    # Behind one forwarded port each, hosts of virtual machines all have 127.0.0.1.
    if ipaddress.ip_address(address).is_loopback:
        raise PeerError(f"'{address}' of host '{to}' is, on {sender}, {sender} itself; set {ADDRESS}")
    if address == _own(sender, hostvars):
        raise PeerError(f"'{to}' and '{sender}' have the same address, {address}; set {ADDRESS}")
    return address


def find_target(arguments: Mapping[str, Any], hostvars: Mapping[str, Any], sender: str) -> dict[str, Any]:
    """Return ``address``, ``port`` and ``token`` for what a task of ``sender`` asks to send. Raises PeerError.

    The port is the one that the receiver opened. Only where the datagrams go to a forwarder before the receiver, the
    task names its port.
    """
    for name in ("to", "started"):
        if not arguments.get(name):
            raise PeerError(f"missing required argument: {name}")
    to = str(arguments["to"])
    receiver = str(arguments.get("receiver") or to)
    if receiver not in hostvars:
        raise PeerError(f"receiver: '{receiver}' is no host of the inventory")
    started = hostvars[receiver].get(str(arguments["started"]))
    if not isinstance(started, Mapping) or not started.get("port") or started.get("failed"):
        raise PeerError(f"started: no receiver was started on '{receiver}' and registered as {arguments['started']}")
    port = arguments.get("port")
    if receiver == to and port:
        raise PeerError("port: is the receiver's own; give it only where 'to' forwards to another 'receiver'")
    if receiver != to and not port:
        raise PeerError(f"port: '{to}' forwards to '{receiver}' from which port?")
    return {
        "address": _another(to, sender, hostvars),
        "port": port if receiver != to else started["port"],
        "token": started["token"],
    }
