# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One run of one case, in a process of its own: build, audit while the traffic runs, measure the truth, compare.

Prints one line of JSON: outcome (right, wrong, untrue), the wrong cells, the truth, the reported cells.
"""

from __future__ import annotations

import argparse
import gzip
import json
import signal
import sys
import time
import traceback
from pathlib import Path
from typing import Any, Dict

from .audit import NoWindow, Window
from .bed import Bed
from .case import Untrue, Verdict, all_cases
from .expect import compare, summary
from .guard import alone


def diagnose(sample: Dict[str, Any], case: Any) -> Dict[str, Any]:
    from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import settings, verdict

    chosen = settings.merge({"max_extension": case.extends, **case.settings})
    host: Dict[str, Any] = verdict.diagnose_host(sample, chosen)
    return host


def play(name: str, bed_only: bool, keep: str) -> Dict[str, Any]:
    made = all_cases()[name]
    with alone(made.alone), Bed() as bed:
        case = made(bed)
        case.build()
        time.sleep(0.1)  # what starting devices and programs send of their own
        case.mark()
        began = time.time()
        case.audit = (NoWindow if bed_only else Window)(case)
        opened = case.audit.begun()
        time.sleep(case.lead)
        case.traffic()
        while not case.audit.over(0.2):
            pass
        sample = case.audit.sample()
        took = time.time() - began
        try:
            verdict = case.judge()
        except Untrue as untrue:
            return {"outcome": "untrue", "wrong": [str(untrue)], "facts": case.facts, "seconds": took}
        if sample is None:
            return {"outcome": "right", "wrong": [], "facts": case.facts, "seconds": took}
        ended = opened + case.window
        for flood in case.floods:
            told = flood.wait()
            if told["started"] < opened or (case.inside and told["ended"] > ended - 0.05):
                why = "traffic %.2f..%.2f outside the window of %.2f s" % (
                    told["started"] - opened, told["ended"] - opened, case.window)  # fmt: skip
                return {"outcome": "untrue", "wrong": [why], "facts": case.facts, "seconds": took}
        host = diagnose(sample, case)
        wrong = compare(verdict, host, bed.namespaces)
        result = {"outcome": "wrong" if wrong else "right", "wrong": wrong, "facts": case.facts, "seconds": took,
                  "reported": summary(verdict, host, bed.namespaces), "expected": cells(verdict)}  # fmt: skip
    if keep and (wrong or keep.endswith("+")):
        folder = Path(keep.rstrip("+"))
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / ("%s-%d.json.gz" % (name, time.time()))
        with gzip.open(path, "wt") as handle:
            json.dump({"sample": sample, "host": host, "result": result}, handle)
        result["kept"] = str(path)
    return result


def cells(verdict: Verdict) -> Dict[str, Any]:
    """Return the cells of the table for what was expected."""
    main = next((finding for finding in verdict.findings if finding.finding == verdict.main), None)
    return {
        "status": sorted(verdict.status),
        "findings": [finding.finding for finding in verdict.findings],
        "main": verdict.main,
        "causes": main.causes if main else [],
        "namespace": main.namespace.split("-")[-1] if main and main.namespace else None,
        "share": main.share if main else None,
        "delta": main.delta if main else None,
    }


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("case")
    parser.add_argument("--bed-only", action="store_true")
    parser.add_argument("--keep", default="")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        result = play(options.case, options.bed_only, options.keep)
    except Exception:  # told to run.py as the outcome
        result = {"outcome": "error", "wrong": [traceback.format_exc()], "facts": {}}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
