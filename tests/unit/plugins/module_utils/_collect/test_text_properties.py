# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever a file holds, a parser answers with data or with ParseError."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect import (
    cgroup,
    conntrack,
    cpulist,
    netdev_stats,
    proc_cpu,
    proc_udp,
    snmp,
    softnet,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError
from hypothesis import given
from hypothesis import strategies as st

PROC = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/proc"

PARSERS: list[tuple[Callable[[str], object], str | None]] = [
    (cpulist.parse_cpulist, None),
    (cpulist.parse_cpumask, None),
    (lambda text: softnet.parse_softnet(text, [0, 1]), "net/softnet_stat"),
    (snmp.parse_snmp, "net/snmp"),
    (snmp.parse_snmp, "net/netstat"),
    (snmp.parse_snmp6, "net/snmp6"),
    (snmp.parse_sockstat, "net/sockstat"),
    (lambda text: snmp.UdpColumns(text.encode("utf-8", "replace")), "net/snmp"),
    (lambda text: snmp.Udp6Columns(text.encode("utf-8", "replace")), "net/snmp6"),
    (conntrack.parse_conntrack_stat, "net/stat/nf_conntrack"),
    (netdev_stats.parse_proc_net_dev, "net/dev"),
    (proc_cpu.parse_stat, "stat"),
    (proc_cpu.parse_softirqs, "softirqs"),
    (proc_cpu.parse_interrupts, "interrupts"),
    (proc_cpu.parse_schedstat, "task/schedstat"),
    (proc_cpu.parse_task_syscall, "task/syscall"),
    (proc_cpu.parse_task_stat, "task/stat"),
    (cgroup.parse_proc_cgroup, "task/cgroup"),
    (cgroup.container_id, None),
    (cgroup.pod_uid, None),
    (cgroup.parse_cpu_stat, None),
    (cgroup.parse_cpu_max, None),
    (lambda text: proc_udp.parse_proc_udp(text, "ipv4"), "net/udp"),
    (lambda text: proc_udp.parse_proc_udp(text, "ipv6"), "net/udp6"),
]
NAMED = [(parse, name) for parse, name in PARSERS if name]


@pytest.mark.parametrize("parse", [parse for parse, _name in PARSERS])
@given(noise=st.one_of(st.text(), st.binary().map(lambda raw: raw.decode("utf-8", "surrogateescape"))))
def test_any_text(parse: Callable[[str], object], noise: str) -> None:
    with contextlib.suppress(ParseError):
        parse(noise)


@pytest.mark.parametrize(("parse", "name"), NAMED, ids=[name for _parse, name in NAMED])
@given(data=st.data())
def test_damaged_files(parse: Callable[[str], object], name: str, data: st.DataObject) -> None:
    text = (PROC / name).read_text()
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, min(len(text), start + 60)))
    noise = data.draw(st.text(max_size=8))
    with contextlib.suppress(ParseError):
        parse(text[:start] + noise + text[end:])
    with contextlib.suppress(ParseError):
        parse(text[:start])


@given(raw=st.binary(), cut=st.integers(0, 3000))
def test_columns_read_any_bytes(raw: bytes, cut: int) -> None:
    for kind, name in ((snmp.UdpColumns, "net/snmp"), (snmp.Udp6Columns, "net/snmp6")):
        whole = (PROC / name).read_bytes()
        columns = kind(whole)
        for damaged in (raw, whole[:cut] + raw, raw + whole[cut:], whole[:cut] + raw + whole[cut + len(raw) :]):
            with contextlib.suppress(ParseError):
                assert len(columns.read(damaged)) == len(snmp.WANTED)
