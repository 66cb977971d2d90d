# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What was changed on a host, round by round, in words: from what to what, kept or put back, on which figures."""

from __future__ import annotations

from typing import Any, NamedTuple

from ansible_collections.rxpath.linux.plugins.plugin_utils import _wording as wording

KEPT, PUT_BACK, PLANNED = "kept", "put back", "planned"
_VERDICTS = {"improved": "improved", "unchanged": "unchanged", "worse": "worse", "inconclusive": "cannot tell"}


class Told(NamedTuple):
    """One change; an empty string is what the report does not say."""

    what: str
    before: str
    after: str
    outcome: str  # kept, put back, planned
    verdict: str
    lost: str  # the loss before and after
    interval: str
    why: str
    restarts: list[str]

    @property
    def line(self) -> str:
        """Return the change in one line."""
        values = f": from {self.before} to {self.after}" if self.before != "-" else f": {self.after}"
        figures = [part for part in (self.lost, self.interval and f"difference {self.interval} at 95 %") if part]
        parts = [f"{self.outcome}, {self.verdict}" if self.verdict else self.outcome, *figures, self.why]
        return f"{self.what}{values if self.after != '-' else ''}: " + "; ".join(
            part for part in [*parts, *self.restarts] if part
        )


class Round(NamedTuple):
    """The changes between two windows."""

    title: str
    changes: list[Told]


def rounds(host: dict[str, Any]) -> list[Round]:
    """Return the changes of a plain host by round, in the order in which they were made; those planned stand last."""
    found: dict[str, list[Told]] = {}
    for change in sorted(host.get("changes") or [], key=_order):
        found.setdefault(_title(change), []).append(tell(change))
    return [Round(title, changes) for title, changes in found.items()]


def _order(change: dict[str, Any]) -> tuple[bool, int]:
    number = change.get("round")
    return bool(change.get("planned")), number if isinstance(number, int) else 1


def _title(change: dict[str, Any]) -> str:
    if change.get("planned"):
        return "Planned, nothing was changed"
    number = change.get("round")
    if number == 0:
        return "Left by an earlier run"
    return f"Round {number}" if isinstance(number, int) else "Changed"


def tell(change: dict[str, Any]) -> Told:
    """Return one change of a plain report in words."""
    what, compared = str(change.get("what")), change.get("comparison")
    figures = compared if isinstance(compared, dict) else {}
    outcome = PLANNED if change.get("planned") else KEPT if change.get("kept") else PUT_BACK
    verdict = str(figures.get("verdict") or "")
    return Told(
        what=what,
        before=wording.setting(what, change.get("from")),
        after=wording.setting(what, change.get("to")),
        outcome=outcome,
        verdict=_VERDICTS.get(verdict, verdict),
        lost=_lost(figures),
        interval=_interval(figures),
        why=_reason(change, figures),
        restarts=[
            _restart(row, outcome == PLANNED)
            for row in change.get("restart") or []
            # Whoever had to open the sockets anew has done so where the loss is gone.
            if isinstance(row, dict) and (row.get("restarted") or not _gone(figures))
        ],
    )


def _reason(change: dict[str, Any], figures: dict[str, Any]) -> str:
    """Return why it was kept or put back, without the comparison's figures: they stand beside it."""
    why = str(change.get("why") or "")
    first, semicolon, _rest = str(figures.get("why") or "").partition("; ")
    return why.replace(first + semicolon, "", 1) if semicolon and _lost(figures) and "lost before, " in first else why


def _lost(figures: dict[str, Any]) -> str:
    ends = [figures.get(name) for name in ("before", "after")]
    known = [one for one in ends if isinstance(one, dict)]
    if len(known) < len(ends):
        return ""
    if all(one.get("ratio") is not None for one in known):
        # Few lost of many must not read as none.
        before, after = (f"{wording.percent(one['ratio'])} of {wording.count(one.get('arrived'))}" for one in known)
    else:
        before, after = (f"{wording.count(one.get('rate'))}/s" for one in known)
    return f"lost {before} before, {after} after"


def _gone(figures: dict[str, Any]) -> bool:
    after = figures.get("after")
    return figures.get("verdict") == "improved" and isinstance(after, dict) and after.get("lost") == 0


def _interval(figures: dict[str, Any]) -> str:
    """Return the 95 % interval of the difference; a loss that fell is negative."""
    ends, loads = figures.get("difference"), [figures.get("before"), figures.get("after")]
    if not isinstance(ends, list) or len(ends) != 2 or not all(isinstance(end, (int, float)) for end in ends):
        return ""
    # Of rates where one of the windows has no share: nothing arrived in it, or nothing counts what does.
    if all(isinstance(load, dict) and load.get("ratio") is not None for load in loads):
        return f"{100 * ends[0]:+.2g} to {100 * ends[1]:+.2g} percentage points"
    return f"{ends[0]:+.3g} to {ends[1]:+.3g}/s"


def _restart(row: dict[str, Any], planned: bool) -> str:
    name = str(row.get("process") or "the process")
    if row.get("pid"):
        name += f", pid {row['pid']}"
    where = [f"{kind} {row[kind]}" for kind in ("unit", "container") if row.get(kind)]
    name += f" ({', '.join(where)})" if where else ""
    if row.get("restarted"):
        return f"restarted: {name}"
    return f"would need a restart: {name}" if planned else f"needs a restart: {name}"


def window_titles(host: dict[str, Any]) -> list[str]:
    """Return how the windows of a host are called: before, after; numbered where there is more than one after."""
    windows = host.get("windows") or []
    labels = [str(window.get("label") or "") for window in windows]
    later = [index for index, label in enumerate(labels) if label == "after"]
    if len(later) < 2:
        return labels
    return [f"after {later.index(index) + 1}" if index in later else label for index, label in enumerate(labels)]
