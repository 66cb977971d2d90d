# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The virtual machines themselves: every verb does what it says, counts are exact, and nothing outlives its owner."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.hosts.machines import (
    Bed,
    Guest,
    MachineError,
    MachinesUnavailableError,
    attach,
    machines,
)
from ansible_collections.rxpath.linux.tests.hosts.machines.cache import folder as cache_folder
from ansible_collections.rxpath.linux.tests.hosts.machines.image import DEFAULT_MIRROR, mirror

pytestmark = pytest.mark.needs_root

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = [sys.executable, str(ROOT / "tests/hosts/bed.py")]
MARK = "RXPATH_BED_TEST"
GONE_SECONDS = 10.0


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    try:
        with machines(["bookworm"], tmp_path_factory.mktemp("bed")) as started:
            yield started
    except MachinesUnavailableError as missing:
        pytest.skip(str(missing))


@pytest.fixture
def guest(bed: Bed) -> Guest:
    bed["bookworm"].reset()
    return bed["bookworm"]


def udp(guest: Guest, name: str) -> int:
    """Return a counter of the guest's /proc/net/snmp."""
    rows = [line.split() for line in guest.ssh("cat /proc/net/snmp").splitlines() if line.startswith("Udp:")]
    return int(dict(zip(*rows))[name])


def until(wanted: Callable[[], bool], seconds: float = 15.0) -> bool:
    end = time.monotonic() + seconds
    while not wanted():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def carrier(guest: Guest, key: str) -> str:
    return guest.ssh(f"cat /sys/class/net/{guest.nics[key]}/carrier").strip()


def test_every_model_is_there_and_reached(guest: Guest, bed: Bed) -> None:
    drivers = {"virtio0": "virtio_net", "igb0": "igb", "igb1": "igb", "vmxnet0": "vmxnet3", "e1000e0": "e1000e"}
    for key, driver in drivers.items():
        device = f"/sys/class/net/{guest.nics[key]}/device"
        assert guest.ssh(f"basename $(readlink {device}/driver)").strip() == driver
        far = guest.address(key).rsplit(".", 1)[0] + ".1"
        guest.ssh(f"ping -c 1 -W 5 -I {guest.nics[key]} {far}")
    assert guest.ssh("uname -r").startswith("6.1.")
    assert abs(int(guest.ssh("date +%s")) - time.time()) < 5


def delivered(guest: Guest, bed: Bed, key: str, datagrams: int) -> int:
    """Send a burst to a port where nobody listens and return how many the guest's UDP has seen."""
    before = udp(guest, "NoPorts")
    told = bed.burst("bookworm", key, datagrams=datagrams, size=200)
    assert (told["sent"], told["refused"], told["tap_dropped"]) == (datagrams, 0, 0)
    last, now = before, -1
    while now != last:
        time.sleep(1)
        last, now = now, udp(guest, "NoPorts")
    return now - before


@pytest.mark.parametrize("key", ["virtio0", "e1000e0"])
def test_bursts_are_counted_exactly(guest: Guest, bed: Bed, key: str) -> None:
    assert delivered(guest, bed, key, 1000) == 1000


def test_floods_are_counted_exactly(guest: Guest, bed: Bed) -> None:
    before = udp(guest, "NoPorts")
    assert bed.flood("bookworm", "e1000e0", rate=2000, seconds=1)["sent"] == 2000
    assert until(lambda: udp(guest, "NoPorts") >= before + 2000)
    assert udp(guest, "NoPorts") == before + 2000


def test_flows_have_sources_of_their_own(guest: Guest, bed: Bed) -> None:
    script = (
        "import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(('', 9000)); s.settimeout(20); "
        "print('ready', flush=True); print(len({s.recvfrom(2048)[1] for _ in range(64)}))"
    )
    guest.ssh(f'nohup python3 -c "{script}" > /tmp/flows 2>&1 & until grep -q ready /tmp/flows; do sleep 0.1; done')
    bed.burst("bookworm", "virtio0", datagrams=64, flows=8)
    assert until(lambda: guest.ssh("cat /tmp/flows").split() == ["ready", "8"])


def test_a_small_ring_loses_what_a_large_one_takes(guest: Guest, bed: Bed) -> None:
    name = guest.nics["igb0"]
    taken = {}
    for ring in (64, 4096):
        guest.ssh(f"ethtool -G {name} rx {ring}")
        assert until(lambda: carrier(guest, "igb0") == "1")
        taken[ring] = delivered(guest, bed, "igb0", 3000)
    assert taken[64] < taken[4096] == 3000


def test_cable_and_slot(guest: Guest) -> None:
    for key in ("igb0", "virtio0"):
        guest.cut(key)
        assert until(lambda key=key: carrier(guest, key) == "0")  # type: ignore[misc]
        guest.mend(key)
        assert until(lambda key=key: carrier(guest, key) == "1")  # type: ignore[misc]
    for key in ("igb1", "virtio0", "vmxnet0", "e1000e0"):
        name = guest.nics[key]
        guest.unplug(key)
        assert key not in guest.nics
        guest.replug(key)
        assert guest.nics[key] == name
    with pytest.raises(MachineError, match="bookworm has no eth7; it has virtio0, igb0"):
        guest.cut("eth7")


