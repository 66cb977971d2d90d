# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The arithmetic of receive buffers, and the sysctls that a host is asked for."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._plan.buffers import size_buffer, truesize, udp_mem_for
from ansible_collections.rxpath.linux.plugins.module_utils._plan.host_sysctls import Wishes, host_sysctls
from ansible_collections.rxpath.linux.plugins.module_utils._plan.profile import PROFILES, resolve
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._plan.surveys import GIB, settings, survey
from hypothesis import given
from hypothesis import strategies as st

WORKLOAD: dict[str, Any] = {
    "rate": 50_000,
    "datagram_size": 1200,
    "stall": 0.05,
    "sockets": 4,
    "max_queue_delay": 1.0,
    "service_rate": 0,
    "memory_share": 0.1,
    "may_raise": True,
}
RMEM_MAX, RMEM_DEFAULT, UDP_MEM = "net.core.rmem_max", "net.core.rmem_default", "net.ipv4.udp_mem"
BACKLOG = "net.core.netdev_max_backlog"


def wishes(host: dict[str, Any] | None = None, **named: Any) -> Wishes:
    return host_sysctls(resolve(settings(**named)), host or survey())


@pytest.mark.parametrize(("size", "charged"), [(64, 2304), (1500, 2304), (3700, 6912), (9000, 16640), (65000, 101376)])
def test_a_datagram_is_charged_by_its_class(size: int, charged: int) -> None:
    assert truesize(size) == charged


def test_a_buffer_holds_what_comes_while_the_reader_pauses() -> None:
    sizing = size_buffer(WORKLOAD, 16 * GIB, 381_000, 4096)
    # 50,000 x 0.05 x 2304 / 0.75 = 7,680,000, in whole steps of 64 KiB.
    assert sizing.receive_buffer == 118 * 65536
    assert sizing.pages == 4 * 118 * 16
    assert not sizing.warnings


def test_memory_cuts_the_buffer_and_says_so() -> None:
    sizing = size_buffer({**WORKLOAD, "sockets": 16}, 768 << 20, 18_000, 4096)
    assert sizing.receive_buffer * 16 <= (768 << 20) * 0.1
    assert any("cut to" in note and "16 sockets share" in note for note in sizing.notes)
    assert any("bridge a stall of" in note for note in sizing.notes)


def test_udp_mem_cuts_the_buffer_where_it_may_not_be_raised() -> None:
    sizing = size_buffer({**WORKLOAD, "may_raise": False}, 16 * GIB, 4000, 4096)
    assert sizing.receive_buffer * 4 <= 4000 * 4096
    assert any("udp_mem[0] = 4,000 pages" in note for note in sizing.notes)


def test_delay_cuts_the_buffer() -> None:
    sizing = size_buffer({**WORKLOAD, "service_rate": 60_000, "max_queue_delay": 0.01}, 16 * GIB, None, 4096)
    assert sizing.receive_buffer <= 60_000 * 0.01 * 2304
    assert any("udp_tuning_max_queue_delay" in note for note in sizing.notes)


def test_a_slow_reader_is_told_that_no_buffer_helps() -> None:
    sizing = size_buffer({**WORKLOAD, "service_rate": 40_000}, 16 * GIB, None, 4096)
    assert "no buffer helps" in sizing.warnings[0]


@given(
    rate=st.floats(1, 1e7),
    stall=st.floats(0.001, 60),
    sockets=st.integers(1, 10_000),
    memory=st.one_of(st.none(), st.integers(64 << 20, 1 << 42)),
    pages=st.one_of(st.none(), st.integers(1, 1 << 30)),
    service_rate=st.one_of(st.just(0), st.floats(1, 1e7)),
    may_raise=st.booleans(),
)
def test_no_ceiling_is_passed(
    rate: float,
    stall: float,
    sockets: int,
    memory: int | None,
    pages: int | None,
    service_rate: float,
    may_raise: bool,
) -> None:
    workload = {
        **WORKLOAD,
        "rate": rate,
        "stall": stall,
        "sockets": sockets,
        "service_rate": service_rate,
        "may_raise": may_raise,
    }
    sizing = size_buffer(workload, memory, pages, 4096)
    assert sizing.receive_buffer >= 2304
    if sizing.receive_buffer > 2304:
        if memory:
            assert sizing.receive_buffer * sockets <= memory * 0.1
        if pages is not None and not (memory and may_raise):
            assert sizing.receive_buffer * sockets <= pages * 4096
        if service_rate:
            assert sizing.receive_buffer <= service_rate * 2304 * 1.0


def test_udp_mem_is_raised_in_proportion_and_never_lowered() -> None:
    assert udp_mem_for(30_000, "20000 30000 100000") == "30000 40000 100000"
    assert udp_mem_for(30_000, "30000 40000 60000") is None
    assert udp_mem_for(30_000, None) is None


