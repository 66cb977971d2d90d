# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is remembered for boot, and what is installed to make it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply import archive, boot, install, lease, reapply
from ansible_collections.rxpath.linux.plugins.module_utils._apply.boot_files import ARCHIVE, RULE, UNIT, rule_text
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.incarnation import is_applied, mark_applied
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import State

from .conftest import MakeHost

RING = {"family": "nic_ring", "interface": "eth0", "rx": "max"}
DEVICE = "/sys/devices/pci0000:00/0000:00:05.0"


def nic(host: Host, name: str, index: int = 2, place: str = DEVICE) -> None:
    """Make a NIC as sysfs shows it."""
    root = Path(host.root)
    net = root / place.lstrip("/") / "net" / name
    net.mkdir(parents=True)
    for key, text in {"address": "52:54:00:00:00:01", "addr_assign_type": "0", "dev_port": "0"}.items():
        (net / key).write_text(text + "\n")
    (net / "ifindex").write_text(f"{index}\n")
    (root / "sys/bus/pci").mkdir(parents=True, exist_ok=True)
    (root / place.lstrip("/") / "subsystem").symlink_to(root / "sys/bus/pci")
    (net / "device").symlink_to(root / place.lstrip("/"))
    (root / "sys/class/net").mkdir(parents=True, exist_ok=True)
    (root / "sys/class/net" / name).symlink_to(net)


def rename(host: Host, old: str, new: str) -> None:
    net = Path(host.root) / DEVICE.lstrip("/") / "net"
    (net / old).rename(net / new)
    classes = Path(host.root) / "sys/class/net"
    (classes / old).unlink()
    (classes / new).symlink_to(net / new)


@pytest.fixture
def host(make_host: MakeHost) -> Host:
    """A host that runs systemd and has one NIC."""
    found = make_host(files={"/run/systemd/system/.keep": "", "/etc/udev/rules.d/.keep": ""})
    nic(found, "eth0")
    return found


def documents(host: Host) -> list[dict[str, Any]]:
    return list(json.loads(Path(host.path(boot.REQUESTS)).read_text())["requests"])


def test_request_follows_its_device_through_a_rename(host: Host) -> None:
    assert boot.remember(host, RING)
    assert documents(host) == [{**RING, "device": "pci:0000:00:05.0/0"}]
    rename(host, "eth0", "lan0")
    assert boot.find(host, "nic_ring", "lan0") == {**RING, "interface": "lan0"}
    assert boot.find(host, "nic_ring", "eth0") is None
    assert boot.requests_for(host, "lan0") == [{**RING, "interface": "lan0"}]
    boot.remember(host, {**RING, "interface": "lan0", "rx": "512"})
    assert [item["rx"] for item in documents(host)] == ["512"]


def test_request_is_remembered_once(host: Host) -> None:
    assert boot.remember(host, RING)
    before = Path(host.path(boot.REQUESTS)).read_bytes()
    assert not boot.remember(host, dict(RING))
    assert Path(host.path(boot.REQUESTS)).read_bytes() == before
    boot.forget(host, "nic_ring", "eth0")
    assert boot.remembered(host) == []


def test_image_is_prepared_by_name_and_nothing_of_the_builder_is_looked_at(make_host: MakeHost) -> None:
    image = make_host(files={"/usr/lib/systemd/systemd": "", "/etc/udev/rules.d/.keep": ""})
    nic(image, "eth0")
    assert boot.available(image) == ""
    boot.remember(image, RING)
    assert documents(image)[0]["device"] == "name:eth0"
    assert not Path(image.path("/run/rxpath-linux/applied")).exists()
    # On the machine that the image has become, the entry is found, and taken over by the device's own.
    Path(image.path("/run/systemd/system")).mkdir(parents=True)
    assert boot.requests_for(image, "eth0") == [RING]
    boot.remember(image, {**RING, "tx": "max"})
    assert documents(image) == [{**RING, "tx": "max", "device": "pci:0000:00:05.0/0"}]


def test_auto_holds_for_every_physical_device_without_a_request_of_its_own(host: Host) -> None:
    nic(host, "eth1", 3, "/sys/devices/pci0000:00/0000:00:06.0")
    nic(host, "veth0", 4, "/sys/devices/virtual")
    boot.remember(host, {**RING, "interface": "auto"})
    boot.remember(host, {**RING, "interface": "eth1", "rx": "64"})
    assert boot.requests_for(host, "eth0") == [RING]
    assert boot.requests_for(host, "eth1") == [{**RING, "interface": "eth1", "rx": "64"}]
    assert boot.requests_for(host, "veth0") == []


def test_damaged_requests_are_told(host: Host) -> None:
    path = Path(host.path(boot.REQUESTS))
    path.parent.mkdir(parents=True)
    for text in ("{", "[]", '{"schema": 1}', '{"schema": 9, "requests": []}'):
        path.write_text(text)
        with pytest.raises(KnobError, match=r"tuning\.json"):
            boot.remembered(host)


def test_what_is_installed_is_recorded_and_nothing_is_written_twice(host: Host) -> None:
    ran: list[list[str]] = []

    def run(command: list[str]) -> tuple[int, str, str]:
        ran.append(command)
        return 0, "", ""

    host.run = run
    boot.remember(host, RING)
    recorded = {row["path"] for row in State.load(host).files}
    assert {ARCHIVE, UNIT, RULE, boot.REQUESTS} <= recorded
    assert not boot.is_outdated(host)
    times = {path: Path(host.path(path)).stat().st_mtime_ns for path in (ARCHIVE, UNIT, RULE)}
    boot.remember(host, dict(RING))
    assert times == {path: Path(host.path(path)).stat().st_mtime_ns for path in (ARCHIVE, UNIT, RULE)}
    assert f"-I {ARCHIVE} %i" in Path(host.path(UNIT)).read_text()


