# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._sample import cgroup_cpu, host
from ansible_collections.rxpath.linux.plugins.module_utils._sample.cgroup_cpu import CpuQuota, Mount

V1, V2 = "4:cpu,cpuacct:%s\n0::/other\n", "0::%s\n"


def _group(root: Path, path: str, **files: str) -> Path:
    directory = root.joinpath(*path.strip("/").split("/"))
    directory.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (directory / name.replace("__", ".")).write_text(text)
    return directory


def _quota(monkeypatch: pytest.MonkeyPatch, mount: Mount, entry: str) -> CpuQuota:
    original = host.read_text
    monkeypatch.setattr(cgroup_cpu, "read_text", lambda path: entry if path == "/proc/7/cgroup" else original(path))
    return CpuQuota(7, mount)


def test_the_group_that_was_stopped_most(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A quota can stand on the pod, above the container that the process is in."""
    stat = "nr_periods %d\nnr_throttled %d\nthrottled_usec %d\n"
    pod = _group(tmp_path, "/pod", cpu__max="50000 100000\n", cpu__stat=stat % (10, 1, 100))
    _group(tmp_path, "/pod/box", cpu__max="20000 100000\n", cpu__stat=stat % (10, 0, 0))
    quota = _quota(monkeypatch, Mount(str(tmp_path), "/", 2), V2 % "/pod/box")
    (pod / "cpu.stat").write_text(stat % (110, 41, 3_200_100))
    assert quota.document() == {
        "quota_cpus": 0.5,
        "periods": 100,
        "throttled_periods": 40,
        "throttled_seconds": 3.2,
        "cgroup": "/pod",
    }


def test_the_older_hierarchy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stat = "nr_periods %d\nnr_throttled %d\nthrottled_time %d\n"
    files = {"cpu__cfs_quota_us": "20000\n", "cpu__cfs_period_us": "100000\n", "cpu__stat": stat % (0, 0, 0)}
    group = _group(tmp_path, "/box", **files)
    quota = _quota(monkeypatch, Mount(str(tmp_path), "/", 1), V1 % "/box")
    (group / "cpu.stat").write_text(stat % (20, 10, 800_000_000))
    document = quota.document()
    assert (document["quota_cpus"], document["throttled_periods"], document["throttled_seconds"]) == (0.2, 10, 0.8)


def test_without_a_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _group(tmp_path, "/box", cpu__max="max 100000\n")
    document = _quota(monkeypatch, Mount(str(tmp_path), "/", 2), V2 % "/box").document()
    assert (document["quota_cpus"], document["periods"], document["cgroup"]) == (None, 0, "/box")


def test_the_mount_shows_a_part_of_the_hierarchy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container, /proc/PID/cgroup names the group from the host's root and the mount begins at the container."""
    _group(tmp_path, "/inner", cpu__max="30000 100000\n", cpu__stat="")
    mount = Mount(str(tmp_path), "/docker/0123", 2)
    assert _quota(monkeypatch, mount, V2 % "/docker/0123/inner").document()["quota_cpus"] == 0.3


@pytest.mark.parametrize("entry", ["", "garbage", "0::/../../elsewhere\n"])
def test_what_cannot_be_found_has_no_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entry: str) -> None:
    assert _quota(monkeypatch, Mount(str(tmp_path), "/", 2), entry).document()["quota_cpus"] is None


def test_which_mount(monkeypatch: pytest.MonkeyPatch) -> None:
    hybrid = (
        "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n"
        "41 31 0:38 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n"
        "32 31 0:29 / /sys/fs/cgroup/cpu\\040acct rw - cgroup cgroup rw,cpuacct,cpu\n"
        "bad line\n"
    )
    monkeypatch.setattr(cgroup_cpu, "read_text", lambda _path: hybrid)
    assert cgroup_cpu.find_mount() == Mount("/sys/fs/cgroup/cpu acct", "/", 1)
    unified = "23 31 0:38 / /sys/fs/cgroup rw shared:4 - cgroup2 cgroup2 rw\n"
    monkeypatch.setattr(cgroup_cpu, "read_text", lambda _path: unified)
    assert cgroup_cpu.find_mount() == Mount("/sys/fs/cgroup", "/", 2)
    monkeypatch.setattr(cgroup_cpu, "read_text", lambda _path: "")
    assert cgroup_cpu.find_mount() is None
