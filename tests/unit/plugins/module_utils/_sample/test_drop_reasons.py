# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Histograms of real kernels, as differences; an instance of tracefs is made in tests/integration/test_tracing.py."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.tracefs import Histogram, parse_hist, parse_symbols
from ansible_collections.rxpath.linux.plugins.module_utils._sample import drop_reasons
from ansible_collections.rxpath.linux.plugins.module_utils._sample.drop_reasons import (
    reason_rows,
    usable_triggers,
    why_missing,
)
from ansible_collections.rxpath.linux.plugins.module_utils._sample.thread_traffic import Traffic, by_thread
from ansible_collections.rxpath.linux.plugins.module_utils._sample.trace_instance import affordable, find_tracefs
from ansible_collections.rxpath.linux.plugins.module_utils._sample.unknowns import Unknowns

FIXTURES = Path(__file__).parents[3] / "fixtures"
OLD, NEW = "6.1.176-x86_64", "6.12.107-x86_64"
EMPTY = Histogram([], 0, 0)


def read(kernel: str, name: str) -> str:
    return (FIXTURES / kernel / "tracefs" / name).read_text()


def test_reasons_with_the_functions_that_gave_up() -> None:
    names = parse_symbols(read(OLD, "kfree_skb.format"), "reason")
    rows = reason_rows(names, EMPTY, parse_hist(read(OLD, "sites.hist")))
    assert rows[0] == {"reason": "PROTO_MEM", "function": "udp_queue_rcv_one_skb", "count": 8553}
    assert {"reason": "TC_INGRESS", "function": "__netif_receive_skb_core", "count": 70} in rows
    assert [row["count"] for row in rows] == sorted((row["count"] for row in rows), reverse=True)


def test_only_what_was_gained_counts() -> None:
    names = parse_symbols(read(NEW, "kfree_skb.format"), "reason")
    end = parse_hist(read(NEW, "reasons.hist"))
    before = end._replace(rows=[row._replace(hits=row.hits - (row.keys["reason"] == "6")) for row in end.rows])
    assert reason_rows(names, before, end) == [{"reason": "SOCKET_RCVBUFF", "function": None, "count": 1}]
    assert reason_rows(names, end, end) == []


def test_a_reason_of_a_module_has_its_number() -> None:
    text = "{ reason:     131074 } hitcount: 3\nTotals:\n    Hits: 3\n    Dropped: 0\n"
    assert reason_rows({}, EMPTY, parse_hist(text)) == [{"reason": "131074", "function": None, "count": 3}]


def test_triggers_fit_the_fields_of_the_event() -> None:
    layout = read(OLD, "kfree_skb.format")
    assert "location.sym" in usable_triggers(layout)[0]
    bare = "\n".join(line for line in layout.split("\n") if "location;" not in line and "protocol;" not in line)
    assert usable_triggers(bare) == ("hist:keys=reason:size=256",)


def test_reads_and_sends_of_threads() -> None:
    read_end, sent_end = (parse_hist(read(NEW, f"sock_{way}_length.hist")) for way in ("recv", "send"))
    assert by_thread((EMPTY, read_end), (EMPTY, sent_end)) == {310: Traffic(9, 900, 1660, 806100)}
    assert by_thread((read_end, read_end), (sent_end, sent_end)) == {}


@pytest.mark.parametrize(
    ("mounts", "place"),
    [
        ("proc /proc proc rw 0 0\ntracefs /sys/kernel/tracing tracefs rw,nosuid 0 0\n", "/sys/kernel/tracing"),
        ("tracefs /sys/kernel/debug/tracing tracefs rw 0 0\n", "/sys/kernel/debug/tracing"),
        ("none /mnt/my\\040traces tracefs rw 0 0\n", "/mnt/my traces"),
        ("debugfs /sys/kernel/debug debugfs rw 0 0\n", None),
        ("", None),
    ],
)
def test_tracefs_is_where_it_is_mounted(mounts: str, place: str | None) -> None:
    assert find_tracefs(mounts) == place


def test_a_machine_with_many_processors_and_little_memory_is_spared() -> None:
    assert affordable(4, 512 << 20)
    assert not affordable(256, 4 << 30)


@pytest.mark.parametrize(("filesystems", "remedy"), [("nodev\ttracefs\nnodev\tbpf\n", "mount"), ("\text4\n", "kernel")])
def test_a_kernel_without_tracefs_is_not_told_to_mount_it(filesystems: str, remedy: str) -> None:
    why, help_ = why_missing(filesystems)
    assert remedy in help_
    assert ("CONFIG_TRACING" in why) == (remedy == "kernel")


class Instance:
    """An instance of tracefs: what its histograms hold at the first reading and at the second, by event."""

    hists: dict[str, list[str]] = {}
    path = "/instance"

    def __init__(self, _tracefs: str) -> None:
        self._hists = {event: list(texts) for event, texts in self.hists.items()}

    def write(self, name: str, _text: str) -> None:
        if name.split("/")[-2] not in self._hists:
            raise OSError(errno.ENOMEM, os.strerror(errno.ENOMEM))

    def read(self, name: str) -> str:
        return self._hists[name.split("/")[-2]].pop(0)

    def close(self) -> bool:
        return True


def hist(rows: str, dropped: int = 0) -> str:
    return f"{rows}\nTotals:\n    Hits: 9\n    Entries: 1\n    Dropped: {dropped}\n"


def counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, hists: dict[str, list[str]]
) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Return the document and the unknowns on a kernel that has all three events."""
    for event in ("skb/kfree_skb", "sock/sock_recv_length", "sock/sock_send_length"):
        path = tmp_path / "events" / event
        path.mkdir(parents=True)
        (path / "format").write_text(read(NEW, "kfree_skb.format"))
    monkeypatch.setattr(drop_reasons, "TraceInstance", type("Made", (Instance,), {"hists": hists}))
    unknowns = Unknowns()
    reasons = drop_reasons.DropReasons(str(tmp_path), unknowns)
    reasons.begin()
    document = reasons.finish()
    assert document is not None
    return document, unknowns.entries()


LOST = [hist(""), hist("{ reason:          6 } hitcount:         50", dropped=3)]


def test_reasons_are_had_where_threads_cannot_be_traced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document, (unknown,) = counted(tmp_path, monkeypatch, {"kfree_skb": LOST})
    assert [(row["reason"], row["count"]) for row in document["reasons"]] == [("SOCKET_RCVBUFF", 50)]
    assert (document["uncounted"], document["threads"]) == (3, None)
    assert (unknown["what"], "Cannot allocate memory" in unknown["why"]) == ("what each process reads and sends", True)


def test_threads_without_room_are_no_drops_without_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    threads = [hist(""), hist("{ common_pid:          7 } hitcount:          5  ret:         50", dropped=4)]
    hists = {"kfree_skb": LOST, "sock_recv_length": threads, "sock_send_length": [hist(""), hist("")]}
    document, (unknown,) = counted(tmp_path, monkeypatch, hists)
    assert (document["uncounted"], document["threads"]) == (3, None)
    assert "4 datagrams found no room" in unknown["why"]
