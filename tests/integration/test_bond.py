# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Both members of a bond tuned, and put back, over an SSH session that runs on this very bond."""

from __future__ import annotations

import contextlib
import json
import re
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.hosts.machines import Bed, Guest, MachinesUnavailableError, machines

pytestmark = pytest.mark.needs_root

ROOT = Path(__file__).resolve().parents[2]
PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
MEMBERS = ("igb0", "igb1")
# A guess would be 1 s of a failover; an emulated guest on a busy machine stands still for many.
LONGEST_GAP = 30.0
_PLAY_SECONDS = 900.0
_BOND = """
set -e
modprobe bonding max_bonds=0
ip link add bond0 address {mac} type bond mode active-backup miimon 100
for name in {names}; do
    ip addr flush dev $name
    ip link set $name down
    ip link set $name master bond0
done
ip link set bond0 up
ip addr add {address}/24 dev bond0
"""


@pytest.fixture
def bed(tmp_path: Path) -> Iterator[Bed]:
    try:
        with machines(["bookworm"], tmp_path) as started:
            yield started
    except MachinesUnavailableError as missing:
        pytest.skip(str(missing))


def make_bond(guest: Guest) -> None:
    """Put both interfaces into a bond in active-backup with the first one's address, and wait until both carry."""
    names = " ".join(guest.nics[key] for key in MEMBERS)
    # The other end knows the first one's hardware address; the bond has it, as without udev's policy for new devices.
    guest.ssh(_BOND.format(names=names, address=guest.address("igb0"), mac=guest.entry.nic("igb0").mac))
    end = time.monotonic() + 60
    while guest.ssh("cat /proc/net/bonding/bond0").count("MII Status: up") < 3:
        assert time.monotonic() < end, guest.ssh("cat /proc/net/bonding/bond0")
        time.sleep(0.3)


def shown(guest: Guest) -> dict[str, str]:
    """Return rings and channels of the members as ethtool tells them."""
    return {key: guest.ssh(f"ethtool -g {guest.nics[key]}; ethtool -l {guest.nics[key]}") for key in MEMBERS}


def now(text: str) -> tuple[int, int]:
    """Return the receive ring and the number of queues."""
    return int(re.findall(r"^RX:\s+(\d+)", text, re.M)[1]), int(re.findall(r"^Combined:\s+(\d+)", text, re.M)[1])


class Pinger:
    """A ping every 100 ms from the other end of the bond."""

    def __init__(self, bed: Bed, address: str) -> None:
        self._process = subprocess.Popen(
            bed.enter([sys.executable, str(ROOT / "tests/hosts/ping.py"), address]),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def end(self) -> dict[str, float]:
        """End; return how many were sent and answered, and the longest time without an answer in seconds."""
        told: dict[str, float] = json.loads(self._process.communicate(timeout=20)[0])
        return told

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class Session:
    """An SSH session over the bond that is held open: what is said into it comes back."""

    def __init__(self, bed: Bed, guest: Guest) -> None:
        words = guest.ssh_words()
        words[words.index("-p") + 1] = "22"
        command = ["ssh", "-F", "none", "-T", *words, f"root@{guest.address('igb0')}", "cat"]
        self._process = subprocess.Popen(
            bed.enter(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )

    def says(self, text: str) -> bool:
        """Tell whether the other end still answers, within the time of the longest gap."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(text.encode() + b"\n")
        self._process.stdin.flush()
        ready = select.select([self._process.stdout], [], [], LONGEST_GAP)[0]
        return bool(ready) and self._process.stdout.readline().decode().strip() == text

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


@contextlib.contextmanager
def watched(bed: Bed, guest: Guest) -> Iterator[tuple[Pinger, Session]]:
    session, pinger = Session(bed, guest), Pinger(bed, guest.address("igb0"))
    try:
        yield pinger, session
    finally:
        pinger.kill()
        session.kill()


def play(bed: Bed, guest: Guest, playbook: str, *more: str) -> str:
    """Run a playbook over the bond, from the other end of it."""
    over = {"ansible_host": guest.address("igb0"), "ansible_port": 22}
    inventory = bed.write_inventory({guest.name: over}, "over_bond.yml")
    done = subprocess.run(
        bed.enter([PLAYBOOK, "-i", str(inventory), f"playbooks/{playbook}.yml", *more]),
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_PLAY_SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "UNREACHABLE" not in done.stdout, done.stdout
    return done.stdout


def test_both_members_are_tuned_without_losing_the_session(bed: Bed, capsys: pytest.CaptureFixture[str]) -> None:
    guest = bed["bookworm"]
    make_bond(guest)
    before = shown(guest)
    assert {now(text) for text in before.values()} == {(256, 4)}
    asked = {"profile": "none", "interfaces": "bond0", "ring_rx": "max", "channels": "2", "confirm_timeout": "400"}
    variables = [word for name, value in asked.items() for word in ("-e", f"udp_tuning_{name}={value}")]
    for playbook, more in (("tune", variables), ("rollback", [])):
        with watched(bed, guest) as (pinger, session):
            assert session.says("before")
            began = time.monotonic()
            play(bed, guest, playbook, *more)
            seconds = time.monotonic() - began
            assert session.says("after"), f"{playbook} lost the session"
            pings = pinger.end()
        with capsys.disabled():
            print(f"\n{playbook} over a bond: {seconds:.0f} s, longest gap {pings['longest_gap']:.2f} s, ", end="")
            print(f"{pings['received']:.0f} of {pings['sent']:.0f} pings answered")
        assert pings["longest_gap"] < LONGEST_GAP
        if playbook == "tune":
            assert {now(text) for text in shown(guest).values()} == {(4096, 2)}
    assert shown(guest) == before
    assert guest.ssh("cat /proc/net/bonding/bond0").count("MII Status: up") == 3
