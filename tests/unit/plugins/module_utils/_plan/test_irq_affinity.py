# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._plan.cpu_request import CpuRequestError
from ansible_collections.rxpath.linux.plugins.module_utils._plan.irq_affinity import (
    Interrupt,
    IrqState,
    plan_irq_affinity,
    queue_of,
)
from ansible_collections.rxpath.linux.plugins.module_utils._plan.irqbalance_ban import BanState, plan_ban, wanted_ban
from ansible_collections.rxpath.linux.plugins.module_utils._plan.topology import Topology, cores_of

# Two nodes of two cores of two hyper-threads; the second node is 4-7.
MACHINE = Topology(
    cores_of([], [[0, 1], [2, 3], [4, 5], [6, 7]]), {0: frozenset(range(4)), 1: frozenset(range(4, 8))}, frozenset({6})
)
COMMAND = "/usr/sbin/irqbalance --foreground $IRQBALANCE_ARGS"
BALANCED = BanState(installed=True, start=(COMMAND,), address="0000:00:05.0", driver="igb", script="v1")
TOLD = BALANCED._replace(current=wanted_ban(BALANCED))


def combined(number: int, asked: str = "0-7") -> tuple[Interrupt, ...]:
    return tuple(Interrupt(f"rx-{queue} tx-{queue}", asked) for queue in range(number))


def state(interrupts: tuple[Interrupt, ...], **more: Any) -> IrqState:
    fields: dict[str, Any] = {"driver": "igb", "node": 1, "queues": 2, "topology": MACHINE, "ban": TOLD, **more}
    return IrqState(interface="eth0", interrupts=interrupts, **fields)


def changes(request: dict[str, Any], of: IrqState) -> dict[str, str]:
    return {
        change.target.item: change.wanted for change in plan_irq_affinity(request, of).changes if change.knob == "irq"
    }


def test_queues_to_local_cores() -> None:
    assert changes({}, state(combined(2))) == {"rx-0 tx-0": "4", "rx-1 tx-1": "7"}
    assert changes({"skip": 1}, state(combined(2))) == {"rx-0 tx-0": "7", "rx-1 tx-1": "5"}
    assert changes({"allowed_cpus": "0-3", "housekeeping_cpus": ["0"]}, state(combined(2))) == {
        "rx-0 tx-0": "2",
        "rx-1 tx-1": "1",
    }


def test_second_run_changes_nothing() -> None:
    done = (Interrupt("rx-0 tx-0", "4"), Interrupt("rx-1 tx-1", "7"))
    assert plan_irq_affinity({}, state(done)).changes == ()


def test_offline_cpus_are_not_compared() -> None:
    assert changes({"policy": "explicit", "queues": ["4,9"]}, state((Interrupt("rx-0", "4,9"),))) == {}


def test_separate_transmit_interrupts_follow_the_receive_queue() -> None:
    separate = tuple(Interrupt(f"{kind}-{queue}", "0-7") for kind in ("rx", "tx") for queue in range(2))
    assert changes({}, state(separate)) == {"rx-0": "4", "tx-0": "4", "rx-1": "7", "tx-1": "7"}


def test_queues_out_of_use_are_left_alone() -> None:
    assert set(changes({}, state(combined(8), queues=1))) == {"rx-0 tx-0"}
    assert set(changes({"channels": 3}, state(combined(8), queues=1))) == {
        f"rx-{queue} tx-{queue}" for queue in range(3)
    }


def test_queues_that_a_channel_change_will_make() -> None:
    plan = plan_irq_affinity({"channels": 3}, state(combined(2)))
    assert [(change.target.item, change.current, change.wanted) for change in plan.changes][2] == (
        "rx-2 tx-2",
        None,
        "5",
    )


def test_managed_interrupts_are_reported() -> None:
    of = state((Interrupt("rx-0 tx-0", "0-7", settable=False), Interrupt("rx-1 tx-1", "0-7")))
    plan = plan_irq_affinity({}, of)
    assert [change.target.item for change in plan.changes] == ["rx-1 tx-1"]
    assert plan.unsupported == ("eth0 (igb): the kernel manages the interrupt of rx-0 tx-0; it cannot be moved",)


@pytest.mark.parametrize("queues", [{0: "2", 1: "6"}, {"0": 2, "1": [6]}, ["2", "6"], [2, 6]])
def test_explicit(queues: Any) -> None:
    # CPU 6 is isolated: who names it means it.
    assert changes({"policy": "explicit", "queues": queues}, state(combined(2))) == {"rx-0 tx-0": "2", "rx-1 tx-1": "6"}


