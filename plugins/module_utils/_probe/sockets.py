# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The sockets of a probe. man 7 udp, man 7 ip, man 7 ipv6, man 7 socket; numbers that Python's socket has no name for
are from include/uapi/linux/in.h, in6.h and asm-generic/socket.h.
"""

from __future__ import annotations

import errno
import ipaddress
import socket
import struct
from typing import NamedTuple, Optional

from ansible_collections.rxpath.linux.plugins.module_utils._probe.load import Load
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import OptionError

_IP_MTU_DISCOVER, _IP_RECVERR, _IP_MTU = 10, 11, 14
_IPV6_MTU_DISCOVER, _IPV6_MTU, _IPV6_RECVERR = 23, 24, 25
_PMTUDISC_DONT, _PMTUDISC_DO = 0, 2
_SO_MEMINFO = 55
# Of the nine numbers of SO_MEMINFO (include/uapi/linux/sock_diag.h, SK_MEMINFO_*).
_RCVBUF, _DROPS = 1, 8
# A receiver looks up from an empty socket this often; a sender gives up on a full one after so long.
POLL_SECONDS = 0.05
_BLOCKED_SECONDS = 1.0


class Memory(NamedTuple):
    """A receiver's buffer in bytes, as the kernel counts it, and what its socket dropped since it was opened."""

    receive_buffer: int
    drops: int


def open_receiver(address: Optional[str], port: int, buffer: int) -> socket.socket:
    """Return a bound socket; None takes all addresses, port 0 a free one, ``buffer`` 0 the default. Raises OptionError.

    Raises OSError where there can be no socket.
    """
    family = socket.AF_INET
    if socket.has_dualstack_ipv6() if address is None else _literal(address).version == 6:
        family = socket.AF_INET6
    sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
    try:
        if family == socket.AF_INET6 and address is None:
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        if buffer:
            # The kernel doubles it and cuts it at twice net.core.rmem_max; what came of it is in the result.
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, min(buffer, (1 << 30) - 1))
        _timeout(sock, socket.SO_RCVTIMEO, POLL_SECONDS)
        sock.bind((address or "", port))
    except OSError as error:
        sock.close()
        if error.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES):
            why = error.strerror or ""
            if error.errno == errno.EADDRINUSE:
                why += "; a receiver that was left behind ends by itself, after its probe's duration and grace"
            raise OptionError("bind, port: %s port %d: %s" % (address or "*", port, why)) from error
        raise
    return sock


def open_sender(address: str, port: int, load: Load) -> socket.socket:
    """Return a connected socket on a port that the kernel chose. Raises OptionError or OSError.

    With IP_RECVERR the kernel says where it dropped a datagram in its own queue (man 7 ip): else it is silent.
    """
    where = _literal(address)
    sock = socket.socket(
        socket.AF_INET6 if where.version == 6 else socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC
    )
    try:
        discover = _PMTUDISC_DONT if load.fragment else _PMTUDISC_DO
        if where.version == 6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_MTU_DISCOVER, discover)
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVERR, 1)
            sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_TCLASS, load.dscp << 2)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_MTU_DISCOVER, discover)
            sock.setsockopt(socket.IPPROTO_IP, _IP_RECVERR, 1)
            sock.setsockopt(socket.IPPROTO_IP, socket.IP_TOS, load.dscp << 2)
        _timeout(sock, socket.SO_SNDTIMEO, _BLOCKED_SECONDS)
        sock.connect((address, port))
    except OSError:
        sock.close()
        raise
    return sock


def path_mtu(sock: socket.socket) -> int:
    """Return what the kernel knows of the path's MTU, in bytes with the IP header, of a connected socket."""
    if sock.family == socket.AF_INET6:
        return sock.getsockopt(socket.IPPROTO_IPV6, _IPV6_MTU)
    return sock.getsockopt(socket.IPPROTO_IP, _IP_MTU)


def memory(sock: socket.socket) -> Memory:
    """Return what the kernel says of a socket's buffer and drops (SO_MEMINFO, Linux 4.12). Raises OSError."""
    values = struct.unpack("=9I", sock.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, 36))
    return Memory(values[_RCVBUF], values[_DROPS])


def _literal(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    try:
        return ipaddress.ip_address(address)
    except ValueError:
        raise OptionError("address: %.80r is no IPv4 or IPv6 address" % address) from None


def _timeout(sock: socket.socket, option: int, seconds: float) -> None:
    """Bound a blocking call; unlike Python's own timeout it costs no second system call for each datagram."""
    whole = int(seconds)
    sock.setsockopt(socket.SOL_SOCKET, option, struct.pack("@ll", whole, round((seconds - whole) * 10**6)))
