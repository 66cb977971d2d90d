# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The kernel's drop reasons beside the counters; the histograms are those that 6.1 and 6.12 gave."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Callable

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._collect.tracefs import Histogram, parse_hist, parse_symbols
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.verdict import diagnose_host
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.witness import TESTIMONIES
from ansible_collections.rxpath.linux.plugins.module_utils._sample.drop_reasons import reason_rows

Make = Callable[..., dict[str, Any]]
FIXTURES = Path(__file__).parents[3] / "fixtures"
OLD, NEW = "6.1.176-x86_64", "6.12.107-x86_64"
BUSY = {"Udp.InDatagrams": 10000, "Ip.InReceives": 10000, "Ip.InDelivers": 10000}
OVERFLOW = "socket.receive_buffer_overflow"


def read(kernel: str, name: str) -> str:
    return (FIXTURES / kernel / "tracefs" / name).read_text()


def told(rows: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "reasons": rows,
        "further": 0,
        "uncounted": 0,
        "ip_alone": True,
        "functions": True,
        "events": sum(row["count"] for row in rows),
        "setup_seconds": 0.3,
        "threads": None,
        **more,
    }


def recorded(kernel: str, name: str) -> dict[str, Any]:
    names = parse_symbols(read(kernel, "kfree_skb.format"), "reason")
    rows = reason_rows(names, Histogram([], 0, 0), parse_hist(read(kernel, name)))
    return told(rows, functions=any(row["function"] for row in rows))


def row(reason: str, count: int, function: str | None = "udp_queue_rcv_one_skb") -> dict[str, Any]:
    return {"reason": reason, "function": function, "count": count}


def said_of(host: dict[str, Any], finding: str) -> str:
    (one,) = [one for one in host["findings"] if one["finding"] == finding]
    (said,) = [text for text in one["evidence"] if "of the kernel" in text or "the kernel gave" in text]
    return str(said)


def audit(document: Make, namespace: Make, counters: dict[str, int], drops: dict[str, Any]) -> dict[str, Any]:
    sample = document([namespace("pod", {**BUSY, **counters})])
    sample["drop_reasons"] = drops
    return diagnose_host(sample, {})


@pytest.mark.parametrize(
    ("kernel", "name", "counters"),
    [
        (OLD, "reasons.hist", {"RcvbufErrors": 1449, "InCsumErrors": 40, "InErrors": 1449 + 40 + 30, "NoPorts": 50}),
        (NEW, "reasons.hist", {"RcvbufErrors": 1453, "InCsumErrors": 40, "InErrors": 1453 + 40 + 30, "NoPorts": 50}),
        # Of the checksums 40 were found on arrival and 7 by the reader, for which the kernel gives no reason.
        (
            OLD,
            "sites.hist",
            {
                "RcvbufErrors": 1015,
                "InCsumErrors": 47,
                "MemErrors": 8553,
                "InErrors": 1015 + 47 + 8553 + 30,
                "NoPorts": 360,
            },
        ),
    ],
)
def test_counters_and_kernel_agree_to_the_datagram(
    document: Make, namespace: Make, kernel: str, name: str, counters: dict[str, int]
) -> None:
    given = {f"Udp.{key}": value for key, value in counters.items()}
    host = audit(document, namespace, given, recorded(kernel, name))
    expected = {
        OVERFLOW: ("SOCKET_RCVBUFF", counters["RcvbufErrors"]),
        "udp.checksum_errors": ("UDP_CSUM +40", counters["InCsumErrors"]),
        "udp.socket_filter": ("SOCKET_FILTER +30", 30),
        "udp.no_listener": ("NO_SOCKET", counters["NoPorts"]),
    }
    if "MemErrors" in counters:
        expected["udp.memory_limit"] = ("PROTO_MEM +8,553", 8553)
    for finding, (reason, count) in expected.items():
        said = said_of(host, finding)
        assert reason in said
        assert said.endswith(f"beside {count:,} counted in all namespaces of this audit: they agree")


def test_nothing_is_added_to_what_was_counted(document: Make, namespace: Make) -> None:
    counters = {"Udp.RcvbufErrors": 1015, "Udp.InErrors": 1015}
    alone = audit(document, namespace, counters, {})
    heard = audit(document, namespace, counters, recorded(OLD, "sites.hist"))
    for key in ("status", "reason", "main_loss", "first_loss"):
        assert heard[key] == alone[key]
    assert [one["delta"] for one in heard["findings"]] == [one["delta"] for one in alone["findings"]]


