# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The confusion table of a matrix run, for the terminal and as a page of the documentation."""

from __future__ import annotations

import platform
import re
import time
from collections import Counter
from typing import Any, Dict, List, Mapping, Sequence

Results = Mapping[str, Sequence[Mapping[str, Any]]]
COLUMNS = ("case", "right", "expected", "reported", "causes", "namespace", "socket", "share", "lost", "repeats")

# What would begin or end something in reStructuredText.
_MARKUP = re.compile(r"[\\`*|]|_(?!\w)")
# REUSE-IgnoreStart
_HEAD = (
    "..",
    "  Copyright (c) 2026, rxpath.linux contributors",
    "  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)",
    "  SPDX-License-Identifier: GPL-3.0-or-later",
    "",
    ".. _ansible_collections.rxpath.linux.docsite.matrix:",
    "",
    "The fault matrix, last full run",
    "===============================",
    "",
)
# REUSE-IgnoreEnd


def about(runs: int, seconds: float) -> Dict[str, Any]:
    """Return what a reader needs to know of the run."""
    return {"date": time.strftime("%Y-%m-%d"), "kernel": platform.release(), "runs": runs, "seconds": round(seconds)}


def _tally(values: Sequence[str]) -> str:
    """Join what the runs gave; a value that not all runs gave carries its count."""
    counted = Counter(values)
    if len(counted) == 1:
        return values[0]
    return ", ".join("%s ×%d" % (value or "-", count) for value, count in counted.most_common())


def _name(cells: Mapping[str, Any]) -> str:
    status = cells["status"] if isinstance(cells["status"], str) else "/".join(cells["status"])
    return " ".join([status + ":", " + ".join(cells["findings"]) or "nothing"])


def _range(values: Sequence[Any]) -> str:
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, high = min(known), max(known)
    form = "%.2f" if isinstance(low, float) else "%d"
    return form % low if low == high else "%s-%s" % (form % low, form % high)


def rows(results: Results) -> List[List[str]]:
    """Return the table's rows as text."""
    out = []
    for name, runs in results.items():
        judged = [run for run in runs if "reported" in run]
        right = sum(1 for run in runs if run["outcome"] == "right")
        reported = [run["reported"] for run in judged]
        expected = [run["expected"] for run in judged]
        out.append([
            name,
            "%d/%d" % (right, len(runs)),
            _tally([_name(cells) for cells in expected]) if expected else "",
            _tally([_name(cells) for cells in reported]) if reported else "",
            _tally([" + ".join(cells["causes"]) for cells in reported]) if reported else "",
            _tally([cells["namespace"] or "" for cells in reported]) if reported else "",
            _tally([" ".join(sorted(set(cells["sockets"]))) for cells in reported]) if reported else "",
            _range([cells["share"] for cells in reported]),
            _range([cells["delta"] for cells in reported]),
            str(sum(len(run["repeats"]) for run in runs)),
        ])  # fmt: skip
    return out


def csv_table(body: Sequence[Sequence[str]]) -> str:
    """Return rows as a table of reStructuredText, the first of them its head."""
    lines = [".. csv-table::", "   :class: dense", "   :header-rows: 1", "   :widths: auto", ""]
    for row in body:
        lines.append("   " + ",".join('"%s"' % _MARKUP.sub(r"\\\g<0>", cell).replace('"', '""') for cell in row))
    return "\n".join(lines)


def text(results: Results, facts: Mapping[str, Any]) -> str:
    """Return the table for the terminal, and the wrong cells below it."""
    body = rows(results)
    whole = [list(COLUMNS), *body]
    widths = [max(len(row[index]) for row in whole) for index in range(len(COLUMNS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in whole]
    for name, runs in results.items():
        for run in runs:
            if run["outcome"] != "right":
                lines.append("%s: %s: %s" % (name, run["outcome"], "; ".join(run["wrong"])))
    runs_right = sum(run["outcome"] == "right" for runs in results.values() for run in runs)
    total = sum(len(runs) for runs in results.values())
    lines.append("%d of %d runs right, %d cases, kernel %s, %s, %d s" % (
        runs_right, total, len(results), facts["kernel"], facts["date"], facts["seconds"]))  # fmt: skip
    return "\n".join(lines)


def page(results: Results, facts: Mapping[str, Any]) -> str:
    """Return the table as a page of the documentation."""
    right = sum(run["outcome"] == "right" for runs in results.values() for run in runs)
    total = sum(len(runs) for runs in results.values())
    told = {**facts, "right": right, "total": total}
    return "\n".join([
        *_HEAD,
        "%(date)s, kernel %(kernel)s, %(runs)d runs of each case, %(seconds)d s." % told,
        "%(right)d of %(total)d runs right. Produced by ``make matrix RUNS=%(runs)d``." % told,
        "A repeat is a run whose own truth check failed: it was run again, not judged.",
        "",
        csv_table([COLUMNS, *rows(results)]),
        "",
    ])  # fmt: skip
