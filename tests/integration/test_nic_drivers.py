# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What real drivers make of each knob, with ethtool as the judge, on kernels 6.1 and 6.12."""

from __future__ import annotations

import base64
import io
import json
import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.tests.hosts.machines import Guest, MachinesUnavailableError, machines

pytestmark = pytest.mark.needs_root

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "ansible_collections/rxpath/linux/plugins/module_utils"


# One kernel by default: under emulation each takes minutes.
@pytest.fixture(scope="module", params=os.environ.get("RXPATH_GUESTS", "bookworm").split(","))
def guest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    try:
        with machines([request.param], tmp_path_factory.mktemp("nic")) as bed:
            found = bed[request.param]
            found.ssh("mkdir -p /root/code")
            found.run("base64 -d | tar -xz -C /root/code", stdin=_code())
            yield found
    except MachinesUnavailableError as missing:
        pytest.skip(str(missing))


def _code() -> str:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for path in (ROOT / "plugins/module_utils").rglob("*.py"):
            archive.add(path, f"{PACKAGE}/{path.relative_to(ROOT / 'plugins/module_utils')}")
        archive.add(Path(__file__).with_name("nic_on_guest.py"), "nic_on_guest.py")
    return base64.encodebytes(buffer.getvalue()).decode()


def make(guest: Guest, key: str, *requests: dict[str, Any]) -> list[dict[str, Any]]:
    """Make the requests of a NIC; each is predicted, and a second run changes nothing, and all can be undone."""
    command = f"cd /root/code && PYTHONPATH=/root/code python3 nic_on_guest.py {guest.nics[key]}"
    done = guest.run(command, stdin=json.dumps(requests), timeout=400)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert result["differs"] == []
    steps: list[dict[str, Any]] = result["steps"]
    for request, step in zip(requests, steps):
        assert (step["predicted"], step["again"]) == (True, False), (request, step)
    return steps


def ring(**asked: Any) -> dict[str, Any]:
    return {"family": "nic_ring", **asked}


def channels(**asked: Any) -> dict[str, Any]:
    return {"family": "nic_channels", **asked}


def rss(**asked: Any) -> dict[str, Any]:
    return {"family": "nic_rss", **asked}


def coalesce(**asked: Any) -> dict[str, Any]:
    return {"family": "nic_coalesce", **asked}


@pytest.mark.parametrize(("key", "made"), [("virtio0", 128), ("igb0", 104), ("vmxnet0", 128), ("e1000e0", 104)])
def test_ring_of_a_hundred(guest: Guest, key: str, made: int) -> None:
    (step,) = make(guest, key, ring(rx="100"))
    assert step["ring"]["RX"] == made


@pytest.mark.parametrize("key", ["virtio0", "igb0"])
def test_a_table_of_the_drivers_own_follows_the_channels(guest: Guest, key: str) -> None:
    two, one, four = make(
        guest,
        key,
        channels(combined="2"),
        channels(combined="1"),
        channels(combined="4"),
    )
    assert [step["channels"]["Combined"] for step in (two, one, four)] == [2, 1, 4]
    for queues, step in ((2, two), (1, one), (4, four)):
        assert [step["table"].count(queue) for queue in range(queues)] == [128 // queues] * queues


@pytest.mark.parametrize("key", ["virtio0", "igb0"])
def test_a_table_that_was_set_keeps_its_queues(guest: Guest, key: str) -> None:
    chosen, kept, forced = make(
        guest,
        key,
        rss(weights=[1, 3], udp4="sdfn"),
        channels(combined="1"),
        channels(combined="1", force=True),
    )
    assert chosen["table"] == [0] * 32 + [1] * 96
    assert chosen["fields"] == 2
    assert "an indirection table that somebody set leads to queue 1" in kept["refused"][0]
    assert (kept["channels"]["Combined"], kept["table"]) == (4, chosen["table"])
    assert (forced["channels"]["Combined"], forced["table"]) == (1, [0] * 128)


def test_what_vmxnet3_cannot(guest: Guest) -> None:
    fixed, spread = make(guest, "vmxnet0", channels(combined="2"), rss(table=[0, 1], udp4="sd"))
    assert "cannot change the number of its queues" in fixed["unsupported"][0]
    assert spread["table"] == [0, 1] * 64
    assert ("hash fields" in str(spread["unsupported"])) == (spread["fields"] == 0)


def test_what_e1000e_cannot(guest: Guest) -> None:
    moderated, spread = make(guest, "e1000e0", coalesce(rx_usecs="20", tx_usecs="20"), rss(udp4="sdfn", weights=[1]))
    assert moderated["coalesce"]["rx-usecs"] == "20"
    assert "cannot set tx_usecs to 20" in moderated["unsupported"][0]
    assert (spread["changed"], len(spread["unsupported"])) == (False, 2)


def test_coalescing_that_a_virtio_device_lacks(guest: Guest) -> None:
    (step,) = make(guest, "virtio0", coalesce(rx_usecs="20", rx_frames="4"))
    assert (step["changed"], len(step["unsupported"])) == (False, 2)
