# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils import _wording as wording
from ansible_collections.rxpath.linux.plugins.plugin_utils._summary import summaries, summarise
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils import reports


def test_the_worst_host_comes_first_and_the_larger_loss_before_the_smaller() -> None:
    told = [(host.status, host.name) for host in summaries(reports.mixed())]
    assert told[:6] == [
        ("fail", "edge-quic-1"),
        ("fail", "proxy-tr-1"),
        ("fail", "ingest-02"),
        ("fail", "node-dns-04"),
        ("fail", "node-dns-05"),
        ("fail", "flow-01"),
    ]
    assert [status for status, _name in told[6:]] == [
        "error",
        "unreachable",
        "warn",
        "warn",
        "inconclusive",
        "not_run",
        "pass",
    ]


def test_dns_incident_is_told_with_place_process_and_cure() -> None:
    (host,) = summaries(reports.load("incident_dns"))
    assert host.lost == "329 datagrams in 10 s (32.9/s, 0.30 % of what arrived)"
    assert host.where == "udp [::]:53, namespace cni-1f0c9d2a, container coredns-7d9f6c-x2xkq"
    assert host.who == "coredns, pid 4711, buffer 208 KiB"
    assert host.why == "arrival burst"
    assert host.act[0] == "let coredns ask for a larger receive_buffer (SO_RCVBUF): from 212992 to 1048576 (1 MiB)"


def test_quic_incident_names_the_buffer_as_vain() -> None:
    (host,) = summaries(reports.load("incident_quic"))
    assert host.why == "slow consumer"
    assert not any("receive_buffer" in action for action in host.act)
    assert "receive_buffer" in host.vain[0]


def test_ingestion_incident_keeps_the_binding_order_of_its_causes() -> None:
    (host,) = summaries(reports.load("incident_ingestion"))
    assert host.why == "reader stall, then arrival burst"
    assert [finding["finding"] for finding in host.others] == ["softnet.backlog_overflow"]


def test_a_predicted_overflow_is_not_called_a_loss() -> None:
    (host,) = summaries(reports.load("pending"))
    assert host.lost == "nothing yet; the overflow is predicted"


def test_refused_traffic_is_no_headline() -> None:
    (host,) = summaries(reports.load("healthy"))
    assert host.finding is None


def test_of_findings_with_one_id_the_largest_is_the_headline() -> None:
    ((name, host),) = reports.load("incident_dns")["hosts"].items()
    larger = dict(host["findings"][0], delta=5000)
    host["findings"].append(larger)
    assert summarise(name, host).finding is larger


def test_a_host_without_any_member_is_still_told() -> None:
    assert summarise("bare", {}).status == "error"


@pytest.mark.parametrize(
    ("ratio", "text"),
    [(0, "0 %"), (0.003037, "0.30 %"), (0.00000012, "1e-05 %"), (0.3, "30.0 %"), (1.0, "100 %"), (None, "-")],
)
def test_a_small_loss_does_not_read_as_none(ratio: float | None, text: str) -> None:
    assert wording.percent(ratio) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(212992, "208 KiB"), (26214400, "25 MiB"), (512, "512 B"), (1 << 30, "1 GiB"), (None, "-")],
)
def test_sizes(value: int | None, text: str) -> None:
    assert wording.size(value) == text


def test_an_unknown_is_one_sentence_with_its_remedy() -> None:
    parts = {"what": "ring of eth0", "why": "permission denied", "remedy": "run with become"}
    assert wording.sentence(parts) == "ring of eth0: permission denied; to read it: run with become"
    assert wording.sentence("as it is") == "as it is"


@pytest.mark.parametrize(
    ("socket", "traffic", "said"),
    [
        (
            {"arrival_rate": 3999.5, "service_rate": 1591.9},
            {"arrived": 16000, "read": 6368, "sent": 6360},
            (
                "λ = 4,000/s arrive for it, μ = 1,592/s it reads, 628 µs each (1/μ); its namespace took in 4,000/s, read"
                " 1,592/s and sent 1,590/s"
            ),
        ),
        # A sink: that of the namespace says no more.
        (
            {"arrival_rate": 20.0, "service_rate": 0.5},
            {"arrived": 80, "read": 2, "sent": 0},
            "λ = 20/s arrive for it, μ = 0.5/s it reads, 2 s each (1/μ)",
        ),
        ({"arrival_rate": 20.0, "service_rate": None}, None, "λ = 20/s arrive for it"),
        (
            {"arrival_rate": None, "service_rate": None},
            {"arrived": 80, "read": 2, "sent": 0},
            "its namespace took in 20/s, read 0/s and sent 0/s",
        ),
        ({}, None, ""),
    ],
)
def test_the_rates_of_a_slow_consumer(
    socket: dict[str, float | None], traffic: dict[str, int] | None, said: str
) -> None:
    overflow = "socket.receive_buffer_overflow"
    finding = {"finding": overflow, "causes": ["slow_consumer"], "class": "loss", "delta": 9, "traffic": traffic}
    finding["sockets"] = [{"local": "0.0.0.0:53", "drops": 9, **socket}]
    host = {"status": "fail", "main_loss": overflow, "findings": [finding], "windows": [{"seconds": 4.0}]}
    assert summarise("proxy", host).rates == said
    finding["causes"] = ["arrival_burst"]
    assert summarise("proxy", host).rates == ""


@pytest.mark.parametrize(
    ("value", "text"), [(1.25, "1.25 s"), (0.99951, "1 s"), (0.0025, "2.5 ms"), (0.000999, "999 µs"), (4e-7, "0.4 µs")]
)
def test_short_times(value: float, text: str) -> None:
    assert wording.short(value) == text
