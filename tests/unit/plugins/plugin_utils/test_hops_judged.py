# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the hosts of a round returned to verdicts, a report and a status for each host."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils import hops_report
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_judged import judge
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_settings import HopsSettings, rounds
from ansible_collections.rxpath.linux.plugins.plugin_utils.report import ReportError
from ansible_collections.rxpath.linux.tests.unit.plugins.module_utils._hops.test_tally import device, namespace, sample
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.test_hops_settings import settings

CHARGED = "the memory that a datagram takes (truesize)"
Steps = dict[str, dict[str, dict[str, Any]]]
NAMES = ["c1", "p1", "s1"]
GROUPS = [{"name": name, "hosts": [host]} for name, host in zip(["clients", "proxies", "servers"], NAMES)]


def window(read: int = 0, sent: int = 0, overflow: int = 0) -> dict[str, Any]:
    counters = {
        "Udp.InDatagrams": read,
        "Udp.OutDatagrams": sent,
        "Udp.InErrors": overflow,
        "Udp.RcvbufErrors": overflow,
    }
    return sample(namespace("host", counters, device("eth0")))


def watched(**windows: dict[str, Any]) -> Steps:
    return {
        "begun": {host: {"outcome": "begun", "began": 1000.0, "session": "0" * 32} for host in windows},
        "ended": {host: {"outcome": "ended", "sample": found} for host, found in windows.items()},
        "sent": {},
        "counted": {},
    }


def probed(steps: Steps, arrived: int, asked: int = 1000, drops: int = 0, **more: Any) -> Steps:
    """Return the steps with a probe of one flow from c1 to s1, which lost what is missing at its end."""
    flow = {"arrived": arrived, "duplicated": 0, "reordered": 0, "furthest": 0, "next": arrived, "missing": 0}
    received = {
        "ended": "asked",
        "foreign": 0,
        "drops": drops,
        "receive_buffer": 8388608,
        "delay_range": 0.001,
        "longest_pause": 0.01,
        "span": 1.0,
        "flows": [{**flow, "runs": [], "run_lengths": []}],
        **{key: value for key, value in more.items() if key in ("ended", "foreign")},
    }
    sent = {
        "asked": asked,
        "sent": asked,
        "dropped": 0,
        "errors": {},
        "stopped": None,
        "rate": 1000.0,
        "flows": [{"port": 4711, "numbered": asked, "dropped": 0}],
        **{key: value for key, value in more.items() if key in ("rate", "stopped", "errors")},
    }
    steps["sent"]["c1"] = {"outcome": "sent", "sent": sent}
    steps["counted"]["s1"] = {"outcome": "counted", "received": received}
    return steps


CHOSEN = settings(probe=True, forward_port=53, probe_port=5301)
_HOP, _NEXT, STRAIGHT, THROUGH = rounds(CHOSEN, [["c1"], ["p1"], ["s1"]])
COUNTERS = rounds(settings(), [["c1"], ["p1"], ["s1"]])[0]


def straight(steps: Steps, chosen: HopsSettings = CHOSEN) -> dict[str, Any]:
    return judge(STRAIGHT, steps, GROUPS, chosen)


def statuses(*done: dict[str, Any]) -> dict[str, str]:
    return {host: hops_report.verdict_of(host, list(done))[0] for host in NAMES}


def test_a_probe_that_loses_nothing_passes() -> None:
    done = straight(probed(watched(c1=window(sent=1000), s1=window(read=1000)), 1000))
    assert (done["status"], done["verdicts"]) == ("pass", ["nothing lost between c1 and s1"])
    assert (done["numbered"], done["arrived"], done["missing"], done["ratio"]) == (1000, 1000, 0, 0.0)
    assert statuses(done) == {"c1": "pass", "p1": "pass", "s1": "pass"}


def test_a_probe_that_loses_fails_the_host_that_did_not_receive() -> None:
    done = straight(probed(watched(c1=window(sent=1000), s1=window(read=990)), 990))
    assert (done["status"], done["verdicts"]) == ("fail", ["10 lost on the wire between c1 and s1"])
    assert done["ratio"] == 0.01
    assert done["flows"][0]["runs"] == [[990, 10]]
    assert statuses(done) == {"c1": "pass", "p1": "pass", "s1": "fail"}


def test_a_site_can_live_with_some() -> None:
    steps = probed(watched(c1=window(sent=1000), s1=window(read=990)), 990)
    done = straight(steps, CHOSEN._replace(max_loss_ratio=0.01))
    assert done["status"] == "warn"
    assert statuses(done)["s1"] == "warn"
    assert straight(steps, CHOSEN._replace(max_loss_ratio=0.009))["status"] == "fail"


