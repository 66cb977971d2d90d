# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The knobs of interrupts and queues on a host made of files, and their families on it from request to result."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply.carry_out import tune
from ansible_collections.rxpath.linux.plugins.module_utils._apply.cpu_families import (
    IRQ_AFFINITY,
    PACKET_STEERING,
    read_irqs,
    read_steering,
)
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError, NotSupportedError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs import knob
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Plan, Target

RX0 = Target("eth0", "rx-0")


class Kernel(Host):
    """A host of files whose writes may be answered with an error."""

    answer = 0

    def write_text(self, path: str, text: str) -> None:
        if self.answer:
            raise OSError(self.answer, os.strerror(self.answer))
        super().write_text(path, text)


@pytest.fixture
def host(tmp_path: Path) -> Kernel:
    """A machine of 40 CPUs with an igb of two queues, the interrupts 50 (link), 51 and 52."""
    device = "/sys/devices/pci0000:00/0000:00:05.0"
    files = {
        f"{device}/net/eth0/ifindex": "2",
        f"{device}/net/eth0/type": "1",
        f"{device}/numa_node": "-1",
        f"{device}/msi_irqs/50": "msix",
        "/sys/kernel/irq/50/actions": "eth0\n",
        "/proc/irq/50/smp_affinity_list": "7\n",
        "/sys/devices/system/cpu/online": "0-39\n",
        "/proc/sys/net/core/rps_sock_flow_entries": "0\n",
    }
    for queue in (0, 1):
        files[f"{device}/msi_irqs/{51 + queue}"] = "msix"
        files[f"/sys/kernel/irq/{51 + queue}/actions"] = f"eth0-TxRx-{queue}\n"
        files[f"/proc/irq/{51 + queue}/smp_affinity_list"] = "0-39\n"
        files[f"/proc/irq/{51 + queue}/effective_affinity_list"] = "0\n"
        files[f"{device}/net/eth0/queues/rx-{queue}/rps_cpus"] = "00,00000000\n"
        files[f"{device}/net/eth0/queues/rx-{queue}/rps_flow_cnt"] = "0\n"
        files[f"{device}/net/eth0/queues/tx-{queue}/xps_cpus"] = "00,00000000\n"
    for path, text in files.items():
        place = tmp_path / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (tmp_path / "sys/class/net").mkdir(parents=True)
    (tmp_path / "sys/class/net/eth0").symlink_to(tmp_path / device.lstrip("/") / "net/eth0")
    (tmp_path / device.lstrip("/") / "net/eth0/device").symlink_to(tmp_path / device.lstrip("/"))
    return Kernel(str(tmp_path))


def carry_out(host: Host, plan: Plan) -> None:
    for change in plan.changes:
        knob(change.knob).write(host, change.target, change.wanted)


def test_interrupts_from_request_to_files(host: Kernel) -> None:
    request: dict[str, Any] = {"interface": "eth0", "policy": "auto", "housekeeping_cpus": "0"}
    carry_out(host, IRQ_AFFINITY.plan(request, read_irqs(host, request)))
    assert [host.read_text(f"/proc/irq/{irq}/smp_affinity_list") for irq in (50, 51, 52)] == ["7\n", "1\n", "2\n"]
    assert IRQ_AFFINITY.plan(request, read_irqs(host, request)).changes == ()


def test_what_irqbalance_moves_until_it_is_told_not_to(host: Kernel) -> None:
    """It moved an interrupt that was right when the plan was made, and was restarted after that."""
    unit = Path(host.path("/lib/systemd/system/irqbalance.service"))
    for folder in ("/usr/sbin", "/lib/systemd/system", "/run/systemd/system", "/var/lib", "/etc"):
        os.makedirs(host.path(folder))
    unit.write_text("[Service]\nExecStart=/usr/sbin/irqbalance\n")
    Path(host.path("/usr/sbin/irqbalance")).touch()
    right = Path(host.path("/proc/irq/51/smp_affinity_list"))
    right.write_text("0\n")

    def systemctl(command: list[str]) -> tuple[int, str, str]:
        right.write_text("9\n")
        return 0, "", ""

    host.run = systemctl
    request = {"family": "irq_affinity", "interface": "eth0", "policy": "auto"}
    done = tune(host, request, check=False, scope="running")
    assert [row["target"] for row in done["changes"]] == ["banned devices", "eth0 rx-1 tx-1"]
    assert right.read_text() == "0\n"
    assert (State.load(host).first("irq", Target("eth0", "rx-0 tx-0")) or {})["value"] == "9"
    assert not tune(host, request, check=True, scope="running")["changed"]


def test_check_mode_starts_from_what_earlier_devices_leave(host: Kernel) -> None:
    """Check mode of the second device once began with the files as they were before the first."""
    request = {"family": "packet_steering", "interface": "eth0", "rps": "keep", "rfs": "1024"}
    earlier = [{"knob": "sysctl", "target": "net.core.rps_sock_flow_entries", "to": "1024"}]

    def entries(check: bool, **more: Any) -> list[Any]:
        told = tune(host, {**request, **more}, check=check, scope="running")
        return [(row["from"], row["to"]) for row in told["changes"] if row["knob"] == "sysctl"]

    assert entries(True) == [("0", "1024")]
    assert entries(True, earlier=earlier) == []
    # A run that was told of changes that were then not made makes them itself.
    assert entries(False, earlier=earlier) == [("0", "1024")]


