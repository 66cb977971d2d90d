# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A client, a proxy and a server, and one loss at a time between them: the playbook hops names the right place."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.hosts import faults
from ansible_collections.rxpath.linux.tests.hosts.row import Row
from ansible_collections.rxpath.linux.tests.matrix.tools import command

pytestmark = pytest.mark.needs_root


@pytest.fixture(autouse=True)
def handlers() -> Iterator[None]:
    """Put back the handlers of signals that a bed sets."""
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


# What is left out here is in ``make hops``: the other wire, and the server's socket.
@pytest.mark.parametrize("name", ["wire_to_forwarder", "softnet", "socket_of_forwarder", "forwarder"])
def test_the_place_of_a_loss_is_named_and_its_number_exact(name: str, tmp_path: Path) -> None:
    with faults.fault(name, tmp_path) as (row, truth):
        done = row.play(faults.PLAYBOOK, faults.probe(name))
        assert done.returncode == 2, done.stdout
        places = faults.found(row)
        # A forwarder that is asked for its count ends with it.
        lost = truth.lost()
    assert lost > 10
    assert places == {truth.place: lost}, done.stdout
    assert "failed=1" in next(line for line in done.stdout.splitlines() if line.startswith(f"{truth.host} "))


def test_a_path_that_loses_nothing(tmp_path: Path) -> None:
    """The way through the proxy beside the straight one, and the forwarder's other traffic known from the first leg."""
    with faults.fault("nothing", tmp_path) as (row, _truth):
        done = row.play(faults.PLAYBOOK, {**faults.probe("nothing"), "udp_hops_probe_legs": ["direct", "forwarded"]})
        assert done.returncode == 0, done.stdout
        report = faults.report(row)
        page = (tmp_path / "udp-audit/hops.html").read_text(encoding="utf-8")
    assert report["status"] == "pass"
    assert [one["hosts"].keys() for one in report["rounds"]] == [{"client", "server"}, {"client", "proxy", "server"}]
    assert [(one["arrived"], one["missing"]) for one in report["rounds"]] == [(1000, 0), (1000, 0)]
    assert "nothing lost between client and server by way of proxy" in done.stdout
    assert "by way of proxy nothing is lost: neither way loses" in " ".join(done.stdout.split())
    assert "<h1" in page


def test_on_the_row_nobody_sends_what_no_test_has_sent(tmp_path: Path) -> None:
    """A stray packet would be lost with those of a probe, and make the truth of a fault wrong by one."""
    with Row(["client", "server"], tmp_path) as row:
        time.sleep(1.5)
        counts = [row.within(row.name(name), "cat", "/sys/class/net/eth0/statistics/rx_packets") for name in row.names]
    assert [int(count) for count in counts] == [0, 0]


def traffic(row: Row) -> None:
    """Let the client send a thousand a second to the proxy, which forwards them to the server."""
    row.start([*command("drain"), "-p", str(faults.BEHIND)], row.name("server"))
    to = ("-a", row.address("proxy"), "-p", str(faults.FORWARD))
    row.start([*command("flood"), *to, "-s", "200", "-b", "1", "-e", "1000", "-n", "100000"], row.name("client")).go()


def test_from_counters_alone(tmp_path: Path) -> None:
    """The traffic that is there anyway: the forwarder keeps a fifth, which is a hint and fails nobody.

    In check mode that is all there is: a probe is asked for, and none is sent.
    """
    with faults.fault("forwarder", tmp_path) as (row, _truth):
        traffic(row)
        done = row.play(faults.PLAYBOOK, {**faults.probe("forwarder"), "udp_hops_window": 2}, "--check")
        assert done.returncode == 0, done.stdout
        (found,) = faults.report(row)["rounds"]
    assert (found["kind"], found["status"]) == ("counters", "warn")
    assert found["notes"][0].startswith("check mode: the probe that was asked for was not sent")
    (place,) = found["places"]
    assert (place["kind"], place["host"], place["certainty"]) == ("forwarder", "proxy", "hint")
    assert 300 < place["packets"] < 500, "a fifth of a thousand a second for two seconds"


def test_what_cannot_be_is_told_before_any_host_is_asked(tmp_path: Path) -> None:
    with Row(["client", "server"], tmp_path) as row:
        done = row.play(faults.PLAYBOOK, {"path": "client,server", "udp_hops_probe_rat": 7})
    assert done.returncode != 0
    assert "did you mean udp_hops_probe_rate?" in " ".join(done.stdout.split()), done.stdout
    assert "Start the window" not in done.stdout
