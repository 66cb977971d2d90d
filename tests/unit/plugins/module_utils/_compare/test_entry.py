# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The entry after the last round."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._compare.entry import merge


def entry(status: str, seconds: float) -> dict[str, Any]:
    window = {"label": "before", "seconds": seconds, "counters": {}, "series": {}}
    return {"status": status, "windows": [window], "rounds": 1, "changes": []}


def test_the_last_entry_with_all_windows() -> None:
    entries = [entry("fail", 1.0), entry("fail", 2.0), entry("pass", 3.0)]
    change = {"what": "net.core.rmem_default", "from": 1, "to": 2, "kept": True, "why": "", "round": 1}
    merged = merge(entries, [change])
    assert merged["status"] == "pass"
    assert [(one["label"], one["seconds"]) for one in merged["windows"]] == [
        ("before", 1.0),
        ("after", 2.0),
        ("after", 3.0),
    ]
    assert merged["rounds"] == 2
    assert merged["changes"] == [change]
    assert entries[1]["windows"][0]["label"] == "before", "what came in stays as it was"


def test_one_entry_is_one_round() -> None:
    assert merge([entry("pass", 1.0)], [])["rounds"] == 1


def test_no_entry_is_an_error() -> None:
    with pytest.raises(ValueError, match="no window"):
        merge([], [])
