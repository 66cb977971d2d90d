# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""From what the hosts of a round returned to what is told of it; nothing that went wrong on a host ends the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._hops import leg
from ansible_collections.rxpath.linux.plugins.module_utils._hops.place import OWN_SOCKET, WIRE, Place
from ansible_collections.rxpath.linux.plugins.module_utils._hops.tally import Tally, tally
from ansible_collections.rxpath.linux.plugins.plugin_utils.convert import SettingError, nearest
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_counters import judge_counters
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_settings import HopsSettings
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_wording import hosts_of_wires, sentence, unseen

Steps = Mapping[str, Mapping[str, Mapping[str, Any]]]
# What a sender hears from the path (man 7 ip, IP_RECVERR; net/ipv4/icmp.c, icmp_err_convert).
_ANSWERED = {"ECONNREFUSED": "refused", "EHOSTUNREACH": "host unreachable", "EACCES": "prohibited"}
# A receiver's runs of lost datagrams that are told.
_RUNS = 5


def hosts_of(path: Sequence[str], task_vars: Mapping[str, Any]) -> list[list[str]]:
    """Return the hosts of each part of a path, a group or a host, within the play's. Raises SettingError."""
    groups, play = task_vars["groups"], [str(host) for host in task_vars["ansible_play_hosts_all"]]
    found: list[list[str]] = []
    for name in path:
        members = [str(host) for host in groups[name]] if name in groups else [name]
        hosts = [host for host in members if host in play]
        if not hosts:
            everything = {str(one) for one in (*groups, *groups.get("all", ()))}
            meant = "" if name in everything else nearest(name, sorted(everything))
            said = f"'{name}' is no group or host of the inventory with hosts in this run{meant}"
            raise SettingError("udp_hops_path", said)
        found.append(hosts)
    everyone = [host for hosts in found for host in hosts]
    twice = sorted({host for host in everyone if everyone.count(host) > 1})
    if twice:
        raise SettingError("udp_hops_path", f"{', '.join(twice)} would be in two places of the path")
    return found


def judge(
    this: Mapping[str, Any],
    steps: Steps,
    groups: Sequence[Mapping[str, Any]],
    settings: HopsSettings,
    before: Sequence[Mapping[str, Any]] = (),
) -> dict[str, Any]:
    """Return a round as the report has it: its hosts, what was lost where, ``status`` and ``verdicts``.

    ``before`` are the rounds that came before it.
    """
    tallies, hosts = _measured(this["hosts"], steps)
    done = {**this, "hosts": hosts, "places": [], "verdicts": [], "ratio": None, "notes": []}
    failed = {name: host["reason"] for name, host in hosts.items() if "reason" in host}
    if this["kind"] == "counters":
        return judge_counters(done, tallies, steps["begun"], groups, settings, failed)
    try:
        return _probe(done, tallies, steps, settings, failed, before)
    except (KeyError, TypeError, ValueError) as error:
        return {**done, "status": "error", "verdicts": [f"the probe's results do not fit together: {error}"]}


def _measured(names: Sequence[str], steps: Steps) -> tuple[dict[str, Tally], dict[str, dict[str, Any]]]:
    tallies: dict[str, Tally] = {}
    hosts: dict[str, dict[str, Any]] = {}
    for name in names:
        ended = steps["ended"].get(name) or {}
        if ended.get("outcome") != "ended":
            outcome = "unreachable" if ended.get("outcome") == "unreachable" else "error"
            hosts[name] = {"outcome": outcome, "reason": str(ended.get("reason") or "it was not measured")}
            continue
        try:
            sample = ended["sample"]
            tallies[name] = tally(name, sample)
            hosts[name] = {
                "outcome": "measured",
                **tallies[name].document(),
                "unread": [f"{one['what']}: {one['why']}" for one in sample.get("unknowns") or []],
                "blind_spots": [f"{one['what']} in {one['where']}" for one in sample.get("blind_spots") or []],
            }
        except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
            tallies.pop(name, None)
            # The sample came from the host: a garbled one is that host's error, not the end of the run.
            reason = f"the sample cannot be understood: {type(error).__name__}: {error}"
            hosts[name] = {"outcome": "error", "reason": reason}
    return tallies, hosts


