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
import threading
import time
import traceback
from pathlib import Path
from typing import Any, Dict

from .bed import Bed
from .case import Untrue, Verdict, all_cases
from .expect import compare, summary
from .guard import alone


def audit(case: Any) -> Dict[str, Any]:
    """Take a window with the collection's sampler; the host's own namespace and the case's."""
    from ansible_collections.rxpath.linux.plugins.module_utils._sample import window

    sample: Dict[str, Any] = window.measure(
        seconds=case.window,
        interval=0.05,
        namespaces=None if case.every_namespace else ["host", *case.audited()],
        max_extension=case.extends,
    )
    return sample


def diagnose(sample: Dict[str, Any], case: Any) -> Dict[str, Any]:
    from ansible_collections.rxpath.linux.plugins.module_utils._diagnose import settings, verdict

    host: Dict[str, Any] = verdict.diagnose_host(sample, settings.merge({"max_extension": case.extends, **case.settings}))
    return host


def blocked(case: Any) -> None:
    """Without the code under test: the traffic and the truth alone."""
    time.sleep(max(0.0, case.window - case.lead))


def play(name: str, bed_only: bool, keep: str) -> Dict[str, Any]:
    made = all_cases()[name]
    with alone(made.alone), Bed() as bed:
        case = made(bed)
        case.build()
        case.mark()
        failure = []

        def send() -> None:
            try:
                time.sleep(case.lead)
                case.traffic()
            except Exception:  # noqa: BLE001 - told by the main thread
                failure.append(traceback.format_exc())
            sent.set()
            over.wait()  # programs that this thread started end with it

        sent, over = threading.Event(), threading.Event()
        thread = threading.Thread(target=send, daemon=True)
        began = time.time()
        thread.start()
        sample = None if bed_only else audit(case)
        if bed_only:
            blocked(case)
        case.audited_already.set()
        sent.wait()
        if failure:
            return {"outcome": "error", "wrong": failure, "facts": case.facts}
        took = time.time() - began
        try:
            verdict = case.judge()
        except Untrue as why:
            return {"outcome": "untrue", "wrong": [str(why)], "facts": case.facts, "seconds": took}
        if sample is None:
            return {"outcome": "right", "wrong": [], "facts": case.facts, "seconds": took}
        ended = sample["window"]["started_at"] + sample["window"]["seconds"]
        for flood in case.floods:
            told = flood.wait()
            if told["started"] < sample["window"]["started_at"] or (case.inside and told["ended"] > ended):
                why = "traffic %.2f..%.2f outside the window of %.2f s" % (
                    told["started"] - sample["window"]["started_at"],
                    told["ended"] - sample["window"]["started_at"], sample["window"]["seconds"])  # fmt: skip
                return {"outcome": "untrue", "wrong": [why], "facts": case.facts, "seconds": took}
        case.disturb(sample)
        host = diagnose(sample, case)
        wrong = compare(verdict, host, bed.namespaces)
        result = {"outcome": "wrong" if wrong else "right", "wrong": wrong, "facts": case.facts, "seconds": took,
                  "reported": summary(host, bed.namespaces), "expected": cells(verdict)}  # fmt: skip
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
    except Exception:  # noqa: BLE001 - told to run.py as the outcome
        result = {"outcome": "error", "wrong": [traceback.format_exc()], "facts": {}}
    print(json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
