# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter udp_size: what bounds its answers, how they grow, and what it says to input that it cannot use."""

from __future__ import annotations

import re
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.rxpath.linux.plugins.filter.udp_size import FilterModule, udp_size
from hypothesis import given
from hypothesis import strategies as st

GIB = 1 << 30
BUFFER = ("receive_buffer", "rmem_max", "rmem_default", "udp_mem")
KEYS = {"value", "unit", "arithmetic", "ceiling", "helps", "why"}
rates = st.floats(0.1, 1e7)
workloads = st.fixed_dictionaries(
    {
        "rate": rates,
        "datagram_size": st.integers(1, 65507),
        "stall": st.floats(0.0001, 60),
        "sockets": st.integers(1, 5000),
    },
    optional={
        "burst": st.integers(0, 10**7),
        "service_rate": st.one_of(st.just(0), rates),
        "max_queue_delay": st.floats(0.001, 100),
        "memory": st.integers(64 << 20, 1 << 42),
        "memory_share": st.floats(0.01, 1),
        "cpus": st.integers(1, 512),
        "link_speed": st.floats(10, 400_000),
        "ring_max": st.sampled_from([256, 1024, 4096, 8192]),
        "queues": st.integers(1, 128),
        "mtu": st.sampled_from([1500, 9000]),
        "udp_mem": st.sampled_from(["22500 30000 45000", "381000 508000 762000"]),
        "profile": st.sampled_from(["buffers", "dns", "quic", "ingest"]),
    },
)


def size_of(sized: dict[str, Any], name: str) -> int:
    value = sized[name]["value"]
    return int(value.split()[0]) if isinstance(value, str) else int(value)


def test_the_filter_is_offered_by_its_name() -> None:
    assert FilterModule().filters() == {"udp_size": udp_size}


def test_nothing_but_a_dictionary_is_the_default_profile() -> None:
    sized = udp_size({})
    # 50,000 x 0.05 x 2304 / 0.75 = 7,680,000, in whole steps of 64 KiB.
    assert sized["receive_buffer"]["value"] == 118 * 65536
    assert sized["receive_buffer"]["arithmetic"] == (
        "50,000/s x 50 ms x 2,304 bytes a datagram / 0.75 = 7,680,000 bytes a socket, in steps of 64 KiB: 7,733,248"
    )
    assert sized["rmem_max"]["value"] == 118 * 65536 // 2
    assert sized["udp_mem"]["value"] == "7552 10070 15104"
    assert sized["netdev_max_backlog"]["value"] == 4000
    assert sized["ring"]["value"] == 4096
    assert sized["workers"]["value"] is None
    assert all(set(one) == KEYS for name, one in sized.items() if name != "variables")


def test_a_slow_consumer_gets_readers_and_no_buffer() -> None:
    # The proxy of the second incident: 40 µs a datagram, 2 MB and then 25 MB of buffer.
    sized = udp_size({"profile": "quic", "sockets": 1, "rate": 35_000, "service_time": 40e-6, "current_buffer": 50e6})
    assert [sized[name]["helps"] for name in BUFFER] == [False] * 4
    assert "10,000/s more arrive than are read: 47.7 MiB fill in 2.2 s" in sized["receive_buffer"]["why"]
    assert sized["workers"]["value"] == 2
    assert sized["workers"]["helps"]
    # With so many readers, each with its share, the same workload has a buffer that helps.
    enough = udp_size({"profile": "quic", "sockets": 2, "rate": 17_500, "service_time": 40e-6})
    assert enough["workers"]["value"] == 2
    assert enough["receive_buffer"]["helps"]


@pytest.mark.parametrize(("rate", "workers"), [(2400, 1), (2401, 2), (9000, 4), (12_000, 5), (12_001, 6)])
def test_no_reader_is_planned_above_four_fifths_of_its_pace(rate: int, workers: int) -> None:
    assert udp_size({"rate": rate, "sockets": 1, "service_rate": 3000})["workers"]["value"] == workers


def test_a_reader_with_no_time_to_spare_gains_nothing_from_a_buffer() -> None:
    sized = udp_size({"rate": 3000, "sockets": 1, "service_rate": 3000})
    assert sized["receive_buffer"]["helps"] is False
    assert "never read off" in sized["receive_buffer"]["why"]
    assert udp_size({"rate": 2999, "sockets": 1, "service_rate": 3000})["receive_buffer"]["helps"] is True