def _probe(
    done: dict[str, Any],
    tallies: Mapping[str, Tally],
    steps: Steps,
    settings: HopsSettings,
    failed: Mapping[str, str],
    before: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    sender, receiver, via = done["sender"], done["receiver"], done["via"]
    sent, received = steps["sent"].get(sender) or {}, steps["counted"].get(receiver) or {}
    for name, step, key in ((sender, sent, "sent"), (receiver, received, "received")):
        why = str(step.get("reason") or "it has no result")
        # What was not sent because another host was not measured has that host's reason.
        if key not in step and name not in failed and not why.endswith(tuple(failed.values())):
            failed = {**failed, name: why}
    if failed:
        said = "not measured, since of {}".format("; ".join(f"{name}: {why}" for name, why in failed.items()))
        return {**done, "status": "error", "verdicts": [said]}
    counted = leg.count(sent["sent"], received["received"])
    if not counted.numbered:
        said = f"not measured, since {sender} could send nothing: {sent['sent']['stopped'] or 'it did not say why'}"
        return {**done, "status": "error", "verdicts": [said]}
    way = leg.Way(tallies[sender], tallies[receiver], tallies[via] if via else None)
    found = leg.places(sent["sent"], counted, way, _background(way.via, before))
    documents = [place.document() for place in found]
    lost = sum(place.packets for place in found if place.kind != OWN_SOCKET)
    ratio = lost / counted.numbered
    status = "pass"
    if ratio > settings.max_loss_ratio:
        status = "fail"
    elif counted.missing or sent["sent"]["stopped"]:
        status = "warn"
    route = f"{sender} and {receiver}" + (f" by way of {via}" if via else "")
    return {
        **done,
        "asked": sent["sent"]["asked"],
        "numbered": counted.numbered,
        "arrived": counted.arrived,
        "missing": counted.missing,
        "own_drops": counted.own_drops,
        "rate": sent["sent"]["rate"],
        "reordered": sum(flow["reordered"] for flow in counted.flows),
        "duplicated": sum(flow["duplicated"] for flow in counted.flows),
        "delay_range": received["received"]["delay_range"],
        "flows": [
            {**flow, "port": one["port"], "runs": flow["runs"][:_RUNS]}
            for flow, one in zip(counted.flows, sent["sent"]["flows"])
        ],
        "sent": sent["sent"],
        "received": {key: value for key, value in received["received"].items() if key != "flows"},
        "places": documents,
        "ratio": round(ratio, 6),
        "verdicts": [sentence(one) for one in documents] or [f"nothing lost between {route}"],
        "notes": _notes(sent["sent"], counted, received["received"], found, settings)
        + unseen(hosts_of_wires(documents, []), done["hosts"]),
        "status": status,
    }


def _background(via: Tally | None, before: Sequence[Mapping[str, Any]]) -> float | None:
    """Return what others can be expected to have sent to a forwarder, by an earlier probe that ended there."""
    for one in reversed(before):
        if via and one["kind"] == "probe" and one["receiver"] == via.host and "arrived" in one:
            host = one["hosts"][via.host]
            others = host["udp"]["read"] - one["arrived"] - one["duplicated"] - one["received"]["foreign"]
            return float(max(0, others) / host["seconds"] * via.seconds)
    return None


def _notes(
    sent: Mapping[str, Any],
    counted: leg.Count,
    received: Mapping[str, Any],
    found: Sequence[Place],
    settings: HopsSettings,
) -> list[str]:
    """Return what is to be known of a probe besides its losses."""
    notes = []
    if sent["stopped"]:
        notes.append(f"the probe ended early: {sent['stopped']}")
    refused = {name: number for name, number in sent["errors"].items() if name in _ANSWERED}
    if refused:
        told = ", ".join(f"{_ANSWERED[name]} ({number} times)" for name, number in sorted(refused.items()))
        notes.append(
            f"the path answered by ICMP: {told}; a firewall that rejects does so, and a port without a listener"
        )
    rate = settings.probe.rate if settings.probe else 0
    if sent["rate"] < 0.95 * rate:
        notes.append(f"{sent['rate']:.0f}/s were reached of the {rate}/s asked for")
    if not counted.arrived and any(place.kind == WIRE for place in found):
        notes.append("none arrived at all: a firewall that keeps out the probe's port looks so (udp_hops_probe_port)")
    if received["foreign"]:
        notes.append(f"{received['foreign']} datagrams of others came to the probe's port, and are not counted")
    if received["ended"] != "asked":
        notes.append("the receiver's time was up before the probe was over: what came later counts as lost")
    if any(place.kind == OWN_SOCKET for place in found):
        notes.append("what the probe's own socket lost is the probe's: a lower rate or a larger buffer avoids it")
    return notes
