# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person must know of one host first: verdict, where, who, how much, what to do and what not."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.plugin_utils import _changes
from ansible_collections.rxpath.linux.plugins.plugin_utils import _wording as wording


class Summary(NamedTuple):
    """One host, told in short; an empty string is what the report does not say."""

    name: str
    status: str
    reason: str
    finding: dict[str, Any] | None  # the one that the summary is about
    lost: str
    where: str
    who: str
    why: str
    rates: str  # of a slow consumer: what arrives, what it takes, what went out
    act: list[str]
    vain: list[str]
    others: list[dict[str, Any]]  # the remaining losses
    rounds: list[_changes.Round]  # what was changed, or is planned
    kernel: list[str]  # what the kernel dropped and no finding tells, where its reasons were asked for

    @property
    def rate(self) -> float:
        """Return what the headline loses per second, 0 where nothing is lost."""
        return float((self.finding or {}).get("rate") or 0.0)

    @property
    def ratio(self) -> float | None:
        """Return the loss ratio of the headline, None where the report gives none."""
        value = (self.finding or {}).get("ratio")
        return None if value is None else float(value)


def summaries(report: dict[str, Any]) -> list[Summary]:
    """Return every host of a plain report, worst first, then by loss, then by name."""
    hosts = [summarise(name, host) for name, host in (report.get("hosts") or {}).items()]
    return sorted(hosts, key=lambda host: (rank(host.status), -host.rate, host.name))


def alike(hosts: list[Summary]) -> list[list[Summary]]:
    """Group hosts whose headline is the same finding, with the same causes, in the same process; order is kept.

    Hosts without a finding are alike when their reasons are, or when the same was changed with the same outcome.
    """
    groups: dict[tuple[str, ...], list[Summary]] = {}
    for host in hosts:
        changed = [f"{one.what} {one.outcome}" for turn in host.rounds for one in turn.changes]
        key: tuple[str, ...] = (host.status, "" if changed else host.reason, *changed)
        if host.finding is not None:
            sockets = losers(host.finding)
            process = str(sockets[0].get("process")) if sockets else ""
            pending = str(bool(host.finding.get("pending")))
            key = (host.status, str(host.finding.get("finding")), host.why, process, pending, *changed)
        groups.setdefault(key, []).append(host)
    return list(groups.values())


def rank(status: str) -> int:
    """Return 0 for the worst status; one that is not known counts as an error."""
    return wording.STATUSES.index(status if status in wording.STATUSES else "error")


def summarise(name: str, host: dict[str, Any]) -> Summary:
    """Return the short form of one host of a plain report."""
    findings = [finding for finding in host.get("findings") or [] if isinstance(finding, dict)]
    main = headline(host, findings)
    advice = (main or {}).get("advice") or []
    return Summary(
        name=name,
        status=str(host.get("status") or "error"),
        reason=str(host.get("reason") or ""),
        finding=main,
        lost=lost(main, host) if main else "",
        where=where(main) if main else "",
        who=who(main) if main else "",
        why=", then ".join(wording.CAUSES.get(cause, cause) for cause in (main or {}).get("causes") or []),
        rates=rates(main, host) if main else "",
        act=[act(item) for item in advice if item.get("helps")],
        vain=[vain(item) for item in advice if not item.get("helps")],
        others=[finding for finding in findings if finding is not main and finding.get("class") == "loss"],
        rounds=_changes.rounds(host),
        kernel=[str(text) for text in drop_reasons(host).get("said") or []],
    )


