# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's drop reasons beside its counters, on kernels 6.1 and 6.12: they agree to the datagram."""

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
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host
from ansible_collections.rxpath.linux.tests.hosts.machines import Guest, MachinesUnavailableError, machines

pytestmark = pytest.mark.needs_root

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = "ansible_collections/rxpath/linux/plugins/module_utils"
SCRIPT = Path(__file__).with_name("drop_reasons_on_guest.py")
OVERFLOW = "socket.receive_buffer_overflow"
AGREE = "in all namespaces of this audit: they agree"


@pytest.fixture(scope="module", params=os.environ.get("RXPATH_GUESTS", "bookworm,trixie").split(","))
def guest(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guest]:
    try:
        with machines([request.param], tmp_path_factory.mktemp("reasons")) as bed:
            yield bed[request.param]
    except MachinesUnavailableError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="module")
def told(guest: Guest) -> dict[str, Any]:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for room in ("_collect", "_facts", "_sample"):
            for path in (ROOT / "plugins/module_utils" / room).rglob("*.py"):
                archive.add(path, f"{PACKAGE}/{room}/{path.name}")
        archive.add(SCRIPT, SCRIPT.name)
    guest.ssh("mkdir -p /root/code")
    guest.run("base64 -d | tar -xz -C /root/code", stdin=base64.encodebytes(buffer.getvalue()).decode())
    done = guest.run(f"cd /root/code && PYTHONPATH=/root/code python3 {SCRIPT.name} 10", timeout=120)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout)
    result["host"] = diagnose_host(result["sample"], {})
    return result


def evidence(told: dict[str, Any], finding: str) -> str:
    """Return what the witness says to the one finding of that kind."""
    (one,) = [one for one in told["host"]["findings"] if one["finding"] == finding]
    (said,) = [text for text in one["evidence"] if "of the kernel" in text or "the kernel gave" in text]
    return str(said)


def test_drop_reasons_could_be_had(told: dict[str, Any]) -> None:
    assert not [unknown for unknown in told["sample"]["unknowns"] if "drop reasons" in unknown["what"]]
    reasons = told["sample"]["drop_reasons"]
    assert (reasons["functions"], reasons["ip_alone"], reasons["uncounted"]) == (True, True, 0)


@pytest.mark.parametrize(
    ("finding", "counter", "reason"),
    [
        (OVERFLOW, "RcvbufErrors", "SOCKET_RCVBUFF +"),
        ("udp.checksum_errors", "InCsumErrors", "UDP_CSUM +40"),
        ("udp.memory_limit", "MemErrors", "PROTO_MEM +"),
        ("udp.no_listener", "NoPorts", "NO_SOCKET +"),
    ],
)
def test_kernel_and_counter_agree_to_the_datagram(
    told: dict[str, Any], finding: str, counter: str, reason: str
) -> None:
    assert told["counted"][counter] > 0
    said = evidence(told, finding)
    assert reason in said
    assert said.endswith(f"beside {told['counted'][counter]:,} counted {AGREE}")


def test_checksums_that_the_reader_found_have_their_place_for_a_reason(told: dict[str, Any]) -> None:
    assert told["counted"]["InCsumErrors"] == 40 + 25 + 15
    said = evidence(told, "udp.checksum_errors")
    assert "NOT_SPECIFIED in udp_recvmsg +25" in said
    assert "packet_length +15" in said


def test_a_socket_filter(told: dict[str, Any]) -> None:
    said = evidence(told, "udp.socket_filter")
    assert "SOCKET_FILTER +30" in said
    assert said.endswith(f"beside 30 counted {AGREE}")


def test_a_rule_without_a_counter_is_named(told: dict[str, Any]) -> None:
    (one,) = [one for one in told["host"]["findings"] if one["finding"] == "ip.policy_drop"]
    # What else of IP was not for anybody is a handful at the most.
    assert 300 <= one["delta"] < 310
    assert one["namespace"]["name"] == "host"
    assert any("NETFILTER_DROP as its reason for 300 packets" in text for text in one["evidence"])
    assert "ip.unaccounted" not in [other["finding"] for other in told["host"]["findings"]]


def test_tc_is_named(told: dict[str, Any]) -> None:
    rows = [row for row in told["host"]["windows"][0]["drop_reasons"]["reasons"] if row["reason"] == "TC_INGRESS"]
    assert sum(row["count"] for row in rows) == 70


def test_datagrams_in_a_queue_that_was_closed_are_told(told: dict[str, Any]) -> None:
    kept = 9000 - told["counted"]["MemErrors"]
    said = told["host"]["windows"][0]["drop_reasons"]["said"]
    assert f"{kept:,} datagrams were still in the queues of sockets that were closed: no counter has them" in said


def test_reads_and_sends_of_a_process(told: dict[str, Any]) -> None:
    rows = told["sample"]["drop_reasons"]["threads"]
    if rows is None:
        assert told["sample"]["host"]["kernel"].startswith("6.1.")
        return
    (own,) = [row for row in rows if row["pid"] == told["pid"]]
    assert (own["reads"], own["sends"]) == (told["reads"], told["sends"])
    assert own["read_bytes"] == 100 * told["reads"]
    assert own["process"] == "python3"


def test_what_finds_no_room_is_told(told: dict[str, Any]) -> None:
    document, unknowns = told["full"]["document"], told["full"]["unknowns"]
    assert document["uncounted"] > 0
    assert sum(row["count"] for row in document["reasons"]) + document["uncounted"] >= 200
    assert document["threads"] is None
    if told["sample"]["drop_reasons"]["threads"] is not None:
        (unknown,) = unknowns
        assert unknown["what"] == "what each process reads and sends"
        assert "found no room" in unknown["why"]


def test_nothing_is_left_in_tracefs(told: dict[str, Any]) -> None:
    assert told["left"] == []
    assert told["killed"] == {"there": 1, "left": [], "triggers": []}
