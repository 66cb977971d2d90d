# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the fault matrix and print a confusion table: expected against reported finding, causes, place and share.

Each run is a process of its own. A run whose own truth check fails is repeated and counted, not judged. Ordinary
cases run side by side with ``--jobs 2``; cases that need the CPUs alone or change a global sysctl run after them.
Exit 1 when a cell is wrong or a case could not be judged.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from matrix import table  # noqa: E402
from matrix.case import chosen  # noqa: E402

REPEATS = 4
TIMEOUT = 120


def once(name: str, options: argparse.Namespace) -> Dict[str, Any]:
    """Run a case until its truth holds; at most ``REPEATS`` more times."""
    repeats: List[str] = []
    while True:
        command = [sys.executable, "-m", "matrix.child", name, "--keep", options.keep]
        command += ["--bed-only"] if options.bed_only else []
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            printed, complaint = process.communicate(timeout=TIMEOUT)
        except subprocess.TimeoutExpired:
            process.terminate()
            printed, complaint = process.communicate()
        except BaseException:
            process.terminate()
            process.wait()
            raise
        rows = printed.strip().splitlines()
        result: Dict[str, Any] = json.loads(rows[-1]) if rows and rows[-1].startswith("{") else {
            "outcome": "error", "wrong": [complaint[-2000:] or "no result in %d s" % TIMEOUT], "facts": {}}  # fmt: skip
        if result["outcome"] == "untrue" and len(repeats) < REPEATS:
            repeats.append(result["wrong"][0])
            continue
        result["repeats"] = repeats
        return result


def tell(name: str, run: int, result: Dict[str, Any]) -> None:
    note = "" if result["outcome"] == "right" else "  " + "; ".join(text.strip() for text in result["wrong"])
    again = " (repeated: %s)" % "; ".join(result["repeats"]) if result["repeats"] else ""
    print("%-40s %2d %-6s%s%s" % (name, run, result["outcome"], again, note), file=sys.stderr, flush=True)


def play(cases: Sequence[Any], options: argparse.Namespace) -> Dict[str, List[Dict[str, Any]]]:
    """Return the results of each case's runs; cases that must be alone come last, one by one."""
    results: Dict[str, List[Dict[str, Any]]] = {made.name: [] for made in cases}

    def work(job: Tuple[str, int]) -> None:
        result = once(job[0], options)
        results[job[0]].append(result)
        tell(job[0], job[1], result)

    for exclusive, jobs in ((False, options.jobs), (True, 1)):
        queue = [(made.name, run) for run in range(1, options.runs + 1) for made in cases if made.alone == exclusive]
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            for future in [pool.submit(work, job) for job in queue]:
                future.result()
    return results


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=1, help="runs of each case")
    parser.add_argument("--case", action="append", default=[], metavar="GLOB", help="only these cases")
    parser.add_argument("--jobs", type=int, choices=(1, 2), default=1, help="ordinary cases side by side")
    parser.add_argument("--json", type=Path, help="write all results there")
    parser.add_argument("--page", type=Path, help="write the table there, as a page of the documentation")
    parser.add_argument("--keep", default="", help="keep the samples of wrong runs in this folder (of all: FOLDER+)")
    parser.add_argument("--bed-only", action="store_true", help="traffic and truth without the audit")
    parser.add_argument("--list", action="store_true", help="name the cases and end")
    options = parser.parse_args()
    cases = chosen(options.case)
    if options.list:
        for made in cases:
            print("%-40s %s" % (made.name, (made.__doc__ or "").splitlines()[0]))
        return 0
    if not cases:
        parser.error("no case matches")
    if os.geteuid():
        parser.error("the matrix builds network namespaces: it needs root")
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    began = time.time()
    results = play(cases, options)
    about = table.about(options.runs, time.time() - began)
    print(table.text(results, about))
    if options.json:
        options.json.write_text(json.dumps({"about": about, "cases": results}, indent=1) + "\n")
    if options.page:
        options.page.write_text(table.page(results, about))
    return 0 if all(run["outcome"] == "right" for runs in results.values() for run in runs) else 1


if __name__ == "__main__":
    sys.exit(main())