def headline(host: dict[str, Any], findings: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return the finding to tell first: the main loss, else an overflow to come, else the first loss."""
    main = [finding for finding in findings if finding.get("finding") == host.get("main_loss")]
    if main:
        return max(main, key=lambda finding: finding.get("delta") or 0)
    pending = [finding for finding in findings if finding.get("pending")]
    losses = [finding for finding in findings if finding.get("class") == "loss"]
    return next(iter(pending + losses), None)


def lost(finding: dict[str, Any], host: dict[str, Any]) -> str:
    """Return how much a finding counted, without the verb; a prediction is called one."""
    delta, unit = finding.get("delta"), finding.get("unit") or "datagrams"
    if finding.get("pending") and not delta:
        return "nothing yet; the overflow is predicted"
    text = f"{wording.count(delta)} {unit}"
    length = window_seconds(host)
    if length:
        text += f" in {wording.seconds(length)}"
    parts = []
    if finding.get("rate") is not None:
        parts.append(f"{wording.count(finding['rate'])}/s")
    if finding.get("ratio") is not None:
        parts.append(f"{wording.percent(finding['ratio'])} of what arrived")
    if finding.get("certainty") in ("bound", "hint"):
        parts.append("a bound, not an exact count" if finding["certainty"] == "bound" else "a hint, not a count")
    return f"{text} ({', '.join(parts)})" if parts else text


def drop_reasons(host: dict[str, Any]) -> dict[str, Any]:
    """Return the kernel's drop reasons in the last window, empty where there are none."""
    windows = host.get("windows") or []
    found = windows[-1].get("drop_reasons") if windows else None
    return found if isinstance(found, dict) else {}


def window_seconds(host: dict[str, Any]) -> float | None:
    """Return the length of the last window, which the findings are about."""
    windows = host.get("windows") or []
    value = windows[-1].get("seconds") if windows else None
    return float(value) if isinstance(value, (int, float)) else None


def namespace_name(finding: dict[str, Any]) -> str:
    """Return the namespace of a finding in words, empty where it has none."""
    namespace = finding.get("namespace") or {}
    if not namespace:
        return ""
    name = str(namespace.get("name") or namespace.get("inode") or "")
    container = namespace.get("container")
    if name == "host":
        return "host namespace"
    return f"namespace {name}, container {container}" if container else f"namespace {name}"


def where(finding: dict[str, Any]) -> str:
    """Return the place: socket address, interface, CPU and namespace, as far as the report names them."""
    parts = []
    sockets = finding.get("sockets") or []
    if sockets:
        local = losers(finding)[0]
        parts.append(f"{local.get('protocol') or 'udp'} {local.get('local')}")
    if finding.get("interface"):
        parts.append(f"interface {finding['interface']}")
    if finding.get("cpu") is not None:
        parts.append(f"CPU {finding['cpu']}")
    if namespace_name(finding):
        parts.append(namespace_name(finding))
    return ", ".join(parts)


def losers(finding: dict[str, Any]) -> list[dict[str, Any]]:
    """Return a finding's sockets, the one that lost most first."""
    return sorted(finding.get("sockets") or [], key=lambda socket: -(socket.get("drops") or 0))


def owner(socket: dict[str, Any]) -> str:
    """Return who reads a socket."""
    if socket.get("process"):
        return f"{socket['process']}, pid {socket['pid']}" if socket.get("pid") else str(socket["process"])
    return "held by the kernel" if socket.get("kernel_owned") else "process not known"


def who(finding: dict[str, Any]) -> str:
    """Return the process that lost most, its buffer, and how many more sockets lost."""
    sockets = losers(finding)
    if not sockets:
        return ""
    text = owner(sockets[0])
    if sockets[0].get("receive_buffer"):
        text += f", buffer {wording.size(sockets[0]['receive_buffer'])}"
    if len(sockets) > 1:
        text += f", and {len(sockets) - 1} more socket{'s' if len(sockets) > 2 else ''}"
    return text


def rates(finding: dict[str, Any], host: dict[str, Any]) -> str:
    """Return the rates of a slow consumer: arrivals, service time, and what its namespace read and sent."""
    if "slow_consumer" not in (finding.get("causes") or []):
        return ""
    parts = []
    sockets = losers(finding)
    arriving, pace = (sockets[0].get("arrival_rate"), sockets[0].get("service_rate")) if sockets else (None, None)
    if arriving is not None:
        parts.append(f"λ = {wording.count(arriving)}/s arrive for it")
        if pace:
            parts[-1] += f", μ = {wording.count(pace)}/s it reads, {wording.short(1 / pace)} each (1/μ)"
    moved, length = finding.get("traffic"), window_seconds(host)
    # Of one that sends nothing this says no more than was said.
    if moved and length and (moved["sent"] or not parts):
        came, read, sent = (f"{wording.count(round(moved[name] / length))}/s" for name in ("arrived", "read", "sent"))
        parts.append(f"its namespace took in {came}, read {read} and sent {sent}")
    return "; ".join(parts)


def act(advice: dict[str, Any]) -> str:
    """Return what to do, with the values where there are any."""
    text = str(advice.get("action"))
    current, wanted = advice.get("current"), advice.get("recommended")
    if wanted is None or wanted == current:
        return text
    wanted = wording.setting(text, wanted)
    return f"{text}: {wanted}" if current is None else f"{text}: from {wording.setting('', current)} to {wanted}"


def vain(advice: dict[str, Any]) -> str:
    """Return what does not help, with the reason."""
    why = advice.get("why")
    return f"{advice.get('action')}: {why}" if why else str(advice.get("action"))