def test_steering_from_request_to_files(host: Kernel) -> None:
    request = {"interface": "eth0", "rps": "auto", "rfs": "1000", "xps": ["0-3", "36-39"]}
    carry_out(host, PACKET_STEERING.plan(request, read_steering(host, request)))
    queues = "/sys/class/net/eth0/queues"
    assert host.read_text(f"{queues}/rx-1/rps_cpus") == "ff,ffffffff\n"
    assert host.read_text(f"{queues}/rx-1/rps_flow_cnt") == "512\n"
    assert host.read_text(f"{queues}/tx-0/xps_cpus") == "f\n"
    assert host.read_text(f"{queues}/tx-1/xps_cpus") == "f0,00000000\n"
    assert host.read_text("/proc/sys/net/core/rps_sock_flow_entries") == "1024\n"
    assert PACKET_STEERING.plan(request, read_steering(host, request)).changes == ()


def test_an_interrupt_is_found_again_under_another_number(host: Kernel) -> None:
    irq = knob("irq")
    target = Target("eth0", "rx-1 tx-1")
    assert irq.read(host, target) == "0-39"
    for old, new in (("52", "61"), ("51", "52")):
        for path in (f"/sys/kernel/irq/{old}", f"/proc/irq/{old}", f"/sys/class/net/eth0/device/msi_irqs/{old}"):
            os.rename(host.path(path), host.path(path[: -len(old)] + new))
    irq.write(host, target, "5")
    assert host.read_text("/proc/irq/61/smp_affinity_list") == "5\n"
    assert irq.read(host, Target("eth0", "rx-0 tx-0")) == "0-39"


@pytest.mark.parametrize("code", [errno.EIO, errno.EPERM])
def test_managed_interrupts_cannot_be_moved(host: Kernel, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    host.answer = code
    with pytest.raises(NotSupportedError, match="the kernel manages"):
        knob("irq").write(host, Target("eth0", "rx-0 tx-0"), "3")


def test_managed_interrupts_are_known_by_their_mode(host: Kernel) -> None:
    os.chmod(host.path("/proc/irq/51/smp_affinity_list"), 0o444)
    plan = IRQ_AFFINITY.plan({"interface": "eth0"}, read_irqs(host, {"interface": "eth0"}))
    assert [change.target.item for change in plan.changes] == ["rx-1 tx-1"]
    assert "manages the interrupt of rx-0 tx-0" in plan.unsupported[0]


@pytest.mark.parametrize(
    ("name", "target", "value", "code", "text"),
    [
        ("irq", Target("eth0", "rx-0 tx-0"), "77", errno.ERANGE, "none of the CPUs 77 is online"),
        ("irq", Target("eth0", "rx-0 tx-0"), "7", errno.ENOSPC, "no interrupt vector left"),
        ("rps", RX0, "77", errno.EOVERFLOW, "cannot have"),
        ("rps", RX0, "7", errno.EINVAL, "isolated"),
        ("rfs", RX0, 8, errno.EACCES, "needs root"),
        ("xps", Target("eth0", "tx-0"), "7", errno.EROFS, "read-only"),
    ],
)
def test_refusals(host: Kernel, name: str, target: Target, value: Any, code: int, text: str) -> None:
    host.answer = code
    with pytest.raises(KnobError, match=text):
        knob(name).write(host, target, value)


@pytest.mark.parametrize("name", ["irq", "rps", "rfs", "xps"])
def test_what_is_not_there(host: Kernel, name: str) -> None:
    with pytest.raises(NotSupportedError):
        knob(name).read(host, Target("eth0", "rx-9"))
    with pytest.raises(NotSupportedError):
        knob(name).write(host, Target("eth0", "rx-9"), "1")


@pytest.mark.parametrize("name", ["rps", "xps"])
@pytest.mark.parametrize(
    ("value", "mask"), [("", "0"), ("0", "1"), ("31", "80000000"), ("32,95", "80000000,00000001,00000000")]
)
def test_masks(host: Kernel, name: str, value: str, mask: str) -> None:
    target = Target("eth0", "rx-0" if name == "rps" else "tx-0")
    knob(name).write(host, target, value)
    assert host.read_text(f"/sys/class/net/eth0/queues/{target.item}/{name}_cpus") == mask + "\n"
    assert knob(name).read(host, target) == value


def test_a_bond_has_no_interrupts(host: Kernel) -> None:
    bond = Path(host.path("/sys/class/net/bond0"))
    (bond / "bonding").mkdir(parents=True)
    (bond / "type").write_text("1\n")
    (bond / "lower_eth0").symlink_to(host.path("/sys/class/net/eth0"))
    with pytest.raises(KnobError, match=r"bond0 \(bond\) has no interrupts; the devices below it: eth0"):
        read_irqs(host, {"interface": "bond0"})
    with pytest.raises(KnobError, match="no such network interface: eth7"):
        read_steering(host, {"interface": "eth7"})


def test_what_is_no_list_of_cpus(host: Kernel) -> None:
    with pytest.raises(KnobError, match="allowed_cpus"):
        tune(host, {"family": "irq_affinity", "interface": "eth0", "allowed_cpus": "x"}, check=True)
    with pytest.raises(KnobError, match="rps"):
        tune(host, {"family": "packet_steering", "interface": "eth0", "rps": "x"}, check=True)