def test_explicit_that_cannot_be() -> None:
    plan = plan_irq_affinity({"policy": "explicit", "queues": {5: "1", 0: "9", 1: "3,9"}}, state(combined(2)))
    assert plan.unsupported == ("eth0: no interrupt serves queue 5",)
    assert plan.refused == ("eth0: no CPU for queue 0 is online (asked: 9)",)
    assert plan.notes == ("eth0: CPUs 9 for queue 1 are not online and are left out",)
    assert [(change.target.item, change.wanted) for change in plan.changes] == [("rx-1 tx-1", "3")]


@pytest.mark.parametrize(
    "request_",
    [
        {"policy": "explicit", "queues": {"x": "1"}},
        {"policy": "explicit", "queues": "0-3"},
        {"policy": "explicit", "queues": [True]},
        {"housekeeping_cpus": "0-"},
        {"allowed_cpus": ["x"]},
    ],
)
def test_requests_that_are_none(request_: dict[str, Any]) -> None:
    with pytest.raises(CpuRequestError):
        plan_irq_affinity(request_, state(combined(2)))


def test_nothing_to_place() -> None:
    assert "channels, not interrupts" in plan_irq_affinity({}, state((), driver="hv_netvsc")).unsupported[0]
    assert plan_irq_affinity({"policy": "keep"}, state(combined(2))).changes == ()
    nowhere = plan_irq_affinity({"allowed_cpus": "99"}, state(combined(2)))
    assert nowhere.changes == ()
    assert "none of the allowed CPUs is online" in nowhere.refused[0]


def test_lazy_drivers_are_noted_when_something_moves() -> None:
    assert "when it next comes" in plan_irq_affinity({}, state(combined(2), driver="virtio_net")).notes[-1]
    assert plan_irq_affinity({}, state(combined(1, "4"), queues=1, driver="virtio_net")).notes == ()


@pytest.mark.parametrize(("serves", "queue"), [("rx-3 tx-3", 3), ("tx-2", 2), ("tx-1 rx-7", 7), ("rx-9 rx-10", 9)])
def test_the_queue_of_an_interrupt(serves: str, queue: int) -> None:
    assert queue_of(serves) == queue


def test_irqbalance_goes_first_and_is_told_once() -> None:
    plan = plan_irq_affinity({}, state(combined(1), queues=1, ban=BALANCED))
    assert [change.knob for change in plan.changes] == ["irqbalance", "irq"]
    ban = plan.changes[0].wanted
    assert ban == {
        "banned": {"0000:00:05.0": "igb"},
        "start": [COMMAND + " --policyscript=/etc/rxpath-linux/irqbalance-policy"],
        "script": "v1",
        "restarted": True,
    }
    assert plan_ban("eth0", BALANCED._replace(current=ban)).changes == ()
    more = plan_ban("eth1", BALANCED._replace(current=ban, address="0000:00:06.0", driver="ixgbe")).changes[0].wanted
    assert more["banned"] == {"0000:00:05.0": "igb", "0000:00:06.0": "ixgbe"}


@pytest.mark.parametrize(
    "moved",
    [
        pytest.param({"start": ["/usr/sbin/irqbalance"]}, id="command"),
        pytest.param({"script": None}, id="script"),
        pytest.param({"restarted": False}, id="killed-before-the-restart"),
    ],
)
def test_a_ban_that_does_not_hold_is_made_again(moved: dict[str, Any]) -> None:
    current = plan_ban("eth0", BALANCED).changes[0].wanted
    assert plan_ban("eth0", BALANCED._replace(current={**current, **moved})).changes


def test_selinux_gets_the_driver() -> None:
    ban = plan_ban("eth0", BALANCED._replace(selinux=True))
    assert ban.changes[0].wanted["start"] == [COMMAND + " --banmod=igb"]
    assert ban.changes[0].wanted["script"] is None
    assert "every device of the driver igb" in ban.notes[0]


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (BanState(), "not installed"),
        (BALANCED._replace(systemd=False), "not started by a systemd unit"),
        (BALANCED._replace(start=()), "not started by a systemd unit"),
        (BALANCED._replace(address=None), "eth0 is no PCI device"),
    ],
)
def test_where_irqbalance_cannot_be_told(of: BanState, text: str) -> None:
    plan = plan_ban("eth0", of)
    assert plan.changes == ()
    assert text in (plan.warnings + plan.notes)[0]