@pytest.mark.parametrize(
    ("profile", "expected"),
    [
        ("buffers", {RMEM_MAX: 118 * 65536 // 2}),
        ("full", {RMEM_MAX: 118 * 65536 // 2}),
        ("dns", {RMEM_MAX: 24 * 65536 // 2, RMEM_DEFAULT: 24 * 65536}),
        ("quic", {RMEM_MAX: 235 * 65536 // 2}),
        ("ingest", {RMEM_MAX: 1172 * 65536 // 2}),
        ("none", {}),
    ],
)
def test_each_profile_asks_for_what_its_arithmetic_says(profile: str, expected: dict[str, int]) -> None:
    assert wishes(profile=profile).values == {key: str(value) for key, value in expected.items()}


def test_quic_grants_what_a_quic_library_asks_for() -> None:
    assert int(wishes(profile="quic").values[RMEM_MAX]) >= 7_500_000


def test_what_is_higher_stays_and_is_said() -> None:
    found = wishes(survey(sysctls={RMEM_MAX: "4194304"}))
    assert RMEM_MAX not in found.values
    assert any("kept at 4,194,304" in note for note in found.notes)


def test_lowering_is_done_only_where_it_was_asked_for() -> None:
    found = wishes(survey(sysctls={RMEM_MAX: "67108864"}), lower=True)
    assert found.values[RMEM_MAX] == str(118 * 65536 // 2)


def test_nothing_is_asked_for_that_the_kernel_refuses() -> None:
    # net/core/sysctl_net_core.c: rmem_max is at least SOCK_MIN_RCVBUF.
    found = wishes(rate=1, service_rate=1, max_queue_delay=0.001, lower=True)
    assert found.values[RMEM_MAX] == "2304"


@pytest.mark.parametrize("profile", PROFILES)
def test_a_second_run_asks_for_the_same(profile: str) -> None:
    for memory in (768 << 20, 16 * GIB):
        host = survey(sysctls={UDP_MEM: "1000 2000 3000"}, memory=memory)
        first = wishes(host, profile=profile)
        again = wishes({**host, "sysctls": {**host["sysctls"], **first.values}}, profile=profile)
        assert again.values == first.values


def test_udp_mem_is_raised_within_the_share() -> None:
    found = wishes(survey(sysctls={UDP_MEM: "1000 2000 3000"}), profile="ingest")
    pages = 2 * 1172 * 16
    assert found.values[UDP_MEM] == f"{pages} {-(-pages * 4 // 3)} {2 * pages}"


def test_a_share_that_was_passed_before_is_warned_of() -> None:
    found = wishes(survey(sysctls={RMEM_MAX: str(1 << 30)}))
    assert "udp_tuning_memory_share" in found.warnings[0]


def test_a_named_knob_wins_over_the_profile() -> None:
    found = wishes(rmem_max=1_000_000, udp_mem="10 20 30", rmem_default=300_000, netdev_budget=600)
    assert found.values == {
        RMEM_MAX: "1000000",
        RMEM_DEFAULT: "300000",
        UDP_MEM: "10 20 30",
        "net.core.netdev_budget": "600",
    }


def test_keep_asks_for_nothing() -> None:
    assert not wishes(rmem_max="keep", udp_mem="keep", netdev_max_backlog="keep").values


def test_further_sysctls_win() -> None:
    assert wishes(sysctls={RMEM_MAX: "5000000"}).values[RMEM_MAX] == "5000000"


def test_backlog_stays_where_it_is_not_on_the_path() -> None:
    found = wishes()
    assert BACKLOG not in found.values
    assert any("not on the path" in note for note in found.notes)


@pytest.mark.parametrize(
    ("host", "named", "why"),
    [
        (survey(), {"rps": "0-3"}, "RPS is asked for"),
        (survey(links={"veth1": {"kind": "veth", "up": True}}), {}, "devices that use it are up: veth"),
        (survey({"eth0": {"kind": "nic", "rps": [{"queues": "0", "cpus": "0-3"}]}}), {}, "RPS is on: eth0"),
    ],
)
def test_backlog_is_sized_where_it_is_on_the_path(host: dict[str, Any], named: dict[str, Any], why: str) -> None:
    found = wishes(host, **named)
    # 50,000/s x 4 sockets x 20 ms
    assert found.values[BACKLOG] == "4000"
    assert any(why in note for note in found.notes)


def test_backlog_is_left_to_an_agent_that_sets_it() -> None:
    agent = {"name": "Cilium", "sign": "/sys/class/net/cilium_host", "owns": [BACKLOG], "drivers": []}
    host = survey(agents=[agent])
    assert wishes(host, netdev_max_backlog=5000).refused == [
        f"{BACKLOG}: Cilium sets it itself (/sys/class/net/cilium_host)"
    ]
    assert wishes(host, netdev_max_backlog=5000, force=True).values[BACKLOG] == "5000"
    assert not wishes(host, netdev_max_backlog="keep").refused


def test_an_image_gets_no_value_below_any_kernel_default() -> None:
    host = survey({}, image=True, memory=None, sysctls={})
    host["sysctls"] = {}
    found = wishes(host)
    assert found.values == {RMEM_MAX: "4194304"}
    assert wishes(host, profile="quic").values[RMEM_MAX] == str(235 * 65536 // 2)


def test_auto_budget_is_at_least_the_kernels_own() -> None:
    low = survey(sysctls={"net.core.netdev_budget": "100"})
    assert wishes(low, netdev_budget="auto").values["net.core.netdev_budget"] == "300"
    assert any("two ticks" in note for note in wishes(netdev_budget_usecs="auto").notes)
