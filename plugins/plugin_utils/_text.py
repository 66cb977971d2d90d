# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The end of a run on a terminal: one line or short block a host, the worst first."""

from __future__ import annotations

import textwrap
from typing import Any

from ansible_collections.rxpath.linux.plugins.plugin_utils import _wording as wording
from ansible_collections.rxpath.linux.plugins.plugin_utils._changes import PLANNED
from ansible_collections.rxpath.linux.plugins.plugin_utils._shape import shown
from ansible_collections.rxpath.linux.plugins.plugin_utils._summary import Summary, alike, summaries

# A fleet of hundreds must stay readable: so many blocks, then counts with so many names; up to so many hosts each has
# a line of its own.
MAX_BLOCKS = 12
MAX_NAMES = 4
MAX_LINES = 20
MAX_CHANGES = 6
MAX_KERNEL = 3
WIDTH = 110

_COLOURS = {
    "fail": "1;31",
    "error": "1;35",
    "unreachable": "1;35",
    "warn": "1;33",
    "inconclusive": "36",
    "not_run": "36",
    "pass": "32",
}
_LABEL = 8


def render_text(report: dict[str, Any], color: bool) -> str:
    """Return the report for a terminal, without a newline at its end.

    Names are shown with their control characters spelled out; the only escape sequences are our own colours, and
    those only with ``color``.
    """
    plain = shown(report)
    hosts = summaries(plain)
    if not hosts:
        return "no host was audited"
    lines: list[str] = []
    small = len(hosts) <= MAX_LINES
    told = [host for host in hosts if _is_told(host, small)]
    quiet = [host for host in hosts if host not in told]
    # In a fleet one fault is often on many hosts: it is told once, for the host that has it worst.
    groups = [[host] for host in told] if small else alike(told)
    for group in groups[:MAX_BLOCKS]:
        lines += [*_block(group, color), ""]
    rest = [host for group in groups[MAX_BLOCKS:] for host in group] + quiet
    lines += [_line(host, color) for host in rest] if small else _counted(rest, color)
    unread = _unread(plain["hosts"])
    if unread:
        lines += ["", *unread]
    if len(hosts) > 1:
        if lines[-1]:
            lines.append("")
        lines.append(_totals(hosts, color))
    return "\n".join(lines).rstrip("\n")


def _is_told(host: Summary, small: bool) -> bool:
    """Tell whether a host gets a block: in a fleet not for what only the kernel's drop reasons say."""
    return bool(host.rounds or host.status in ("fail", "error", "unreachable", "warn") or (small and host.kernel))


def _unread(hosts: dict[str, Any]) -> list[str]:
    """Return one sentence on what root would have read, and one on what else could not be read."""
    rooted: dict[str, set[str]] = {}
    others: dict[str, set[str]] = {}
    reasons: set[str] = set()
    for name, host in hosts.items():
        for unknown in host.get("unknowns") or []:
            text = unknown if isinstance(unknown, str) else f"{unknown.get('what')}: {unknown.get('remedy') or ''}"
            (rooted if "root's rights" in text else others).setdefault(text.split(": ")[0], set()).add(name)
            if "root's rights" not in text:
                reasons.add(text)
    lines = []
    if rooted:
        on = len(set[str]().union(*rooted.values()))
        where = f" on {on} hosts" if len(hosts) > 1 else ""
        lines += textwrap.wrap(
            f"not read{where} without root: {_some(rooted)}; become root (-b) to have it read", WIDTH
        )
    if others:
        # A single thing with a single reason has room for it.
        said = f"{_some(others)}; the report says why" if len(reasons) > 1 else reasons.pop()
        lines += textwrap.wrap(f"not readable: {said}", WIDTH)
    return lines


def _some(things: dict[str, set[str]]) -> str:
    more = f", and {len(things) - MAX_NAMES} more" if len(things) > MAX_NAMES else ""
    return ", ".join(list(things)[:MAX_NAMES]) + more


def _block(group: list[Summary], color: bool) -> list[str]:
    host = group[0]
    lines = [_line(host, color, brief=host.finding is not None)]
    if host.finding is not None:
        lines += _told(host)
    lines += _changed(host)
    for text in host.kernel[:MAX_KERNEL]:
        lines += _field("kernel", text)
    if len(group) > 1:
        lines += _field("same", f"on {len(group) - 1} more: {_names(group[1:])}")
    return lines


def _told(host: Summary) -> list[str]:
    # The parts below say what the reason says, but for an overflow that is yet to come and a host that was lost later.
    pending = bool(host.finding and host.finding.get("pending"))
    broken = host.status in ("unreachable", "error")
    lines = _field("why", host.reason) if pending or broken or not host.lost else []
    lines += _field("lost", host.lost)
    lines += _field("where", host.where)
    lines += _field("who", host.who)
    lines += _field("cause", host.why)
    lines += _field("rates", host.rates)
    for action in host.act[:3]:
        lines += _field("do", action)
    if not host.act and host.vain:
        lines += _field("do", "nothing that this audit knows of helps here; see the report")
    for action in host.vain[:2]:
        lines += _field("in vain", action)
    if host.others:
        named = [f"{item['finding']} {wording.count(item.get('delta'))} {item.get('unit')}" for item in host.others[:3]]
        more = f", and {len(host.others) - 3} more" if len(host.others) > 3 else ""
        lines += _field("also", ", ".join(named) + more)
    return lines


def _changed(host: Summary) -> list[str]:
    """Return what was changed, first round first; which round is said where there are several."""
    several = len(host.rounds) > 1
    told = [(turn.title, one) for turn in host.rounds for one in turn.changes]
    lines = []
    for title, one in told[:MAX_CHANGES]:
        label = "plan" if one.outcome == PLANNED else "changed"
        lines += _field(label, f"{title.lower()}: {one.line}" if several and label == "changed" else one.line)
    more = len(told) - MAX_CHANGES
    return lines + _field("", f"and {more} more in the report" if more > 0 else "")


def _line(host: Summary, color: bool, brief: bool = False) -> str:
    text = f"{_badge(host.status, color)} {host.name}"
    if host.finding is not None:
        text += f": {host.finding['finding']}"
        if not brief:
            text += "".join(f", {part}" for part in (f"lost {host.lost}", host.who) if part)
    elif host.reason:
        text += f": {host.reason}"
    return text


def _badge(status: str, color: bool) -> str:
    word = wording.STATUS_WORDS.get(status, status).upper()
    return f"\x1b[{_COLOURS.get(status, '1')}m{word}\x1b[0m" if color else word


def _field(label: str, text: str) -> list[str]:
    if not text:
        return []
    indent = " " * (_LABEL + 4)
    head = f"  {label:<{_LABEL}}  "
    return textwrap.wrap(text, WIDTH, initial_indent=head, subsequent_indent=indent, break_on_hyphens=False)


def _counted(hosts: list[Summary], color: bool) -> list[str]:
    lines = []
    for status in wording.STATUSES:
        found = [host for host in hosts if host.status == status]
        if found:
            lines.append(f"{_badge(status, color)} {len(found)}: {_names(found)}")
    return lines


def _names(hosts: list[Summary]) -> str:
    more = f", and {len(hosts) - MAX_NAMES} more" if len(hosts) > MAX_NAMES else ""
    return ", ".join(host.name for host in hosts[:MAX_NAMES]) + more


def _totals(hosts: list[Summary], color: bool) -> str:
    parts = []
    for status in wording.STATUSES:
        number = sum(1 for host in hosts if host.status == status)
        if number:
            parts.append(f"{number} {_badge(status, color)}")
    return f"{len(hosts)} hosts: {', '.join(parts)}"
