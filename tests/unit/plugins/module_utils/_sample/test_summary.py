# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._sample.summary import fit, halve, size
from hypothesis import given
from hypothesis import strategies as st


def _socket(rows: int, drops: int) -> dict[str, Any]:
    return {
        "local": "0.0.0.0:53",
        "drops": drops,
        "queue_max": drops,
        "series": {"memory": [212992] * rows, "queued": [None] * rows, "drops": [drops] + [0] * (rows - 1)},
    }


def _namespace(name: str, rows: int, sockets: int, drops: int) -> dict[str, Any]:
    series: dict[str, list[float]] = {
        column: [7] * rows for column in ("t", "reads", "overflows", "errors", "mem_errors")
    }
    series["t"] = [round(0.05 * row, 4) for row in range(rows)]
    return {
        "name": name,
        "counters": {"Udp.InDatagrams": 100, "Udp.RcvbufErrors": drops, "Ip.InReceives": None},
        "devices": [],
        "sockets": [_socket(rows, drops) for _ in range(sockets)],
        "socket_summary": {"count": 40, "listed": sockets},
        "series": series,
    }


def _document(*namespaces: dict[str, Any]) -> dict[str, Any]:
    return {
        "namespaces": list(namespaces),
        "rest": {"namespaces": 0, "sockets": 0, "counters": {}},
        "facts": None,
        "window": {"seconds": 10.0},
    }


@given(st.integers(1, 9), st.data())
def test_halving_keeps_what_was_counted(rows: int, data: st.DataObject) -> None:
    numbers = st.lists(st.integers(0, 99), min_size=rows, max_size=rows)
    maybe = st.lists(st.none() | st.integers(0, 99), min_size=rows, max_size=rows)
    namespace = _namespace("one", rows, 1, 0)
    series, own = namespace["series"], namespace["sockets"][0]["series"]
    for column in ("reads", "overflows"):
        series[column] = data.draw(numbers)
    for column in ("memory", "drops"):
        own[column] = data.draw(maybe)
    reads, drops, end = sum(series["reads"]), sum(value or 0 for value in own["drops"]), series["t"][-1]
    last = next((value for value in reversed(own["memory"][-2 + rows % 2 :]) if value is not None), None)
    halve(namespace)
    columns = [*series.values(), *namespace["sockets"][0]["series"].values()]
    assert {len(column) for column in columns} == {(rows + 1) // 2}
    assert sum(series["reads"]) == reads
    assert sum(value or 0 for value in namespace["sockets"][0]["series"]["drops"]) == drops
    assert series["t"][-1] == end
    assert namespace["sockets"][0]["series"]["memory"][-1] == last


def test_a_small_document_stays_as_it_is() -> None:
    document = _document(_namespace("host", 200, 2, 3))
    before = json.dumps(document)
    assert json.dumps(fit(document)) == before


def test_a_large_document_is_made_small_without_losing_a_loser() -> None:
    losers = [_namespace(f"loser-{number}", 1200, 4, 50) for number in range(20)]
    idle = [_namespace(f"idle-{number}", 1200, 8, 0) for number in range(40)]
    document = fit(_document(_namespace("host", 1200, 0, 0), *losers, *idle))
    assert size(document) <= 250 * 1024
    names = {namespace["name"] for namespace in document["namespaces"]}
    assert {f"loser-{number}" for number in range(20)} <= names
    for namespace in document["namespaces"]:
        assert len(namespace["sockets"]) == namespace["socket_summary"]["listed"]
        if namespace["name"].startswith("loser"):
            assert len(namespace["sockets"]) == 4
            assert sum(namespace["series"]["reads"]) == 8400


def test_what_is_left_out_is_in_the_rest() -> None:
    document = fit(_document(*(_namespace(f"ns-{number}", 90, 6, 1) for number in range(100))), limit=60 * 1024)
    assert size(document) <= 60 * 1024
    left = 100 - len(document["namespaces"])
    assert left > 0
    assert document["rest"] == {
        "namespaces": left,
        "sockets": 40 * left,
        "counters": {"Udp.InDatagrams": 100 * left, "Udp.RcvbufErrors": left},
    }


def _device(name: str, kind: str, dropped: int) -> dict[str, Any]:
    return {
        "name": name,
        "kind": kind,
        "statistics": {"rx_dropped": dropped},
        "qdiscs": [],
        "losses": {},
        "classified_by": None if kind else "driver",
    }


def test_of_many_devices_those_that_drop_and_the_nics_are_told() -> None:
    namespace = _namespace("host", 1, 0, 0)
    namespace["devices"] = [_device(f"veth{number}", "veth", 5 if number == 200 else 0) for number in range(250)]
    namespace["devices"].append(_device("eth0", "", 0))
    names = [row["name"] for row in fit(_document(namespace))["namespaces"][0]["devices"]]
    assert names[:2] == ["veth200", "eth0"]
    assert len(names) == 18
