# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The probe between two hosts of a row: what the path loses, what the probe loses itself, and what it refuses to do."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.rxpath.linux.plugins.module_utils._probe import sockets
from ansible_collections.rxpath.linux.plugins.module_utils._probe.flow import with_tail
from ansible_collections.rxpath.linux.plugins.module_utils._probe.load import Load
from ansible_collections.rxpath.linux.plugins.module_utils._probe.sender import TOO_SLOW, Target, send
from ansible_collections.rxpath.linux.plugins.module_utils._sample.options import OptionError
from ansible_collections.rxpath.linux.tests.hosts.row import PLAYBOOK, Row

pytestmark = pytest.mark.needs_root

PORT = 5300
# Every tenth datagram to the port, counted: on the wire, since it is on neither host.
LOSSY = """table netdev wire {{ chain lose {{ type filter hook ingress device "{device}" priority 0;
udp dport {port} numgen inc mod 10 == 3 counter drop; }}
}}"""
SLOW_LINK = ("tc", "qdisc", "add", "dev", "eth0", "root", "tbf", "rate", "80kbit", "burst", "3000", "limit", "100m")
STRANGER = "import socket,sys; s=socket.socket(2, 2); [s.sendto(b'x' * 200, ('10.9.0.2', 5300)) for _ in range(7)]"


@pytest.fixture
def row(tmp_path: Path) -> Iterator[Row]:
    """A client and a server, whose modules share one processor."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    with Row(["client", "server"], tmp_path, pins={"client": 0, "server": 0}) as made:
        yield made
    for number, handler in handlers.items():
        signal.signal(number, handler)


def tasks(on_server: dict[str, Any], on_client: dict[str, Any], between: str = "true") -> list[dict[str, Any]]:
    """Return a play of one probe, which writes what both modules returned into files."""
    server, client = {"when": "inventory_hostname == 'server'"}, {"when": "inventory_hostname == 'client'"}
    probe = "rxpath.linux.udp_probe"
    steps = [
        {"name": "Receiver", probe: {"state": "started", **on_server}, "register": "receiver", **server},
        {"name": "Stranger", "ansible.builtin.raw": between, **client},
        {"name": "Sender", probe: {"state": "sent", **on_client}, "register": "sender", **client},
        {
            "name": "Account",
            probe: {"state": "collected", "session": "{{ receiver.session }}"},
            "register": "account",
            **server,
        },
        {
            "name": "Write down",
            "ansible.builtin.debug": {
                "msg": "RESULT {{ [hostvars.client.sender, hostvars.server.account] | to_json }}"
            },
            "run_once": True,
        },
    ]
    return [{"name": "Probe", "hosts": "client,server", "gather_facts": False, "tasks": steps}]


def play(row: Row, plays: list[dict[str, Any]], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a play over the row."""
    path = row.folder / "play.yml"
    path.write_text(yaml.safe_dump(plays), encoding="utf-8")
    return row.play(str(path), {}, *arguments)


def probe(row: Row, load: dict[str, Any], on_server: dict[str, Any], between: str = "true") -> tuple[Any, Any]:
    """Probe the server from the client and return what was sent and what was received."""
    to = {"to": "server", "started": "receiver"}
    done = play(row, tasks({**load, "port": PORT, **on_server}, {**load, **to}, between))
    assert done.returncode == 0, done.stdout
    found = re.search(r'"RESULT (.*)"$', done.stdout, re.MULTILINE)
    assert found, done.stdout
    sent, received = json.loads(json.loads(f'"{found[1]}"'))
    return sent["sent"], received["received"]


def test_what_the_wire_loses_is_counted_to_the_datagram(row: Row) -> None:
    row.within(row.wire, "nft", "-f", "-", stdin=LOSSY.format(device=row.port("client"), port=PORT))
    stranger = f'{sys.executable} -c "{STRANGER}"'
    between = f"nsenter --net=/run/netns/{row.name('client')} -- {stranger}"
    load = {"rate": 4000, "duration": 1.0, "flows": 3, "size": 200, "dscp": 46}
    sent, received = probe(row, load, {}, between)
    dropped = int(re.findall(r"counter packets (\d+)", row.within(row.wire, "nft", "list", "ruleset"))[0])
    flows = [with_tail(flow, one["numbered"]) for flow, one in zip(received["flows"], sent["flows"])]
    assert [flow["numbered"] for flow in sent["flows"]] == [1334, 1333, 1333]
    assert len({flow["port"] for flow in sent["flows"]}) == 3
    strangers = 7 - received["foreign"]
    assert 0 <= strangers <= 1, "of seven strangers the wire lost one at most"
    assert sum(flow["missing"] for flow in flows) == dropped - strangers > 300
    assert sum(flow["arrived"] for flow in flows) == sent["sent"] - (dropped - strangers)
    assert (received["drops"], sent["dropped"], received["ended"]) == (0, 0, "asked")
    assert not any(flow["reordered"] or flow["duplicated"] for flow in flows)
    assert received["delay_range"] < 1.0