def test_readers_without_a_cpu_each_share_one() -> None:
    sized = udp_size({"rate": 10_000, "sockets": 8, "service_rate": 20_000, "cpus": 1})
    assert not sized["receive_buffer"]["helps"]
    assert sized["workers"]["value"] == 1
    assert "cut to 1" in sized["workers"]["ceiling"]
    assert "20,000/s of 80,000/s at best" in sized["workers"]["why"]
    assert udp_size({"rate": 10_000, "sockets": 8, "service_rate": 20_000, "cpus": 8})["receive_buffer"]["helps"]


def test_a_ceiling_is_named_with_what_is_left() -> None:
    sized = udp_size({}, profile="ingest", memory=GIB)
    assert sized["receive_buffer"]["value"] * 2 <= GIB // 10
    assert sized["receive_buffer"]["ceiling"] == (
        "cut to 51.2 MiB: 2 sockets share 102.4 MiB, which is 10 % of 1.0 GiB of RAM (memory_share);"
        " 51.2 MiB bridge a stall of 349 ms, not of 500 ms"
    )


def test_a_buffer_that_does_not_hold_the_burst_says_so() -> None:
    sized = udp_size({"burst": 20_000, "sockets": 2, "rate": 10_000, "profile": "ingest", "memory": GIB})
    assert sized["receive_buffer"]["arithmetic"].endswith(
        "/ 0.75 = 76,800,000 bytes a socket, in steps of 64 KiB: 76,808,192"
    )
    assert sized["receive_buffer"]["ceiling"].endswith("51.2 MiB hold 17,472 datagrams, not even the burst of 20,000")


def test_no_ring_holds_more_than_the_link_brings() -> None:
    # 10 Gbit/s / 8 / (1,200 + 66) = 987,362 frames a second, of which 19,747 in 20 ms.
    sized = udp_size({"burst": 10**6, "link_speed": 10_000})
    assert sized["ring"]["value"] == 32768
    assert "cut to 32,768: 10,000 Mbit/s bring 987,362/s, 19,747 in 20 ms" in sized["ring"]["ceiling"]
    assert udp_size({"burst": 10**6, "link_speed": 10_000, "ring_max": 4096})["ring"]["value"] == 4096
    assert udp_size({"burst": 10**6, "queues": 64})["ring"]["value"] == 1024


def computed(arithmetic: str) -> tuple[float, float]:
    """Return what the product in a sentence of arithmetic comes to, and what the sentence says that it is."""
    # "λ = 5/s x 2 = 10/s, μ = 2/s (500 ms each): 10 / (2 x 0.8) = 6.25, so 7": the quotient is the last.
    left, right = arithmetic.rpartition("): ")[2].split(" = ")[:2]
    product = re.sub(r"([\d.]+) ms", r"(\1 / 1000)", left.replace(",", "").replace(" x ", " * "))
    said = re.match(r"[\d,]+(\.\d+)?", right)
    assert said, arithmetic
    return eval(re.sub(r"/s|[A-Za-z]+", "", product)), float(said[0].rstrip(",").replace(",", ""))


@given(
    st.floats(0.01, 1e9).map(lambda number: float(f"{number:.9g}")),
    st.floats(0.001, 60).map(lambda number: float(f"{number:.6g}")),
    st.integers(1, 65507),
    st.integers(1, 10**6),
    st.integers(0, 10**9),
    st.floats(0.01, 1e9).map(lambda number: float(f"{number:.9g}")),
)
def test_the_arithmetic_adds_up(
    rate: float, stall: float, datagram_size: int, sockets: int, burst: int, service_rate: float
) -> None:
    asked = {"rate": rate, "stall": stall, "datagram_size": datagram_size, "sockets": sockets, "burst": burst}
    sized = udp_size({**asked, "service_rate": service_rate})
    for name in ("receive_buffer", "netdev_max_backlog", "ring", "workers"):
        product, said = computed(sized[name]["arithmetic"])
        assert product == pytest.approx(said, rel=1e-6, abs=0.51), sized[name]["arithmetic"]