def test_what_the_probes_own_socket_lost_fails_nobody() -> None:
    done = straight(probed(watched(c1=window(sent=1000), s1=window(read=990, overflow=10)), 990, drops=10))
    assert (done["status"], done["ratio"]) == ("warn", 0.0)
    assert done["verdicts"] == ["10 lost at s1's socket, which is the probe's own"]
    assert "a lower rate or a larger buffer" in done["notes"][0]
    assert statuses(done)["s1"] == "warn"


def test_what_is_to_be_known_besides() -> None:
    steps = watched(c1=window(sent=400), s1=window(read=400))
    done = straight(probed(steps, 400, 400, rate=800.0, stopped="the host is too slow", foreign=7, ended="time"))
    assert done["status"] == "warn"
    assert done["notes"] == [
        "the probe ended early: the host is too slow",
        "800/s were reached of the 1000/s asked for",
        "7 datagrams of others came to the probe's port, and are not counted",
        "the receiver's time was up before the probe was over: what came later counts as lost",
    ]


def test_what_the_path_answers_is_told() -> None:
    """A firewall of the receiver that rejects: ICMP says so, and the probe goes on."""
    errors = {"EHOSTUNREACH": 3, "ECONNREFUSED": 1, "ENOBUFS": 5}
    done = straight(probed(watched(c1=window(), s1=window()), 900, 1000, errors=errors))
    (said,) = [note for note in done["notes"] if "ICMP" in note]
    assert said.startswith("the path answered by ICMP: refused (1 times), host unreachable (3 times); a firewall")


def test_what_a_host_cannot_see_stands_beside_the_wire() -> None:
    steps = probed(watched(c1=window(sent=1000), s1=window(read=990)), 990)
    for host in ("c1", "s1"):
        found = steps["ended"][host]["sample"]
        found["blind_spots"] = [{"what": "nftables netdev hook", "where": "t c of host", "why": "no counter"}]
        found["unknowns"] = [{"what": f"thing {number}", "why": "EPERM", "remedy": ""} for number in range(4)]
    done = straight(steps)
    (note,) = done["notes"]
    assert note.startswith("what s1 cannot see looks like the wire to it: nftables netdev hook in t c of host; thing 0")
    assert note.endswith("thing 1: EPERM, and 2 more")
    assert len(done["hosts"]["c1"]["unread"]) == 4
    # What a datagram is charged is no place at which one could be lost.
    found = steps["ended"]["s1"]["sample"]
    found["blind_spots"], found["unknowns"] = [], [{"what": CHARGED, "why": "loopback: down", "remedy": ""}]
    assert straight(steps)["notes"] == []


def through(others: int, steps: Steps | None = None) -> dict[str, Any]:
    """Return a probe through the proxy, which forwards all but a tenth; ``others`` send to it meanwhile and before."""
    hop = {
        **_HOP,
        "arrived": 1000,
        "duplicated": 0,
        "received": {"foreign": 0},
        "hosts": {"p1": {"seconds": 5.0, "udp": {"read": 1000 + others}}},
    }
    windows = {"c1": window(sent=1000), "p1": window(read=1000 + others, sent=900), "s1": window(read=900)}
    return judge(THROUGH, steps or probed(watched(**windows), 900), GROUPS, CHOSEN, [hop])


def test_a_forwarder_that_keeps_datagrams_is_named() -> None:
    done = through(others=0)
    assert (done["status"], done["verdicts"]) == ("fail", ["100 received by p1, never forwarded"])
    assert statuses(done) == {"c1": "pass", "p1": "fail", "s1": "pass"}


def test_other_traffic_of_the_forwarder_leaves_it_open() -> None:
    done = through(others=500)
    assert done["verdicts"] == ["about 100 lost between c1 and s1; other traffic hides where"]
    assert done["status"] == "fail", "that they were lost is certain"


@pytest.mark.parametrize("missing", ["c1", "s1"])
def test_a_host_that_is_not_reached_leaves_the_leg_unmeasured(missing: str) -> None:
    steps = probed(watched(c1=window(sent=1000), s1=window(read=1000)), 1000)
    steps["ended"][missing] = {"outcome": "unreachable", "reason": "no route to host"}
    done = straight(steps)
    assert (done["status"], done["verdicts"]) == ("error", [f"not measured, since of {missing}: no route to host"])
    assert statuses(done)[missing] == "unreachable"
    assert statuses(done)[{"c1": "s1", "s1": "c1"}[missing]] == "error"


