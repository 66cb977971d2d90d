# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The filter udp_size says what the role sets and what the audit advises, where all of them are told the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
import yaml
from ansible_collections.rxpath.linux.plugins.filter.udp_size import udp_size
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import backlog_advice
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.settings import merge
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host
from ansible_collections.rxpath.linux.plugins.module_utils._plan.host_sysctls import host_sysctls
from ansible_collections.rxpath.linux.plugins.module_utils._plan.profile import MEMORY_SHARE, PROFILES, resolve
from ansible_collections.rxpath.linux.plugins.plugin_utils.tuning_settings import normalise_tuning
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._diagnose.conftest import simulate
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._plan.surveys import GIB, survey
from hypothesis import given
from hypothesis import strategies as st

ROOT = Path(__file__).resolve().parents[4]
DEFAULTS = yaml.safe_load((ROOT / "roles/udp_tuning/defaults/main.yml").read_text(encoding="utf-8"))
RMEM_MAX, RMEM_DEFAULT, UDP_MEM = "net.core.rmem_max", "net.core.rmem_default", "net.ipv4.udp_mem"
BACKLOG = "net.core.netdev_max_backlog"
# A host on which everything is too small, so that the role says all that it would set.
LEAST = {RMEM_MAX: "2304", RMEM_DEFAULT: "2304", UDP_MEM: "1 1 1", BACKLOG: "1"}


def role(memory: int, **variables: Any) -> dict[str, str]:
    """Return the sysctls that the role would set on a host of that memory, with a veth on the path."""
    settings = normalise_tuning({**DEFAULTS, "udp_tuning_rmem_default": "auto", **variables})
    host = survey(links={"veth1": {"kind": "veth", "up": True}}, sysctls=LEAST, memory=memory)
    return host_sysctls(resolve(settings), host).values


def sysctls(sized: dict[str, Any]) -> dict[str, str]:
    names = {RMEM_MAX: "rmem_max", RMEM_DEFAULT: "rmem_default", UDP_MEM: "udp_mem", BACKLOG: "netdev_max_backlog"}
    return {key: str(sized[name]["value"]) for key, name in names.items()}


@pytest.mark.parametrize("profile", [name for name in PROFILES if name != "none"])
@pytest.mark.parametrize("memory", [GIB, 16 * GIB])
def test_it_says_what_a_profile_sets(profile: str, memory: int) -> None:
    sized = udp_size({"profile": profile, "memory": memory, "udp_mem": "1 1 1"})
    assert sysctls(sized) == role(memory, udp_tuning_profile=profile)


@given(
    st.fixed_dictionaries(
        {
            "rate": st.floats(1, 1e6),
            "datagram_size": st.integers(1, 65507),
            "stall": st.floats(0.001, 10),
            "sockets": st.integers(1, 100),
            "service_rate": st.one_of(st.just(0.0), st.floats(1, 1e6)),
            "max_queue_delay": st.floats(0.01, 10),
            "memory_share": st.floats(0.01, 1),
        }
    ),
    st.integers(256 << 20, 1 << 40),
)
def test_it_says_what_the_role_sets_for_any_workload(workload: dict[str, Any], memory: int) -> None:
    sized = udp_size({**workload, "memory": memory, "udp_mem": "1 1 1"})
    assert sysctls(sized) == role(memory, **{f"udp_tuning_{name}": value for name, value in workload.items()})
    assert sysctls(sized) == role(memory, **sized["variables"])


@given(st.floats(1, 1e6), st.floats(0.001, 10), st.integers(0, 10**6))
def test_a_burst_reaches_the_role_as_a_longer_stall(rate: float, stall: float, burst: int) -> None:
    sized = udp_size({"rate": rate, "stall": stall, "burst": burst, "memory": 1 << 50, "sockets": 1})
    if sized["variables"]["udp_tuning_stall"] <= 60:
        set_by_role = int(role(1 << 50, **sized["variables"])[RMEM_DEFAULT])
        # The product of a rounded quotient may lie on the other side of a step of 64 KiB.
        assert abs(set_by_role - sized["receive_buffer"]["value"]) <= 65536


def test_the_share_of_memory_is_the_roles() -> None:
    assert DEFAULTS["udp_tuning_memory_share"] == MEMORY_SHARE


def advice_of(arrivals: Callable[[float], float], pace: Callable[[float], float]) -> dict[str, Any]:
    found: dict[str, Any] = diagnose_host(simulate(arrivals, pace), {})["findings"][0]
    return found


@pytest.mark.parametrize(("arriving", "pace"), [(9000.0, 3000.0), (20_000.0, 15_000.0), (50_000.0, 7000.0)])
def test_it_needs_as_many_readers_as_the_audit_advises(arriving: float, pace: float) -> None:
    finding = advice_of(lambda _now: arriving, lambda _now: pace)
    socket = finding["sockets"][0]
    measured = {"rate": socket["arrival_rate"], "service_rate": socket["service_rate"], "sockets": 1}
    sized = udp_size({**measured, "truesize": 832, "current_buffer": socket["receive_buffer"]})
    assert sized["workers"]["value"] == socket["consumers_needed"]
    (vain,) = (one for one in finding["advice"] if "a larger receive_buffer" in one["action"])
    assert sized["receive_buffer"]["helps"] is vain["helps"] is False
    # "6,000/s more arrive than are read: 212,992 bytes fill in 43 ms, and": the same up to the ceiling, a host's own.
    first, mark, _rest = vain["why"].partition(" and the largest")
    assert mark
    assert sized["receive_buffer"]["why"].startswith(first + mark)


@pytest.mark.parametrize(("rate", "stall"), [(20_000.0, 0.1), (5000.0, 0.4), (8000.0, 0.25)])
def test_a_measured_stall_asks_for_the_buffer_that_was_sized(rate: float, stall: float) -> None:
    finding = advice_of(lambda _now: rate, lambda now: 0.0 if now % 1.0 < stall else 10 * rate)
    (one,) = (advice for advice in finding["advice"] if "rmem_default" in advice["action"] and advice["helps"])
    sized = udp_size({"rate": rate, "stall": stall, "truesize": 832})["receive_buffer"]["value"]
    # The audit counts what comes between two looks, each drawn up to 75 ms from the last, as if it came at once.
    most = udp_size({"rate": rate, "stall": stall + 2 * 0.075, "truesize": 832})["receive_buffer"]["value"]
    assert sized <= one["recommended"] <= most


def test_the_ceiling_of_a_backlog_is_the_audits() -> None:
    memory, cpus = 64 << 20, 64
    row = {"cpu": 0, "dropped": 10**6, "flow_limit": 0, "processed": 0}
    sample = {
        "limits": {"netdev_max_backlog": 10},
        "host": {"memory_bytes": memory, "cpus_online": list(range(cpus))},
        "window": {"seconds": 10.0},
    }
    advised = backlog_advice.longer(sample, [row], False, merge({}))
    sized = udp_size({"rate": 1e6, "memory": memory, "cpus": cpus})["netdev_max_backlog"]
    assert sized["value"] == advised["recommended"]
    assert sized["ceiling"].split(": ", 1)[1] in advised["why"]
