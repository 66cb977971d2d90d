# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A proxy that is slower than what comes to it, audited from counters alone: what a person reads of it."""

from __future__ import annotations

import html
import json
import math
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.hosts import faults
from ansible_collections.rxpath.linux.tests.hosts.row import Row
from ansible_collections.rxpath.linux.tests.matrix.bed import Program
from ansible_collections.rxpath.linux.tests.matrix.tools import command

pytestmark = pytest.mark.needs_root

AUDIT = str(Path(__file__).resolve().parents[2] / "playbooks/audit.yml")
OVERFLOW = "socket.receive_buffer_overflow"
WINDOW = 4.0
# What comes a second, in datagrams of 1,000 bytes, and the microseconds of work for each.
RATE, WORK = 4000, 600


@pytest.fixture
def row(tmp_path: Path) -> Iterator[Row]:
    """A client, a proxy and a server."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with Row(faults.NAMES, tmp_path) as made:
        yield made
    for number, handler in handlers.items():
        signal.signal(number, handler)


def traffic(row: Row) -> Program:
    """Let the client send to the proxy, which is too slow and sends to the server; return the proxy's forwarder."""
    row.start([*command("drain"), "-p", str(faults.BEHIND)], row.name("server"))
    forwarder = faults.forward(row, "-w", str(WORK), "-F", "131072")
    to = ("-a", row.address("proxy"), "-p", str(faults.FORWARD))
    flood = [*command("flood"), *to, "-s", "1000", "-b", str(RATE // 1000), "-e", "1000", "-n", "1000000"]
    row.start(flood, row.name("client"), cpu=1).go()
    return forwarder


def test_a_proxy_that_is_behind(row: Row) -> None:
    forwarder = traffic(row)
    began = time.monotonic()
    done = row.play(AUDIT, {"udp_audit_window": WINDOW, "udp_audit_namespaces": "host", "target": "proxy"})
    truth, seconds = forwarder.stop(), time.monotonic() - began
    assert done.returncode == 2, done.stdout
    host = json.loads((row.folder / "udp-audit/report.json").read_text(encoding="utf-8"))["hosts"]["proxy"]
    (found,) = [one for one in host["findings"] if one["finding"] == OVERFLOW]
    assert found["causes"] == ["slow_consumer"]

    # The truth: a busy thread reads as many a second before the window as in it, and sends all of it.
    assert truth["read"] - 1 <= truth["sent"] <= truth["read"]
    pace = truth["read"] / seconds
    (socket,) = found["sockets"]
    assert socket["service_rate"] == pytest.approx(pace, rel=0.15), "the socket to the server takes nothing from it"
    assert WORK / 1e6 < socket["service_time"] == pytest.approx(1 / socket["service_rate"], rel=1e-3)
    assert socket["arrival_rate"] == pytest.approx(RATE, rel=0.05)
    wanted = math.ceil(socket["arrival_rate"] / (0.8 * socket["service_rate"]))
    assert socket["consumers_needed"] == wanted >= 3

    # What came in and went out, of the namespace.
    moved = found["traffic"]
    assert moved["arrived"] == moved["read"] + found["delta"]
    assert abs(moved["sent"] - moved["read"]) <= 5
    assert moved["ip_bytes_in"] == pytest.approx(1028 * moved["arrived"], rel=0.01)
    assert moved["ip_bytes_out"] == pytest.approx(1028 * moved["sent"], rel=0.01)

    # The same, as a person reads it: on the terminal, in the report, on the page.
    said = " ".join(done.stdout.split())
    page = html.unescape((row.folder / "udp-audit/report.html").read_text(encoding="utf-8"))
    rates = f"λ = {socket['arrival_rate']:,.0f}/s arrive for it, μ = {socket['service_rate']:,.0f}/s it reads"
    assert f"rates {rates}" in said
    assert f"<dt>Rates</dt><dd>{rates}" in page
    assert "µs each (1/μ); its namespace took in " in said
    assert f"run {wanted} consumers (threads or processes) of python" in said
    for sentence in found["evidence"]:
        assert sentence in page
    (network,) = [text for text in found["evidence"] if "of 100 datagrams that arrived" in text]
    assert f"that arrived {100 * moved['sent'] / moved['arrived']:.0f} were answered or went on" in network
    assert "came in a second and" in network
    assert any("held nothing in any of" in text for text in found["evidence"])
    assert any("udp_audit_drop_reasons=true does" in text for text in found["evidence"])