def test_code_of_another_release_is_outdated(host: Host, tmp_path: Path) -> None:
    boot.remember(host, RING)
    path = Path(host.path(ARCHIVE))
    with zipfile.ZipFile(path) as found:
        members = {name: found.read(name) for name in found.namelist()}
    (name,) = [name for name in members if name.endswith("/_apply/reapply.py")]
    with zipfile.ZipFile(path, "w") as changed:
        for key, data in members.items():
            changed.writestr(key, data + b"# older\n" if key == name else data)
    assert boot.is_outdated(host)
    boot.refresh(host)
    assert not boot.is_outdated(host)
    path.write_bytes(b"no archive")
    assert boot.is_outdated(host)


@pytest.mark.parametrize("missing", [ARCHIVE, UNIT, RULE])
def test_missing_file_is_outdated(host: Host, missing: str) -> None:
    boot.remember(host, RING)
    Path(host.path(missing)).unlink()
    assert boot.is_outdated(host)


def test_archive_runs_without_anything_else(tmp_path: Path) -> None:
    path = tmp_path / "code.pyz"
    data = archive.build(reapply.__name__)
    path.write_bytes(data)
    assert archive.is_current(data)
    done = subprocess.run(
        [sys.executable, "-I", str(path), "no-such-device"], capture_output=True, text=True, cwd=tmp_path, timeout=60
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert [item.name for item in tmp_path.iterdir()] == ["code.pyz"]


def test_archive_holds_every_family_and_no_ansible() -> None:
    names = zipfile.ZipFile(__import__("io").BytesIO(archive.build(reapply.__name__))).namelist()
    assert any(name.endswith("_plan/nic_ring.py") for name in names)
    assert any(name.endswith("_apply/knobs/irq.py") for name in names)
    assert all(name == "__main__.py" or name.startswith("ansible_collections/") for name in names)
    assert not any("/_diagnose/" in name or "/_sample/" in name for name in names)


@pytest.mark.parametrize(
    ("key", "line"),
    [
        pytest.param("pci:0000:00:05.0/1", 'KERNELS=="0000:00:05.0"', id="pci"),
        pytest.param("vmbus:f8b3-11", 'KERNELS=="f8b3-11"', id="vmbus"),
        pytest.param("mac:02:00:00:00:00:01", 'SUBSYSTEMS=="net", ATTRS{address}=="02:00:00:00:00:01"', id="mac"),
        pytest.param("name:eth0", 'SUBSYSTEMS=="net", KERNELS=="eth0"', id="name"),
        pytest.param("name:a*b", 'SUBSYSTEMS=="net", KERNELS=="a[*]b"', id="star"),
        pytest.param('name:a"b', 'SUBSYSTEMS=="net", KERNELS=="a?b"', id="quote"),
        pytest.param("auto", 'DEVPATH!="/devices/virtual/*"', id="auto"),
    ],
)
def test_rule_matches_only_what_is_remembered(key: str, line: str) -> None:
    text = rule_text([key, key])
    assert text.count("rxpath_linux_tuned") == 2
    assert f'{line}, GOTO="rxpath_linux_tuned"\n' in text


def test_rule_for_nothing_starts_nothing() -> None:
    assert 'GOTO="rxpath_linux_tuned"' not in rule_text([])


def test_mark_is_of_one_appearance_of_a_device(host: Host) -> None:
    assert not is_applied(host, "eth0")
    boot.remember(host, RING)
    assert is_applied(host, "eth0")
    rename(host, "eth0", "lan0")
    assert is_applied(host, "lan0")
    Path(host.path("/sys/class/net/lan0/ifindex")).write_text("9\n")
    assert not is_applied(host, "lan0")
    mark_applied(host, "gone")
    assert not is_applied(host, "gone")


def test_interpreter_is_the_name_that_lasts_where_it_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/opt/python/bin/python3")
    assert install.interpreter() == "/opt/python/bin/python3"
    real = str(Path("/usr/bin/python3").resolve())
    monkeypatch.setattr(sys, "executable", real)
    assert install.interpreter() == "/usr/bin/python3"


def test_what_was_rolled_back_meanwhile_is_not_made_again(host: Host) -> None:
    """A unit that waited, for its device or for the rollback itself, once tuned what was just put back."""
    masks = "/sys/class/net/eth0/queues/rx-0/rps_cpus"
    place = Path(host.path(masks))
    place.parent.mkdir(parents=True)
    place.write_text("0\n")
    cpus = Path(host.path("/sys/devices/system/cpu/online"))
    cpus.parent.mkdir(parents=True)
    cpus.write_text("0-3\n")
    boot.remember(host, {"family": "packet_steering", "interface": "eth0", "rps": "1"})
    requests = boot.requests_for(host, "eth0")
    failures: dict[str, str] = {}
    with lease.held(host, None, "rollback"):
        unit = threading.Thread(target=reapply._pass, args=(host, requests, failures))
        unit.start()
        time.sleep(0.7)
        Path(host.path(boot.REQUESTS)).unlink()
    unit.join()
    assert not reapply._pass(host, requests, failures)
    assert (host.read_text(masks), failures) == ("0\n", {})
