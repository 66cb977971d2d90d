# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keeps the facts of a host small enough to send from hundreds of hosts at once."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._facts.reader import Reader

# Bytes of JSON. A NIC of 128 queues takes about 10 KiB.
LIMIT = 60 * 1024
# What tells an interface from another; the rest of it is the detail that is left out.
_KEPT = ("kind", "driver", "below", "master", "bond", "state", "numa_node", "ring", "channels", "queues")


def shrink(facts: dict[str, Any], reader: Reader, limit: int = LIMIT) -> None:
    """Take the detail of as many interfaces as it needs, those that are down first, and name each as an unknown."""
    interfaces: dict[str, dict[str, Any]] = facts["interfaces"]
    spare = limit - len(json.dumps(facts))
    for name in sorted(
        interfaces, key=lambda key: (interfaces[key].get("state") == "up", -len(json.dumps(interfaces[key])))
    ):
        if spare >= 0:
            return
        full = interfaces[name]
        interfaces[name] = {key: full[key] for key in _KEPT if key in full}
        spare += len(json.dumps(full)) - len(json.dumps(interfaces[name]))
        reader.unknown(
            f"detail of {name}", "left out to keep the facts of this host small", f"name it: interfaces: [{name}]"
        )
