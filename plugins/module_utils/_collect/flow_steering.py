# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What names a NIC's queues beside its indirection table: flow steering rules and further RSS contexts.

Layout: include/uapi/linux/ethtool.h, struct ethtool_rxnfc (192 bytes, rule_cnt behind the rule) and struct
ethtool_rxfh. Reading needs no privilege. ``ethtool -n IF`` lists the rules, ``ethtool -x IF context N`` a context.
"""

from __future__ import annotations

import struct

from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from ansible_collections.rxpath.linux.plugins.module_utils._collect.ethtool import Ethtool, EthtoolError

_GRXCLSRLCNT, _GRSSH = 0x2E, 0x46
_RULE_COUNT = 184
# Contexts are numbered from 1 on. Who has any has one of the first.
_FIRST_CONTEXTS = range(1, 9)


class FlowSteering(Ethtool):
    """The requests; use it in a ``with`` statement."""

    def rule_count(self, device: str) -> int:
        """Return the number of flow steering rules; 0 where the driver has none, or cannot have any."""
        try:
            answer = self._request(device, "flow rules", struct.pack("=II184x", _GRXCLSRLCNT, 0))
        except EthtoolError:
            return 0
        return 0 if answer is None else parse_rule_count(answer)

    def contexts(self, device: str) -> list[int]:
        """Return the numbers of the RSS contexts that exist beside the device's own, among the first ones."""
        found = []
        for number in _FIRST_CONTEXTS:
            try:
                answer = self._request(device, "RSS context", struct.pack("=IIIIBB2xI", _GRSSH, number, 0, 0, 0, 0, 0))
            except EthtoolError:
                continue
            if answer is None:
                break
            found.append(number)
        return found


def parse_rule_count(answer: bytes) -> int:
    """Decode ETHTOOL_GRXCLSRLCNT. Raises ParseError for a short answer."""
    if len(answer) < _RULE_COUNT + 4:
        raise ParseError("ethtool flow rules", f"{len(answer)} bytes")
    return int(struct.unpack_from("=I", answer, _RULE_COUNT)[0])
