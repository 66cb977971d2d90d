# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The file of the watch: what it says of namespaces by name and of those that it does not name."""

from __future__ import annotations

import re

from ansible_collections.rxpath.linux.plugins.module_utils._watch.losers import Label
from ansible_collections.rxpath.linux.plugins.module_utils._watch.memory import Known, Memory
from ansible_collections.rxpath.linux.plugins.module_utils._watch.metrics import METRICS, PREFIX, Run, render
from hypothesis import example, given
from hypothesis import strategies as st

OVERFLOW = "socket.receive_buffer_overflow datagrams "
RUN = Run(moment=1795286956.5, interval=15.0, cpu=0.21, unknowns=2, pages=None, limit=None)
LINE = re.compile(
    r'rxpath_udp_watch_[a-z_]+(?:\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"(?:,[a-z]+="(?:[^"\\\n]|\\["\\n])*")*\})? -?[0-9.e+]+'
)


def memory(*names: str) -> Memory:
    made = Memory(5)
    for number, name in enumerate(names):
        known = Known([name, "named", "pod:1" if number else None, None], [])
        known.book.sums = {OVERFLOW: 10 + number, "passed.socket datagrams ": 5, "nic.ring_overflow packets eth0": 7}
        made.namespaces[f"4:{number}"] = known
        made.listed.append(f"4:{number}")
    made.machine.sums = {"softnet.backlog_overflow packets ": 3}
    return made


def test_every_series_says_what_it_is_about() -> None:
    made = memory("host", "pod", "untold")
    made.listed.pop()
    made.rest.sums = {OVERFLOW: 4}
    made.losers.lost(Label("4:1", "udp", "127.0.0.1:53", ""), 6)
    lines = [line for line in render(made, RUN).splitlines() if not line.startswith("#")]
    assert [line[len(PREFIX) :] for line in lines] == [
        "generated_timestamp_seconds 1795286956.5",
        "interval_seconds 15",
        "cpu_seconds 0.21",
        "unknowns 2",
        'namespaces{told="yes"} 2',
        'namespaces{told="no"} 1',
        'loss_total{finding="softnet.backlog_overflow",class="loss",unit="packets"} 3',
        'loss_total{finding="socket.receive_buffer_overflow",class="loss",unit="datagrams",netns="host",inode="0"} 10',
        'loss_total{finding="nic.ring_overflow",class="loss",unit="packets",netns="host",inode="0",interface="eth0"} 7',
        'loss_total{finding="socket.receive_buffer_overflow",class="loss",unit="datagrams",netns="pod",inode="1",owner="pod:1"} 11',
        'loss_total{finding="nic.ring_overflow",class="loss",unit="packets",netns="pod",inode="1",owner="pod:1",interface="eth0"} 7',
        'loss_total{finding="socket.receive_buffer_overflow",class="loss",unit="datagrams",netns="rest"} 4',
        'passed_total{handoff="socket",unit="datagrams",netns="host",inode="0"} 5',
        'passed_total{handoff="socket",unit="datagrams",netns="pod",inode="1",owner="pod:1"} 5',
        'socket_drops_total{netns="pod",inode="1",owner="pod:1",protocol="udp",local="127.0.0.1:53"} 6',
        "socket_drops_rest_total 0",
    ]


@given(st.text(), st.text())
@example('"\\', "a\nb")
def test_any_name_leaves_a_file_that_can_be_read(name: str, process: str) -> None:
    made = memory(name)
    made.losers.lost(Label("4:0", "udp", "[::1]:53", process), 6)
    text = render(made, RUN)
    for line in text.split("\n")[:-1]:
        assert line.startswith(("# HELP ", "# TYPE ")) or LINE.fullmatch(line), line
    assert text.encode("utf-8")


def test_a_namespace_whose_number_is_not_to_be_seen_has_none() -> None:
    made = memory("host")
    made.namespaces = {"-1:4026532008": made.namespaces["4:0"]}
    made.listed = ["-1:4026532008"]
    assert "inode=" not in render(made, RUN)


def test_counters_are_called_so_and_gauges_not() -> None:
    assert {name for name, (kind, _text) in METRICS.items() if kind == "counter"} == {
        name for name in METRICS if name.endswith("_total")
    }


def test_what_an_older_version_remembered_by_another_name_is_left_out() -> None:
    made = memory("host")
    before = render(made, RUN)
    made.namespaces["4:0"].book.sums["ip.as_it_was_called_once packets "] = 3
    made.rest.sums["gone.too packets eth0"] = 4
    assert render(made, RUN) == before
