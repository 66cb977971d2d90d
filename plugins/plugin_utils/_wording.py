# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The words and numbers of a report for people: titles of findings, places on the path, units."""

from __future__ import annotations

from typing import Any

# Worst first. A host that could not be measured stands before one that only warns: nothing is known of it.
STATUSES = ("fail", "error", "unreachable", "warn", "inconclusive", "not_run", "pass")

STATUS_WORDS = {
    "fail": "Fail",
    "error": "Error",
    "unreachable": "Unreachable",
    "warn": "Warn",
    "inconclusive": "Inconclusive",
    "not_run": "Not run",
    "pass": "Pass",
}

TITLES = {
    "nic.link_errors": "Damaged frames on the link",
    "nic.ring_overflow": "NIC ring overflow",
    "nic.outside_host": "Lost before the host",
    "nic.xdp_drop": "Dropped by an XDP program",
    "tc.drop": "Dropped by tc",
    "softnet.backlog_overflow": "Softnet backlog overflow",
    "softnet.flow_limit": "Softnet flow limit",
    "softnet.hot_cpu": "One CPU receives most",
    "ip.header_errors": "Damaged IP headers",
    "ip.reassembly_failures": "Fragments that never became a datagram",
    "ip.no_route": "No route",
    "ip.reverse_path_filter": "Reverse-path filter",
    "ip.discards": "Discarded by IP",
    "ip.policy_drop": "Dropped by policy",
    "ip.unaccounted": "Unaccounted between IP and UDP",
    "conntrack.table_full": "Connection tracking table full",
    "conntrack.insert_failed": "Connection tracking insert failed",
    "qdisc.drop": "Dropped by a queueing discipline",
    "udp.no_listener": "Nobody listens",
    "udp.checksum_errors": "UDP checksum errors",
    "udp.memory_limit": "UDP memory limit",
    "udp.socket_filter": "Dropped by a socket filter",
    "socket.receive_buffer_overflow": "Receive buffer overflow",
    "socket.reuseport_imbalance": "Uneven reuse-port group",
}

CAUSES = {
    "arrival_burst": "arrival burst",
    "reader_stall": "reader stall",
    "slow_consumer": "slow consumer",
}

# The stations of the path, as junit.xml and the strip show them; the application is none: it counts nothing.
STATIONS = ("nic", "xdp/tc", "softnet", "ip", "conntrack", "qdisc", "udp", "socket")


def station(finding: dict[str, Any]) -> str:
    """Return the station of the path at which a finding stands."""
    name = str(finding.get("finding") or "")
    if name in ("nic.xdp_drop", "tc.drop"):
        return "xdp/tc"
    prefix = name.partition(".")[0]
    return prefix if prefix in STATIONS else str(finding.get("hop") or "ip")


def title(name: str) -> str:
    """Return a finding's title; an id without one is its own title."""
    return TITLES.get(name, name)


def count(value: Any) -> str:
    """Return a number with thousands separators; None is a dash."""
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        return "-" if value is None else str(value)
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def percent(ratio: Any) -> str:
    """Return a ratio as per cent, with enough digits that a small loss does not read as none."""
    if not isinstance(ratio, (int, float)):
        return "-"
    value = 100.0 * ratio
    if value == 0 or value >= 99.95:
        return f"{value:.0f} %"
    if value >= 10:
        return f"{value:.1f} %"
    return f"{value:.2f} %" if value >= 0.01 else f"{value:.1g} %"


def size(value: Any) -> str:
    """Return bytes in KiB or MiB; None is a dash."""
    if not isinstance(value, (int, float)):
        return "-"
    for unit, factor in (("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)):
        if value >= factor:
            return f"{value / factor:.3g} {unit}" if value < 1000 * factor else f"{value / factor:.0f} {unit}"
    return f"{value:.0f} B"


def seconds(value: Any) -> str:
    """Return a duration in seconds; None is a dash."""
    return f"{value:.3g} s" if isinstance(value, (int, float)) else "-"


def short(value: float) -> str:
    """Return a duration in seconds as s, ms or µs."""
    for unit, factor in (("s", 1.0), ("ms", 1e-3)):
        if value >= 0.9995 * factor:
            return f"{value / factor:.3g} {unit}"
    return f"{value / 1e-6:.3g} µs"


def setting(action: Any, value: Any) -> str:
    """Return a current or recommended value as one would type it, buffers also in KiB or MiB; None is a dash."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    # A sysctl is text.
    if isinstance(value, str) and value.isdecimal() and value.isascii():
        value = int(value)
    if isinstance(value, (int, float)):
        if value >= 4096 and any(word in str(action) for word in ("receive_buffer", "rmem_", "SO_RCVBUF")):
            return f"{value} ({size(value)})"
        return str(value)
    if isinstance(value, (list, dict)):
        parts = value if isinstance(value, list) else [f"{key}={item}" for key, item in value.items()]
        return ", ".join(str(part) for part in parts)
    return str(value)


def sentence(item: Any) -> str:
    """Return a blind spot or an unknown as one sentence, whether it came as text or as its parts."""
    if not isinstance(item, dict):
        return str(item)
    text = str(item.get("what") or "")
    if item.get("where"):
        text += f" ({item['where']})"
    if item.get("why"):
        text += f": {item['why']}"
    if item.get("remedy"):
        text += f"; to read it: {item['remedy']}"
    return text