def test_a_probe_that_was_not_sent_says_why() -> None:
    steps = watched(c1=window(), s1=window())
    steps["sent"]["c1"] = {"outcome": "error", "reason": "size: 9000 bytes do not fit"}
    steps["counted"]["s1"] = probed(watched(), 0)["counted"]["s1"]
    assert straight(steps)["verdicts"] == ["not measured, since of c1: size: 9000 bytes do not fit"]


def test_a_reason_that_follows_from_another_is_not_told_twice() -> None:
    steps = watched(c1=window(), s1=window())
    steps["ended"]["s1"] = {"outcome": "unreachable", "reason": "no route to host"}
    steps["sent"]["c1"] = {"outcome": "error", "reason": "not sent, since s1 was not measured: no route to host"}
    assert straight(steps)["verdicts"] == ["not measured, since of s1: no route to host"]
    steps["sent"]["c1"]["reason"] = "size: 9000 bytes do not fit"
    assert straight(steps)["verdicts"] == [
        "not measured, since of s1: no route to host; c1: size: 9000 bytes do not fit"
    ]


def test_where_none_arrived_a_firewall_is_thought_of() -> None:
    done = straight(probed(watched(c1=window(sent=1000), s1=window()), 0))
    assert (done["status"], done["verdicts"]) == ("fail", ["1,000 lost on the wire between c1 and s1"])
    assert done["notes"] == [
        "none arrived at all: a firewall that keeps out the probe's port looks so (udp_hops_probe_port)"
    ]


def test_a_sender_that_can_send_nothing() -> None:
    steps = probed(watched(c1=window(), s1=window()), 0, 0, stopped="Network is unreachable")
    done = straight(steps)
    assert done["status"] == "error"
    assert done["verdicts"] == ["not measured, since c1 could send nothing: Network is unreachable"]


def test_results_that_do_not_fit_together_are_an_error_of_their_round() -> None:
    steps = probed(watched(c1=window(sent=1000), s1=window(read=1000)), 1000)
    steps["sent"]["c1"]["sent"]["flows"][0]["numbered"] = 10
    assert straight(steps)["status"] == "error"
    steps["ended"]["s1"]["sample"] = {"window": "garbled"}
    assert "cannot be understood" in straight(steps)["verdicts"][0]


def counters(**windows: dict[str, Any]) -> dict[str, Any]:
    return judge(COUNTERS, watched(**windows), GROUPS, settings())


def test_counters_of_a_path_that_loses_nothing() -> None:
    done = counters(c1=window(sent=5000), p1=window(5000, 5000), s1=window(5000))
    assert (done["status"], done["verdicts"]) == ("pass", ["nothing lost that a counter would show"])
    assert [one["rates"]["sent"] for one in done["handoffs"]] == [1000.0, 1000.0]
    assert done["common"] == 1.0


def test_an_idle_path_is_not_a_clean_one() -> None:
    done = counters(c1=window(sent=5), p1=window(), s1=window())
    assert (done["status"], done["verdicts"]) == ("warn", ["nothing lost that a counter would show"])
    (note,) = done["notes"]
    assert note.startswith("hardly anything travels on this path, too little to tell")
    assert statuses(done) == {"c1": "pass", "p1": "pass", "s1": "pass"}


def test_a_loss_that_a_host_counted_fails_it() -> None:
    done = counters(c1=window(sent=5000), p1=window(4000, 4000, overflow=1000), s1=window(4000))
    assert (done["status"], done["verdicts"]) == ("fail", ["1,000 lost at p1's socket"])
    assert statuses(done) == {"c1": "pass", "p1": "fail", "s1": "pass"}


def test_a_hint_fails_nobody() -> None:
    done = counters(c1=window(sent=5000), p1=window(5000, 4000), s1=window(4000))
    assert (done["status"], done["verdicts"]) == ("warn", ["about 1,000 received by p1, never forwarded"])
    assert statuses(done) == {"c1": "pass", "p1": "warn", "s1": "pass"}


def test_a_hint_fails_nobody_beside_a_loss_that_does() -> None:
    done = counters(c1=window(sent=5000), p1=window(5000, 4000), s1=window(3500, overflow=500))
    assert done["status"] == "fail"
    assert statuses(done) == {"c1": "pass", "p1": "warn", "s1": "fail"}


def test_the_part_that_windows_share_comes_from_the_controllers_clock() -> None:
    steps = watched(c1=window(sent=5000), p1=window(5000, 5000), s1=window(5000))
    steps["begun"]["s1"]["began"] = 1003.0
    done = judge(COUNTERS, steps, GROUPS, settings())
    assert done["common"] == 0.4
    assert done["status"] == "warn"
    assert "have only 40 % of their time in common" in done["notes"][0]