def test_snapshots(guest: Guest) -> None:
    guest.ssh("touch /root/one; sysctl -qw net.core.netdev_max_backlog=1234")
    guest.snapshot("one")
    guest.ssh("rm /root/one; sysctl -qw net.core.netdev_max_backlog=999; sync")
    guest.reset("one")
    assert guest.ssh("ls /root/one; sysctl -n net.core.netdev_max_backlog").split() == ["/root/one", "1234"]
    guest.reset()
    assert guest.ssh("ls /root; sysctl -n net.core.netdev_max_backlog").split() == ["1000"]


def test_reboot_and_power_cut_keep_the_disk_alone(guest: Guest) -> None:
    guest.ssh("echo kept > /etc/kept; sync; sysctl -qw net.core.netdev_max_backlog=1234")
    names, boot = guest.nics, guest.ssh("cat /proc/sys/kernel/random/boot_id")
    guest.reboot()
    assert guest.ssh("cat /proc/sys/kernel/random/boot_id") != boot
    assert guest.ssh("cat /etc/kept; sysctl -n net.core.netdev_max_backlog").split() == ["kept", "1000"]
    guest.ssh("echo lost > /etc/lost")  # and no sync
    guest.crash()
    assert guest.ssh("cat /etc/kept /etc/lost", check=False).split() == ["kept"]
    assert guest.nics == names


