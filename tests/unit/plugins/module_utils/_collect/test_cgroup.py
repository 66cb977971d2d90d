# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.cgroup import (
    container_id,
    parse_cpu_max,
    parse_cpu_stat,
    parse_proc_cgroup,
    pod_uid,
    service_unit,
)
from ansible_collections.rxpath.linux.plugins.module_utils._collect.errors import ParseError

PROC = Path(__file__).parents[3] / "fixtures/6.18.44-x86_64/proc"
HEX = "0123456789abcdef" * 4
UID = "7f1d3c5e-0a2b-4c6d-8e9f-001122334455"
SLICE_UID = UID.replace("-", "_")


def test_recorded() -> None:
    entries = parse_proc_cgroup((PROC / "task/cgroup").read_text())
    assert entries[-1] == (0, (), "/")
    assert ("cpu",) in [entry.controllers for entry in entries]


def test_path_with_colons() -> None:
    (entry,) = parse_proc_cgroup(f"3:cpu,cpuacct:/kubepods-burstable-pod1.slice:cri-containerd:{HEX}\n")
    assert entry.controllers == ("cpu", "cpuacct")
    assert entry.path.endswith(":cri-containerd:" + HEX)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/", None, id="root"),
        pytest.param("/system.slice/ssh.service", None, id="service"),
        pytest.param("/docker/" + HEX, "docker:0123456789ab", id="docker-cgroupfs"),
        pytest.param(f"/system.slice/docker-{HEX}.scope", "docker:0123456789ab", id="docker-systemd"),
        pytest.param(f"/kubepods/burstable/pod{UID}/{HEX}", "container:0123456789ab", id="kubepods-cgroupfs"),
        pytest.param(
            f"/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod{SLICE_UID}.slice/cri-containerd-{HEX}.scope",
            "containerd:0123456789ab",
            id="containerd",
        ),
        pytest.param(
            f"/system.slice/containerd.service/kubepods-besteffort-pod{SLICE_UID}.slice:cri-containerd:{HEX}",
            "containerd:0123456789ab",
            id="containerd-systemd-v1",
        ),
        pytest.param(f"/kubepods.slice/kubepods-pod{SLICE_UID}.slice/crio-{HEX}.scope", "crio:0123456789ab", id="crio"),
        pytest.param(f"/kubepods.slice/crio-conmon-{HEX}.scope", None, id="crio-monitor"),
        pytest.param(f"/machine.slice/libpod-{HEX}.scope/container", "podman:0123456789ab", id="podman"),
        pytest.param(f"/machine.slice/libpod-conmon-{HEX}.scope", None, id="podman-monitor"),
        pytest.param(f"/libpod_parent/libpod-{HEX}", "podman:0123456789ab", id="podman-cgroupfs"),
        pytest.param("/machine.slice/systemd-nspawn@web\\x2d1.service/payload", "nspawn:web-1", id="nspawn"),
        pytest.param("/machine.slice/machine-web.scope", "machine:web", id="machine"),
        pytest.param("/machine.slice/machine-qemu\\x2d1\\x2dvm.scope", None, id="virtual-machine"),
        pytest.param("/lxc.payload.web/init.scope", "lxc:web", id="lxc-payload"),
        pytest.param("/lxc/web/system.slice", "lxc:web", id="lxc"),
        pytest.param("/lxc.monitor.web", None, id="lxc-monitor"),
        pytest.param(f"/kubepods/pod{UID}", "pod:" + UID, id="pod-without-container"),
        pytest.param(f"/docker/{HEX}/kubelet/kubepods/pod{UID}/{HEX[::-1]}", "container:fedcba987654", id="nested"),
    ],
)
def test_container(path: str, expected: str | None) -> None:
    assert container_id(path) == expected


def test_pod_uid() -> None:
    assert pod_uid(f"/kubepods.slice/kubepods-burstable-pod{SLICE_UID}.slice/cri-containerd-{HEX}.scope") == UID
    assert pod_uid(f"/kubepods/besteffort/pod{UID}/{HEX}") == UID
    assert pod_uid("/system.slice/podman.service") is None


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("/system.slice/nsd.service", "nsd.service", id="service"),
        pytest.param("/../../system.slice/nsd.service/worker", "nsd.service", id="below-it"),
        pytest.param("/system.slice/system-dns.slice/dns@a\\x2db.service", "dns@a\\x2db.service", id="instance"),
        pytest.param("/system.slice/_cgroup.service", "cgroup.service", id="escaped-by-systemd"),
        pytest.param("/system.slice/app.service/evil.service", "app.service", id="outermost"),
        pytest.param("/user.slice/user-0.slice/user@0.service/app.slice/x.service", None, id="a-users"),
        pytest.param("/user.slice/user-0.slice/session-3.scope", None, id="session"),
        pytest.param(f"/system.slice/docker-{HEX}.scope", None, id="container"),
        pytest.param(
            f"/system.slice/containerd.service/kubepods-pod{SLICE_UID}.slice:cri-containerd:{HEX}", None, id="pod"
        ),
        pytest.param(f"/system.slice/dns.service/libpod-payload-{HEX}", "dns.service", id="quadlet"),
        pytest.param("/system.slice/a b.service", None, id="no-name-of-a-unit"),
        pytest.param("/system.slice/.service", None, id="nothing"),
        pytest.param("/system.slice/nsd.service\n", None, id="line-end"),
        pytest.param("/", None, id="root"),
        pytest.param("", None, id="empty"),
    ],
)
def test_unit(path: str, expected: str | None) -> None:
    assert service_unit(path) == expected


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("nr_periods 100\nnr_throttled 40\nthrottled_time 3200000000\n", id="v1"),
        pytest.param("usage_usec 9\nnr_periods 100\nnr_throttled 40\nthrottled_usec 3200000\n", id="v2"),
    ],
)
def test_cpu_stat(text: str) -> None:
    assert parse_cpu_stat(text) == {"nr_periods": 100, "nr_throttled": 40, "throttled_seconds": 3.2}


def test_cpu_stat_without_quota() -> None:
    assert parse_cpu_stat("usage_usec 9\nuser_usec 4\n") == {}


def test_cpu_max() -> None:
    assert parse_cpu_max("50000 100000\n") == 0.5
    assert parse_cpu_max("max 100000\n") is None
    assert parse_cpu_max("-1 100000\n") is None


def test_bad() -> None:
    for text in ("", "x", "1:cpu\n", "a:b:c\n"):
        with pytest.raises(ParseError, match="cgroup: "):
            parse_proc_cgroup(text)
    for text in ("nr_periods\n", "nr_periods x\n", "throttled_time " + "9" * 400):
        with pytest.raises(ParseError, match=r"cpu.stat: "):
            parse_cpu_stat(text)
    for text in ("", "1", "1 0", "1 2 3", "a b"):
        with pytest.raises(ParseError, match=r"cpu.max: "):
            parse_cpu_max(text)
