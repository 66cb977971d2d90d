# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""metrics.prom: the last audit as gauges for the textfile collector of the Prometheus node_exporter.

What the role udp_watch writes on the hosts as well is called the same after the prefix (_watch/metrics.py). Labels are
hosts, findings, rules and the kernel's names of drop reasons, never namespaces, sockets or processes, so that the
number of series is bounded by the inventory and not by what runs on it.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ansible_collections.rxpath.linux.plugins.module_utils._watch.exposition import Exposition
from ansible_collections.rxpath.linux.plugins.plugin_utils import _wording as wording
from ansible_collections.rxpath.linux.plugins.plugin_utils._changes import PLANNED, tell
from ansible_collections.rxpath.linux.plugins.plugin_utils._shape import shown
from ansible_collections.rxpath.linux.plugins.plugin_utils._summary import (
    Summary,
    drop_reasons,
    rank,
    summaries,
    window_seconds,
)

PREFIX = "rxpath_udp_audit_"


def render_metrics(report: dict[str, Any]) -> str:
    """Return the file's text."""
    plain = shown(report)
    gauges = Exposition(PREFIX)
    gauges.declare("generated_timestamp_seconds", "When the report was made, in seconds since the epoch.")
    gauges.declare("hosts", "Hosts of the audit by status.")
    gauges.declare("host_status", "1 for the status that a host has, 0 for the others.")
    gauges.declare("window_seconds", "Length of the window that the findings of a host are about.")
    gauges.declare("loss", "What a finding counted in the window; class tells loss from refusal.")
    gauges.declare("loss_per_second", "What a finding counted per second of the window.")
    gauges.declare("main_loss_ratio", "Lost share of what arrived, for the largest loss of a host.")
    gauges.declare("pending", "Sockets' overflows that are predicted and not yet counted.")
    gauges.declare("unknowns", "Things that the audit could not read on a host.")
    gauges.declare("blind_spots", "Places on a host where datagrams can be lost without a counter.")
    gauges.declare("drop_reasons", "Packets over IP that the kernel dropped in the window, by its own reason.")
    gauges.declare("rounds", "Rounds of change and window on a host that was changed.")
    gauges.declare("changes", "Changes on a host that were kept, put back because they did not help, or only planned.")
    gauges.declare("rule_matched", "1 where a rule of the site matched a host, 0 where it did not.")
    gauges.add("generated_timestamp_seconds", _epoch(str(plain.get("generated_at") or "")))
    hosts = summaries(plain)
    for status in wording.STATUSES:
        gauges.add("hosts", sum(1 for host in hosts if _status(host) == status), status=status)
    for host in hosts:
        _add_host(gauges, host, plain["hosts"][host.name])
    return gauges.render()


def _add_host(gauges: Exposition, summary: Summary, host: dict[str, Any]) -> None:
    name = summary.name
    for status in wording.STATUSES:
        gauges.add("host_status", int(_status(summary) == status), host=name, status=status)
    gauges.add("window_seconds", window_seconds(host), host=name)
    pending = 0
    for finding in host.get("findings") or []:
        labels = {"host": name, "finding": str(finding.get("finding")), "class": str(finding.get("class"))}
        labels["unit"] = str(finding.get("unit"))
        gauges.add("loss", finding.get("delta"), **labels)
        gauges.add("loss_per_second", finding.get("rate"), **labels)
        pending += bool(finding.get("pending"))
    if host.get("windows"):
        # Only of a host that was measured: of the others nothing is known, and absent is not zero.
        gauges.add("pending", pending, host=name)
        gauges.add("unknowns", len(host.get("unknowns") or []), host=name)
        gauges.add("blind_spots", len(host.get("blind_spots") or []), host=name)
    for row in drop_reasons(host).get("reasons") or []:
        gauges.add("drop_reasons", row.get("count"), host=name, reason=str(row.get("reason")))
    if host.get("main_loss"):
        gauges.add("main_loss_ratio", summary.ratio, host=name)
    outcomes = [tell(change).outcome for change in host.get("changes") or []]
    if any(outcome != PLANNED for outcome in outcomes):
        gauges.add("rounds", host.get("rounds"), host=name)
    for outcome in outcomes:
        gauges.add("changes", 1, host=name, outcome=outcome.replace(" ", "_"))
    seen = set()
    for rule in host.get("rules") or []:
        key = (str(rule.get("name")), str(rule.get("severity")))
        if key not in seen:
            seen.add(key)
            gauges.add("rule_matched", int(bool(rule.get("matched"))), host=name, rule=key[0], severity=key[1])


def _status(host: Summary) -> str:
    return wording.STATUSES[rank(host.status)]


def _epoch(text: str) -> float | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