def test_a_host_of_the_path_that_is_not_reached() -> None:
    steps = watched(c1=window(sent=5000), s1=window(5000))
    steps["ended"]["p1"] = {"outcome": "unreachable", "reason": "timed out"}
    done = judge(COUNTERS, steps, GROUPS, settings())
    assert (done["status"], done["notes"]) == ("error", ["p1: timed out"])
    assert statuses(done) == {"c1": "pass", "p1": "unreachable", "s1": "pass"}


def test_the_report_is_json_and_says_the_worst(tmp_path: Path) -> None:
    lossy = straight(probed(watched(c1=window(sent=1000), s1=window(read=990)), 990))
    clean = straight(probed(watched(c1=window(sent=1000), s1=window(read=1000)), 1000))
    report = hops_report.build([clean, lossy], GROUPS)
    path, page = hops_report.write(report, str(tmp_path / "new"))
    assert Path(page) == tmp_path / "new/hops.html"
    assert Path(page).read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    read = json.loads(Path(path).read_text(encoding="utf-8"))
    assert read["status"] == "fail"
    assert read["verdicts"] == [
        "probe c1 -> s1: nothing lost between c1 and s1",
        "probe c1 -> s1: 10 lost on the wire between c1 and s1",
    ]
    text = hops_report.render(report, color=False)
    assert "FAIL probe c1 -> s1" in text
    assert "sent      1,000 at 1,000/s; arrived 990" in text
    assert "\x1b" not in text
    assert "\x1b[1;31mFAIL" in hops_report.render(report, color=True)


def test_the_way_through_a_forwarder_stands_beside_the_straight_one() -> None:
    clean = straight(probed(watched(c1=window(sent=1000), s1=window(read=1000)), 1000))
    report = hops_report.build([clean, through(others=0)], GROUPS)
    (said,) = report["compared"]
    text = hops_report.render(report, color=False)
    assert said.endswith("only the way by p1 loses")
    assert f"side by side: {said}" in " ".join(text.split())
    assert "side by side" not in hops_report.render(hops_report.build([clean], GROUPS), color=False)


def test_the_rates_of_a_handoff_are_told_in_the_order_of_the_way() -> None:
    done = counters(c1=window(sent=5000), p1=window(5000, 4900), s1=window(4900))
    text = hops_report.render(hops_report.build([done], GROUPS), color=False)
    assert (
        "clients sent 1,000/s (IP 0, NIC 180); proxies took in 1,000/s (NIC 200, IP 0) and passed on 980/s"
        in " ".join(text.split())
    )


SCHEMA = json.loads((Path(__file__).resolve().parents[4] / "docs/hops.schema.json").read_text(encoding="utf-8"))


def test_every_kind_of_round_is_as_the_schema_says() -> None:
    gone = watched(c1=window(sent=5000), s1=window(5000))
    gone["ended"]["p1"] = {"outcome": "unreachable", "reason": "timed out"}
    done = [
        straight(probed(watched(c1=window(sent=1000), s1=window(read=990)), 990)),
        through(others=0),
        through(others=500),
        straight(watched(c1=window(), s1=window())),
        counters(c1=window(sent=5000), p1=window(5000, 4000), s1=window(3500, overflow=500)),
        judge(COUNTERS, gone, GROUPS, settings()),
    ]
    report = hops_report.build(done, GROUPS)
    assert {one["status"] for one in report["rounds"]} == {"fail", "error"}
    jsonschema.validate(report, SCHEMA)
    for broken in ({**report, "schema": 2}, {**report, "status": "well"}, {**report, "rounds": [{"kind": "probe"}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, SCHEMA)


def test_a_report_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ReportError, match="udp_hops_report_dir: cannot make the directory"):
        hops_report.write(hops_report.build([], GROUPS), str(tmp_path / "file"))


def test_names_from_hosts_do_not_act_on_the_terminal() -> None:
    steps = probed(watched(c1=window(sent=1000), s1=window(read=1000)), 1000)
    steps["ended"]["s1"] = {"outcome": "error", "reason": "\x1b[2Jgone"}
    report = hops_report.build([straight(steps)], GROUPS)
    assert "\x1b" not in hops_report.render(report, color=False)


def test_a_run_that_ended_before_it_measured() -> None:
    assert hops_report.verdict_of("c1", None) == ("error", "the run ended before it was measured")
    assert hops_report.build([], [])["status"] == "error"
