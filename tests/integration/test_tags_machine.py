# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tuning in two runs, as --tags divides it, on a virtual machine: each turns its own knobs, and a rollback all."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from ansible_collections.rxpath.linux.tests.hosts.machines import Bed, Guest, MachinesUnavailableError, machines

pytestmark = pytest.mark.needs_root

PLAYBOOK = str(Path(sys.executable).with_name("ansible-playbook"))
NAME = "bookworm"


class Knobs(NamedTuple):
    """What others than the collection show of the guest."""

    rmem_max: int
    ring: int
    channels: int
    remembered: str


@pytest.fixture(scope="module")
def bed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bed]:
    try:
        with machines([NAME], tmp_path_factory.mktemp("tags")) as started:
            yield started
    except MachinesUnavailableError as missing:
        pytest.skip(str(missing))


def run(bed: Bed, playbook: str, *words: str) -> str:
    variables = {"udp_tuning_profile": "full", "udp_tuning_interfaces": bed[NAME].nics["igb0"], "target": NAME}
    done = subprocess.run(
        [PLAYBOOK, "-i", str(bed.write_inventory()), "-e", json.dumps(variables), f"rxpath.linux.{playbook}", *words],
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def knobs(guest: Guest) -> Knobs:
    name = guest.nics["igb0"]

    def current(option: str, what: str) -> int:
        told = guest.ssh(f"ethtool {option} {name}").partition("Current hardware settings:")[2]
        found = re.search(rf"^{what}:\s+(\d+)$", told, re.MULTILINE)
        assert found, told
        return int(found[1])

    return Knobs(
        int(guest.ssh("sysctl -n net.core.rmem_max")),
        current("-g", "RX"),
        current("-l", "Combined"),
        guest.ssh("cat /etc/rxpath-linux/tuning.json 2>/dev/null || true").strip(),
    )


def test_each_run_turns_what_its_tags_choose_and_a_rollback_all_of_it(bed: Bed) -> None:
    guest = bed[NAME]
    before = knobs(guest)
    assert (before.ring, before.remembered) == (256, "")

    said = run(bed, "tune", "--tags", "sysctl")
    assert "left out by --tags and --skip-tags: channels, ring, coalesce, rss, irq, steering" in said
    assert knobs(guest) == before._replace(rmem_max=3866624)

    run(bed, "tune", "--tags", "ring")
    after = knobs(guest)
    assert after._replace(remembered="") == before._replace(rmem_max=3866624, ring=4096)
    assert [request["family"] for request in json.loads(after.remembered)["requests"]] == ["nic_ring"]

    run(bed, "rollback")
    assert knobs(guest) == before