@pytest.mark.parametrize(
    ("rows", "more", "ending"),
    [
        ([row("SOCKET_RCVBUFF", 200)], {}, "trust the counters: a kernel can free a packet without its reason"),
        ([row("SOCKET_RCVBUFF", 200)], {"uncounted": 129}, "129 drops found no room in the kernel's histogram"),
        ([row("SOCKET_RCVBUFF", 900)], {}, "lost in namespaces or at places that the counters of this audit do not"),
        (
            [row("SOCKET_RCVBUFF", 900, None)],
            {"functions": False},
            "from those of other protocols with the same reason",
        ),
        ([row("NOT_SPECIFIED", 329)], {}, "the kernel gave the reason SOCKET_RCVBUFF for no packet, beside 329"),
        ([row("SOCKET_RCVBUFF", 331)], {}, "they agree but for what came between their readings"),
        # A raw socket's, not UDP's.
        ([row("SOCKET_RCVBUFF", 329), row("SOCKET_RCVBUFF", 50, "raw_rcv")], {}, "of this audit: they agree"),
    ],
)
def test_a_disagreement_is_said(
    document: Make, namespace: Make, rows: list[dict[str, Any]], more: dict[str, Any], ending: str
) -> None:
    counters = {"Udp.RcvbufErrors": 329, "Udp.InErrors": 329}
    said = said_of(audit(document, namespace, counters, told(rows, **more)), OVERFLOW)
    assert ending in said
    assert ("disagree" in said) == ("they agree" not in said)


def test_the_sum_over_all_namespaces_is_compared(document: Make, namespace: Make) -> None:
    lost = {"Udp.RcvbufErrors": 100, "Udp.InErrors": 100}
    sample = document([namespace(name, {**BUSY, **lost}) for name in ("pod-a", "pod-bb")])
    sample["drop_reasons"] = told([row("SOCKET_RCVBUFF", 200)])
    found = [one for one in diagnose_host(sample, {})["findings"] if one["finding"] == OVERFLOW]
    assert len(found) == 2
    for one in found:
        assert one["evidence"][-1].endswith(
            "SOCKET_RCVBUFF +200 beside 200 counted in all namespaces of this audit: they agree"
        )


HIDDEN = {"Ip.InReceives": 10500, "Ip.InDelivers": 10000}


@pytest.mark.parametrize(("dropped", "expected"), [(500, "ip.policy_drop"), (100, "ip.unaccounted")])
def test_what_is_unaccounted_becomes_policy_where_the_kernel_says_so(
    document: Make, namespace: Make, dropped: int, expected: str
) -> None:
    host = audit(document, namespace, HIDDEN, told([row("NETFILTER_DROP", dropped, "nf_hook_slow")]))
    (one,) = host["findings"]
    assert (one["finding"], one["delta"], one["namespace"]["name"]) == (expected, 500, "pod")
    assert one["class"] == ("refused" if expected == "ip.policy_drop" else "info")
    assert host["status"] == "pass"


def test_drops_of_a_rule_with_a_counter_do_not_explain_the_residual_too(document: Make, namespace: Make) -> None:
    rule = {"family": "inet", "table": "f", "chain": "i", "handle": 4, "hook": "input", "packets": 500, "comment": ""}
    pod = namespace("pod", {**BUSY, "Ip.InReceives": 11000}, nft={"rules": [rule]})
    sample = document([pod])
    sample["drop_reasons"] = told([row("NETFILTER_DROP", 500, "nf_hook_slow")])
    found = {one["finding"]: one["delta"] for one in diagnose_host(sample, {})["findings"]}
    assert found == {"ip.policy_drop": 500, "ip.unaccounted": 500}


def test_drops_of_connection_tracking_do_not_explain_the_residual_too(document: Make, namespace: Make) -> None:
    counters = {**HIDDEN, "Ip.InReceives": 11000, "conntrack.drop": 500, "conntrack.insert_failed": 0}
    host = audit(document, namespace, counters, told([row("NETFILTER_DROP", 500, "nf_hook_slow")]))
    assert {one["finding"]: one["delta"] for one in host["findings"]} == {
        "conntrack.table_full": 500,
        "ip.unaccounted": 500,
    }
    assert "NETFILTER_DROP +500 beside 500" in said_of(host, "conntrack.table_full")


