# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Host patterns in a lookup, where neither the inventory nor its variables are at hand yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible.inventory.manager import InventoryManager


def patterns_of(terms: list[Any]) -> list[str]:
    """Return the patterns among a lookup's terms, lists of them laid flat, empty ones left out."""
    found: list[str] = []
    for term in terms:
        found += patterns_of(list(term)) if isinstance(term, (list, tuple)) else [str(term or "").strip()]
    return [pattern for pattern in found if pattern]


def matches(loader: Any, groups: Mapping[str, list[str]], pattern: str, limit: str | None) -> bool:
    """Return True when the pattern, under the limit, leaves a host. The inventory itself is out of a lookup's reach."""
    manager = InventoryManager(loader, parse=False)
    for group, hosts in groups.items():
        manager.add_group(group)
        for host in hosts:
            manager.add_host(host, group=group)
    if limit:
        manager.subset(limit)
    return bool(manager.get_hosts(pattern))
