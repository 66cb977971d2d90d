# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where on a path datagrams were lost, in words. Pure."""

from __future__ import annotations

from typing import Any, NamedTuple, Optional

WIRE, FORWARDER, OWN_SOCKET, OWN_DEVICE, OWN_FIREWALL, SOMEWHERE = (
    "wire",
    "forwarder",
    "probe.socket",
    "probe.device",
    "probe.firewall",
    "undecided",
)
# What IP took in and neither delivered nor counted as lost: no count of losses, but what is left of others.
UNACCOUNTED = "ip.unaccounted"
# How the place of a finding is called; by the first part of its id where nothing closer stands here.
_NAMES = {
    "nic.ring_overflow": "NIC ring",
    "nic.xdp_drop": "XDP program",
    "nic": "NIC",
    "tc": "tc filters",
    "softnet": "softnet",
    "ip.policy_drop": "firewall",
    UNACCOUNTED: "IP layer, by what has no counter",
    "ip": "IP layer",
    "conntrack": "connection tracking",
    "qdisc": "queueing discipline",
    "udp.no_listener": "UDP port, on which nobody listens",
    "udp": "UDP layer",
    "socket": "socket",
}

# All counters agree to the datagram; a part may be other traffic's; what is left when all that is counted is taken out
# and other traffic blurs it.
EXACT, AT_MOST, HINT = "exact", "at_most", "hint"


class Place(NamedTuple):
    """Datagrams lost at one place: ``kind`` is a finding's id or one of the words above.

    ``host`` is where it is, for the wire the host that did not receive; ``before`` the host before the wire.
    """

    kind: str
    host: str
    packets: int
    certainty: str = EXACT
    before: Optional[str] = None
    evidence: str = ""

    def says(self) -> str:
        """Return where it is as the rest of a sentence that begins with a number of datagrams."""
        if self.kind == WIRE:
            return "lost on the wire between %s and %s" % (self.before, self.host)
        if self.kind == FORWARDER:
            return "received by %s, never forwarded" % self.host
        if self.kind == OWN_SOCKET:
            return "lost at %s's socket, which is the probe's own" % self.host
        if self.kind == OWN_DEVICE:
            return "refused by %s's own device" % self.host
        if self.kind == OWN_FIREWALL:
            return "forbidden by %s's own firewall" % self.host
        if self.kind == SOMEWHERE:
            return "lost between %s and %s; other traffic hides where" % (self.before, self.host)
        return "lost at %s's %s" % (self.host, place_name(self.kind))

    def document(self) -> dict[str, Any]:
        """Return the place as the report has it."""
        return {**self._asdict(), "says": self.says()}


def place_name(finding: str) -> str:
    """Return what the place of a finding is called."""
    return _NAMES.get(finding) or _NAMES[finding.split(".", maxsplit=1)[0]]
