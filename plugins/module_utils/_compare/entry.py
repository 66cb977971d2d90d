# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entry of a host after its last round: the verdict of the last window, with all that led to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def merge(entries: Sequence[Mapping[str, Any]], changes: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the last entry with the windows of all, the first labelled before and the others after, and the changes.

    Raises:
        ValueError: there is no entry.
    """
    if not entries:
        raise ValueError("no window was measured")
    windows = [dict(window) for entry in entries for window in entry.get("windows") or []]
    for number, window in enumerate(windows):
        window["label"] = "after" if number else "before"
    return {
        **entries[-1],
        "windows": windows,
        "rounds": max(1, len(entries) - 1),
        "changes": [dict(change) for change in changes],
    }