def test_what_the_probe_loses_itself_is_told_apart(row: Row) -> None:
    """A buffer of three datagrams, and a reader on the processor that the sender keeps busy."""
    sent, received = probe(row, {"rate": 20000, "duration": 1.0, "size": 1000}, {"receive_buffer": 2304})
    (flow,) = received["flows"]
    whole = with_tail(flow, sent["flows"][0]["numbered"])
    assert received["receive_buffer"] == 4608
    assert whole["missing"] == received["drops"] > 0
    assert whole["arrived"] + received["drops"] == sent["sent"]


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"to": "server", "started": "receiver", "address": "192.0.2.1"}, "address: cannot be set"),
        ({"to": "server", "started": "receiver", "size": 1473}, "at most 1472 do"),
    ],
)
def test_what_is_refused(row: Row, wrong: dict[str, Any], says: str) -> None:
    done = play(row, tasks({"duration": 0.1}, wrong))
    assert done.returncode == 2, done.stdout
    assert says in " ".join(done.stdout.split()), done.stdout


def test_in_check_mode_nothing_is_sent(row: Row) -> None:
    plays = tasks({"duration": 0.1}, {"to": "server", "started": "receiver"})
    plays[0]["tasks"] = plays[0]["tasks"][:3]
    done = play(row, plays, "--check")
    assert done.returncode == 0, done.stdout
    recap = [line for line in done.stdout.splitlines() if "unreachable=0" in line]
    assert len(recap) == 2
    assert all("ok=0" in line and "skipped=3" in line for line in recap), done.stdout


def test_nobody_listens() -> None:
    """The kernel tells of it (ICMP port unreachable); the probe ends instead of sending on."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    sent = send(Target("127.0.0.1", port, 1), Load(rate=100, duration=5.0))
    assert sent["stopped"] == "Connection refused"
    assert sent["errors"] == {"ECONNREFUSED": 21}
    assert sent["sent"] < sent["asked"]


def test_a_link_that_is_too_slow_ends_the_probe_in_time(row: Row) -> None:
    """At 80 kbit/s each datagram waits 140 ms for the ones before it, and a thousand of them are due at once."""
    row.within(row.name("client"), *SLOW_LINK)
    load = {"rate": 200000, "duration": 0.1, "size": 1400}
    sent, received = probe(row, load, {})
    assert sent["stopped"] == TOO_SLOW
    assert sent["seconds"] < 0.1 * 1.5 + 2.0 + 1.0
    assert sent["sent"] == sent["flows"][0]["numbered"] < sent["asked"]
    # What still stands in the queue of the link is missing; nothing came that was not sent.
    assert received["flows"][0]["arrived"] <= sent["sent"]


def test_nothing_is_left_behind_a_killed_controller(row: Row) -> None:
    load = {"rate": 500, "duration": 3.0}
    plays = tasks({**load, "port": PORT, "grace": 5.0, "retention": 1}, {**load, "to": "server", "started": "receiver"})
    path = row.folder / "play.yml"
    path.write_text(yaml.safe_dump(plays), encoding="utf-8")
    controller = subprocess.Popen(
        [PLAYBOOK, "-i", str(row.inventory), str(path)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: datagrams(row) > 300, 30.0)
    finally:
        controller.kill()
        controller.wait()
    assert processes(row, "client")
    assert processes(row, "server")
    assert f":{PORT} " in row.within(row.name("server"), "ss", "-uanH")
    # Three seconds of sending, five of grace, one in which the result could be collected.
    until(lambda: not processes(row, "client") + processes(row, "server"), 3.0 + 5.0 + 1.0 + 2.0)
    assert not row.within(row.name("server"), "ss", "-uanH")
    assert datagrams(row) == 1500, "a sender that began ends by itself, and sends no more than it was asked to"


def until(reached: Callable[[], bool], seconds: float) -> None:
    """Wait for something, so many seconds at most."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.05)


def datagrams(row: Row) -> int:
    """Return how many datagrams were read in the server's namespace."""
    lines = [
        line for line in row.within(row.name("server"), "cat", "/proc/net/snmp").splitlines() if line[:4] == "Udp:"
    ]
    return int(dict(zip(lines[0].split(), lines[1].split()))["InDatagrams"])


def processes(row: Row, name: str) -> list[str]:
    """Return the processes of a host."""
    done = subprocess.run(["ip", "netns", "pids", row.name(name)], capture_output=True, text=True, check=True)
    return done.stdout.split()


def test_what_the_own_firewall_forbids_is_dropped_here(row: Row) -> None:
    rules = (
        "table inet t { chain o { type filter hook output priority 0; udp dport 5300 numgen inc mod 4 == 0 drop; }\n}"
    )
    row.within(row.name("client"), "nft", "-f", "-", stdin=rules)
    sent, received = probe(row, {"rate": 1000, "duration": 0.4}, {})
    assert (sent["dropped"], sent["sent"], sent["errors"]) == (100, 300, {"EPERM": 100})
    assert with_tail(received["flows"][0], 400)["missing"] == 100


def test_a_port_that_is_taken() -> None:
    with sockets.open_receiver("127.0.0.1", 0, 0) as first:
        port = first.getsockname()[1]
        with pytest.raises(OptionError, match=f"port {port}: Address already in use; a receiver .* ends by itself"):
            sockets.open_receiver("127.0.0.1", port, 0)