def test_what_no_finding_shows_is_told_in_the_window(document: Make, namespace: Make) -> None:
    host = audit(document, namespace, {}, recorded(OLD, "sites.hist"))
    part = host["windows"][0]["drop_reasons"]
    said = "\n".join(part["said"])
    assert "447 datagrams were still in the queues of sockets that were closed" in said
    assert "TC_INGRESS +70 in __netif_receive_skb_core, and no finding of this audit shows it: a tc program" in said
    assert "NETFILTER_DROP +80 in nf_hook_slow" in said
    # What a device frees after it was sent is no loss.
    assert "vmxnet3" not in said
    assert all(not entry["findings"] for entry in part["reasons"])


def test_a_reason_with_a_finding_is_told_there(document: Make, namespace: Make) -> None:
    counters = {"Udp.RcvbufErrors": 1015, "Udp.InErrors": 1015}
    part = audit(document, namespace, counters, recorded(OLD, "sites.hist"))["windows"][0]["drop_reasons"]
    named = {entry["reason"]: entry["findings"] for entry in part["reasons"]}
    assert named["SOCKET_RCVBUFF"] == [OVERFLOW]
    assert not [text for text in part["said"] if text.startswith("SOCKET_RCVBUFF")]
    assert part["event_rate"] == pytest.approx(part["events"] / 4.0, abs=0.1)


def test_without_drop_reasons_the_report_is_what_it_was(document: Make, namespace: Make) -> None:
    host = audit(document, namespace, {"Udp.RcvbufErrors": 9, "Udp.InErrors": 9}, {})
    assert "drop_reasons" not in host["windows"][0]


@pytest.mark.parametrize("kernel", [OLD, NEW])
def test_every_reason_is_one_that_the_kernels_have(kernel: str) -> None:
    names = set(parse_symbols(read(kernel, "kfree_skb.format"), "reason").values())
    assert {reason for testimony in TESTIMONIES for reason in testimony.reasons} <= names


def slow(simulate: Make) -> dict[str, Any]:
    sample = simulate(lambda _now: 40000.0, lambda _now: 9000.0)
    pod = sample["namespaces"][1]
    arrived = pod["counters"]["Udp.InDatagrams"] + pod["counters"]["Udp.RcvbufErrors"]
    pod["counters"].update(
        {
            "Udp.OutDatagrams": round(0.22 * arrived),
            "IpExt.InOctets": 1428 * arrived,
            "IpExt.OutOctets": round(0.22 * 1428 * arrived),
        }
    )
    return sample


def test_a_forwarder_that_is_behind(simulate: Make) -> None:
    (one,) = diagnose_host(slow(simulate), {})["findings"]
    assert one["causes"] == ["slow_consumer"]
    (said,) = [text for text in one["evidence"] if "of 100 datagrams that arrived" in text]
    assert "of 100 datagrams that arrived 22 were answered or went on" in said
    assert "came in a second and" in said


def test_a_sink_is_no_forwarder(simulate: Make) -> None:
    sample = simulate(lambda _now: 9000.0, lambda _now: 3000.0)
    (one,) = diagnose_host(sample, {})["findings"]
    assert not [text for text in one["evidence"] if "of 100 datagrams" in text]


def test_reads_and_sends_of_the_process_that_lost(simulate: Make) -> None:
    sample = slow(simulate)
    reads = sample["namespaces"][1]["counters"]["Udp.InDatagrams"]
    row_of = {"process": "server", "namespace": 1, "threads": 1, "reads": reads, "read_bytes": 1400 * reads}
    other = {"pid": 9, "process": "idle", "namespace": 1, "threads": 1, "reads": 1, "read_bytes": 1}
    sent = {"sends": 8000, "sent_bytes": 8000 * 1400}
    sample["drop_reasons"] = told([], threads=[{**other, **sent}, {"pid": 71, **row_of, **sent}])
    (one,) = diagnose_host(sample, {})["findings"]
    (said,) = [text for text in one["evidence"] if "system calls" in text]
    assert f"server (pid 71) read {reads:,} datagrams of 1,400 bytes and sent 8,000 of 1,400 bytes" in said
    assert one["sockets"][0]["traffic"] == {"reads": reads, "read_bytes": 1400 * reads, **sent}


def test_what_found_no_room_is_said(document: Make, namespace: Make) -> None:
    host = audit(document, namespace, {}, told([row("SOCKET_RCVBUFF", 200)], uncounted=1290))
    said = host["windows"][0]["drop_reasons"]["said"]
    assert said[0] == "1,290 drops found no room in the kernel's histogram: their reasons are unknown"