@given(workloads)
def test_no_answer_is_above_its_ceilings(workload: dict[str, Any]) -> None:
    sized = udp_size(workload)
    chosen, sockets = sized["receive_buffer"]["value"], workload["sockets"]
    memory, share = workload.get("memory"), workload.get("memory_share", 0.1)
    if chosen > 2304:
        assert not memory or chosen * sockets <= memory * share
        pages = int(workload.get("udp_mem", "0").split()[0])
        assert not pages or memory or chosen * sockets <= pages * 4096
        delay = float(sized["variables"]["udp_tuning_max_queue_delay"])
        pace = float(sized["variables"]["udp_tuning_service_rate"])
        truesize = int(sized["receive_buffer"]["arithmetic"].split(" bytes a datagram")[0].split()[-1].replace(",", ""))
        assert not pace or chosen <= pace * delay * truesize
    assert 2304 <= sized["rmem_max"]["value"] <= max(2304, (chosen + 1) // 2)
    assert sized["ring"]["value"] <= workload.get("ring_max", 1 << 30)
    assert sized["ring"]["value"] * workload.get("queues", 1) * 2304 <= 256 << 20
    workers, cpus = sized["workers"]["value"], workload.get("cpus")
    assert workers is None or not cpus or workers <= cpus
    if cpus and memory:
        assert sized["netdev_max_backlog"]["value"] <= max(1, memory / 8 / (cpus * 2304))


@given(workloads, st.sampled_from(["rate", "datagram_size", "stall", "burst", "sockets"]), st.floats(1, 3))
def test_more_work_never_asks_for_less_buffer(workload: dict[str, Any], key: str, factor: float) -> None:
    small = {"burst": 0, **workload, "mtu": 1500}
    most = {"datagram_size": 65507, "stall": 60}.get(key, 10**9)
    large = {**small, key: min(most, small[key] * factor if key in ("rate", "stall") else int(small[key] * factor))}
    first, second = udp_size(small), udp_size(large)
    if key in ("rate", "stall", "burst", "datagram_size"):
        assert size_of(first, "receive_buffer") <= size_of(second, "receive_buffer")
        assert size_of(first, "rmem_default") <= size_of(second, "rmem_default")
    else:
        assert size_of(first, "receive_buffer") >= size_of(second, "receive_buffer")
    if key in ("rate", "sockets", "burst"):
        assert size_of(first, "ring") <= size_of(second, "ring")
        assert size_of(first, "netdev_max_backlog") <= size_of(second, "netdev_max_backlog")
        if workload.get("service_rate"):
            assert size_of(first, "workers") <= size_of(second, "workers")


@given(workloads)
def test_helps_is_false_just_where_the_readers_do_not_keep_up(workload: dict[str, Any]) -> None:
    sized = udp_size(workload)
    pace = float(sized["variables"]["udp_tuning_service_rate"])
    assert [sized[name]["helps"] for name in BUFFER] == [workload["rate"] < pace if pace else None] * 4
    assert all(one["why"] and one["arithmetic"] for name, one in sized.items() if name != "variables")


@given(workloads)
def test_numbers_may_be_text_and_options_win(workload: dict[str, Any]) -> None:
    text = {name: str(value) for name, value in workload.items()}
    assert udp_size(text) == udp_size(workload)
    assert udp_size({"rate": 1, "datagram_size": 1}, **workload) == udp_size(workload)


@pytest.mark.parametrize(
    ("workload", "said"),
    [
        ({"rat": 5}, "unknown key 'rat' (did you mean rate?); there are: burst, cpus"),
        ({"rate": -1}, "rate: must be a number more than 0"),
        (
            {"rate": "20k"},
            "rate: must be a number more than 0 and at most 1000000000, not '20k': give it without a unit",
        ),
        ({"rate": True}, "rate: must be a number"),
        ({"stall": "nan"}, "stall: must be a number"),
        ({"datagram_size": 65508}, "datagram_size: must be a whole number at least 1 and at most 65507"),
        ({"sockets": 0}, "sockets: must be a whole number at least 1"),
        ({"memory_share": 5}, "memory_share: must be a number more than 0 and at most 1"),
        ({"memory": "16GiB"}, "memory: must be a whole number"),
        ({"profile": "dsn"}, "profile: must be one of buffers, full, dns"),
        ({"service_rate": 5, "service_time": 0.2}, "service_time: is 1 / service_rate: give one of them"),
        ({"udp_mem": "auto"}, "udp_mem: must be the three rising numbers of /proc/sys/net/ipv4/udp_mem, not 'auto'"),
        ({"udp_mem": "3 2 1"}, "udp_mem: must be the three rising numbers of /proc/sys/net/ipv4/udp_mem, not '3 2 1'"),
        ([], "the input must be a dictionary such as {'rate': 20000, 'stall': 0.05}, not []"),
        (None, "the input must be a dictionary"),
        ("dns", "the input must be a dictionary"),
        ("{rate: 5", "the input must be a dictionary such as {'rate': 20000, 'stall': 0.05}, not '{rate: 5'"),
    ],
)
def test_bad_input_is_named_with_what_would_do(workload: Any, said: str) -> None:
    with pytest.raises(AnsibleFilterError) as raised:
        udp_size(workload)
    assert said in str(raised.value)


def test_json_and_keys_without_a_value_are_taken() -> None:
    assert udp_size('{"rate": 20000, "cpus": null}') == udp_size({"rate": 20000})
