# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The document stays small, losers stay whole as long as anything else can give way, and no loss goes missing."""

from __future__ import annotations

import json
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._sample import summary


def namespace(name: str, lost: int, sockets: int, looks: int = 200) -> dict[str, Any]:
    def socket(inode: int, drops: int) -> dict[str, Any]:
        columns = {column: [1] * looks for column in ("memory", "queued", "drops")}
        return {"inode": inode, "drops": drops, "queue_max": drops, "local": "0.0.0.0:53", "series": columns}

    columns = ("t", "reads", "overflows", "errors", "mem_errors")
    return {
        "name": name,
        "counters": {"Udp.RcvbufErrors": lost, **{f"Ip.Counter{number}": 0 for number in range(40)}},
        "devices": [],
        "sockets": [socket(1, lost), *(socket(number, 0) for number in range(2, sockets))],
        "socket_summary": {"count": sockets, "listed": sockets},
        "series": {column: [1] * looks for column in columns},
    }


def document(namespaces: list[dict[str, Any]]) -> dict[str, Any]:
    return {"facts": None, "rest": {"namespaces": 0, "sockets": 0, "counters": {}}, "namespaces": namespaces}


def test_small_documents_stay_as_they_are() -> None:
    small = document([namespace("host", 0, 2, looks=4)])
    before = json.dumps(small)
    assert json.dumps(summary.fit(small)) == before


def test_a_large_document_is_made_small_without_losing_a_loss() -> None:
    namespaces = [namespace(f"pod-{number}", 1000 - number, 40) for number in range(300)]
    lost = sum(one["counters"]["Udp.RcvbufErrors"] for one in namespaces)
    fitted = summary.fit(document(namespaces))
    assert summary.size(fitted) <= summary.MAX_BYTES
    told = sum(one["counters"].get("Udp.RcvbufErrors", 0) for one in fitted["namespaces"])
    assert told + fitted["rest"]["counters"].get("Udp.RcvbufErrors", 0) == lost
    assert fitted["namespaces"][0]["name"] == "pod-0"
    assert fitted["namespaces"][0]["sockets"][0]["series"]
    assert len(fitted["namespaces"]) + fitted["rest"]["namespaces"] == 300


def test_joined_intervals_keep_their_sums() -> None:
    one = namespace("pod", 5, 2, looks=201)
    summary.halve(one)
    assert (len(one["series"]["t"]), sum(one["series"]["reads"])) == (101, 201)
    assert sum(one["sockets"][0]["series"]["drops"]) == 201