def test_ansible_reaches_the_guest(guest: Guest, bed: Bed) -> None:
    inventory = bed.write_inventory({"bookworm": {"greeting": "hello"}})
    command = [str(Path(sys.executable).parent / "ansible"), "-i", str(inventory), "bookworm"]
    done = subprocess.run(
        [*command, "-m", "ansible.builtin.debug", "-a", "msg={{ greeting }}-{{ rx_nics.igb0 }}"],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert f"hello-{guest.nics['igb0']}" in done.stdout
    subprocess.run([*command, "-m", "ansible.builtin.ping"], capture_output=True, timeout=60, check=True)


def test_two_nodes_with_hyper_threads(tmp_path: Path, bed: Bed) -> None:
    with machines(["numa"], tmp_path) as other:
        numa = other["numa"]
        device = f"/sys/class/net/{numa.nics['igb0']}/device"
        assert numa.ssh(f"cat {device}/numa_node {device}/local_cpulist").split() == ["1", "4-7"]
        assert numa.ssh("cat /sys/devices/system/cpu/cpu4/topology/thread_siblings_list").strip() == "4-5"
        other.burst("numa", "igb0", datagrams=100)
        assert until(lambda: udp(numa, "NoPorts") == 100)


# What follows starts beds as other processes do, and ends them the hard way.


def marked(mark: str) -> dict[int, list[str]]:
    """Return the processes that inherited a mark, with the namespaces that are theirs."""
    found = {}
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"{MARK}={mark}".encode() in (place / "environ").read_bytes().split(b"\0"):
                found[int(place.name)] = [os.readlink(place / "ns" / kind) for kind in ("net", "mnt", "pid")]
    return found


def namespaces() -> set[str]:
    """Return every namespace that some process is in or that has a name."""
    found = {f"net:[{path.stat().st_ino}]" for path in Path("/run/netns").glob("*")}
    for place in Path("/proc").glob("[0-9]*/ns/*"):
        with contextlib.suppress(OSError):
            found.add(os.readlink(place))
    return found


def outside() -> tuple[set[str], set[str]]:
    """Return what a bed must leave as it is: mounts and taps of the machine that have to do with it, and the cache."""
    mounts = {line for line in Path("/proc/self/mountinfo").read_text().splitlines() if "rxpath" in line}
    taps = {path.parent.name for path in Path("/sys/class/net").glob("*/tun_flags")}
    return mounts | taps, {path.name for path in cache_folder().iterdir() if not path.name.startswith(".")}


class Started:
    """A bed started by the command line for an owner of its own."""

    def __init__(self, folder: Path, lifetime: float = 300.0) -> None:
        self.folder = folder
        self.mark = os.urandom(8).hex()
        self.before = outside()
        self.owner = subprocess.Popen(["sleep", "300"])
        self.starter = subprocess.Popen(
            [*PROGRAM, "start", "--folder", str(folder), "--owner", str(self.owner.pid),
             "--lifetime", str(lifetime), "bookworm"],
            env={**os.environ, MARK: self.mark},
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.spaces: set[str] = set()

    def see(self, program: str) -> bool:
        """Return whether one of the bed's processes runs a program; keeps the namespaces seen."""
        ours = {os.readlink(f"/proc/self/ns/{kind}") for kind in ("net", "mnt", "pid")}
        names = []
        for pid, spaces in marked(self.mark).items():
            self.spaces |= set(spaces) - ours
            with contextlib.suppress(OSError):
                names.append(Path(f"/proc/{pid}/comm").read_text().strip())
        return any(name.startswith(program) for name in names)

    def nothing_left(self) -> None:
        """Check that all that the bed was is gone in time."""
        try:
            assert self.spaces, "the bed was never seen running"
            assert until(lambda: not marked(self.mark), GONE_SECONDS), marked(self.mark)
            assert until(lambda: not self.spaces & namespaces(), GONE_SECONDS)
            assert outside() == self.before
            assert {path.name for path in self.folder.iterdir()} <= {
                "bed.log", "state.json", "inventory.yml", "ssh_config"}  # fmt: skip
            # The last process ends when the kernel has freed the guests' memory with its mounts.
            assert until(lambda: attach(self.folder) is None, GONE_SECONDS)
        finally:
            self.end()

    def end(self) -> None:
        for process in (self.owner, self.starter):
            process.kill()
            process.wait()
        subprocess.run([*PROGRAM, "stop", "--folder", str(self.folder)], check=True, timeout=60)


@pytest.fixture
def started(bed: Bed, tmp_path: Path) -> Iterator[Started]:
    """Return a bed that is up."""
    one = Started(tmp_path)
    assert one.starter.wait(120) == 0
    assert one.see("qemu")
    yield one
    one.end()


def test_owner_killed(started: Started) -> None:
    started.owner.kill()
    started.owner.wait()
    started.nothing_left()


@pytest.mark.parametrize("which", ["outer", "first process"])
def test_supervisor_killed(started: Started, which: str) -> None:
    pid = json.loads((started.folder / "state.json").read_text())["pid"]
    if which != "outer":
        pid = int(Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])
    os.kill(pid, signal.SIGKILL)
    started.nothing_left()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_starter_ended_in_mid_start(bed: Bed, tmp_path: Path, number: signal.Signals) -> None:
    one = Started(tmp_path)
    assert until(lambda: one.see("qemu"), 60)
    one.starter.send_signal(number)
    one.starter.wait(20)
    one.nothing_left()


def test_lifetime_over(bed: Bed, tmp_path: Path) -> None:
    one = Started(tmp_path, lifetime=20)
    assert one.starter.wait(120) == 0
    assert one.see("qemu")
    assert until(lambda: not marked(one.mark), 40)
    one.nothing_left()


def test_command_line(started: Started) -> None:
    def do(*words: str) -> subprocess.CompletedProcess[str]:
        command = [*PROGRAM, "do", "--folder", str(started.folder), "bookworm", *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)

    assert do("ssh", "hostname").stdout == "bookworm\n"
    assert do("ssh", "exit 3").returncode == 3
    assert json.loads(do("burst", "virtio0", "--datagrams", "7").stdout)["sent"] == 7
    assert do("reset").returncode == 0
    failed = do("unplug", "eth7")
    assert (failed.returncode, failed.stderr[:24]) == (1, "error: bookworm has no e")
    stop = [*PROGRAM, "stop", "--folder", str(started.folder)]
    for _ in range(2):  # also fine when nothing runs
        subprocess.run(stop, check=True, timeout=60)
    started.nothing_left()


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
def test_without_root_the_reason_is_told(tmp_path: Path) -> None:
    command = ["setpriv", "--bounding-set=-all", "--inh-caps=-all", "--reuid=65534", "--", *PROGRAM]
    done = subprocess.run(
        [*command, "start", "--folder", str(tmp_path), "bookworm"],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (
        2, "unavailable: virtual machines need root, for network namespaces and tap devices\n")  # fmt: skip


def test_without_room_the_reason_is_told(tmp_path: Path) -> None:
    script = 'mount -t tmpfs -o size=20m none "$1" && shift && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, "sh", str(tmp_path), *PROGRAM, "start"]
    done = subprocess.run(
        [*command, "--folder", str(tmp_path / "bed"), "bookworm"],
        capture_output=True, text=True, timeout=60, check=False, env={**os.environ, "RXPATH_CACHE": str(tmp_path)},
    )  # fmt: skip
    assert done.returncode == 2
    assert "MiB free, images need 6144" in done.stderr


def test_mirror_is_the_one_that_apt_has(tmp_path: Path) -> None:
    (tmp_path / "sources.list.d").mkdir()
    assert mirror(tmp_path) == DEFAULT_MIRROR
    (tmp_path / "sources.list.d/vendor.list").write_text("deb https://vendor.example/debian-tools stable main\n")
    (tmp_path / "sources.list.d/ubuntu.sources").write_text("URIs: http://archive.example/ubuntu\n")
    assert mirror(tmp_path) == DEFAULT_MIRROR
    (tmp_path / "sources.list").write_text("# deb http://old.example/debian bookworm main\n")
    (tmp_path / "sources.list.d/debian.sources").write_text("Types: deb\nURIs: http://near.example/debian/\n")
    assert mirror(tmp_path) == "http://near.example/debian/"
    (tmp_path / "sources.list").write_text("deb [arch=amd64] http://first.example/debian bookworm main\n")
    assert mirror(tmp_path) == "http://first.example/debian"
