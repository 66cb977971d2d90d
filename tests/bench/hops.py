# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each loss on a path of client, proxy and server again and again: how often hops names the right place and number.

Beside it a probe at 50,000 datagrams a second over a lossy wire: the rate that was reached, and what the probe lost
itself.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.tests.hosts import faults  # noqa: E402

FAST = 50000


class Run(NamedTuple):
    """One run: what was found against the truth, and how long it took (seconds)."""

    found: dict[tuple[str, str, str | None], int]
    truth: dict[tuple[str, str, str | None], int]
    seconds: float
    loses: bool

    @property
    def right(self) -> bool:
        """Tell whether place and number are right, and there is nothing else; a fault that lost nothing is none."""
        return self.found == self.truth and bool(self.truth) == self.loses

    @property
    def lost(self) -> int:
        """Return how many datagrams were lost."""
        return sum(self.truth.values())


def once(name: str) -> Run:
    """Make a fault and find it."""
    with tempfile.TemporaryDirectory() as folder, faults.fault(name, Path(folder)) as (row, truth):
        began = time.monotonic()
        done = row.play(faults.PLAYBOOK, faults.probe(name))
        seconds = time.monotonic() - began
        if done.returncode not in (0, 2):
            raise RuntimeError(done.stdout)
        found = faults.found(row)
        lost = truth.lost()
        return Run(found, {truth.place: lost} if lost else {}, seconds, bool(truth.kind))


def fast() -> str:
    """Probe at 50,000/s over a wire that loses every tenth; return a line about it."""
    with tempfile.TemporaryDirectory() as folder, faults.fault("wire_to_forwarder", Path(folder)) as (row, truth):
        # To the proxy itself, on the port to which the wire loses datagrams: the forwarder steps aside.
        row.programs[-1].kill()
        more = {"path": "client,proxy", "udp_hops_forward_port": 0, "udp_hops_probe_port": faults.FORWARD}
        load = {"udp_hops_probe_rate": FAST, "udp_hops_probe_duration": 3, "udp_hops_probe_legs": "hops"}
        done = row.play(faults.PLAYBOOK, {**faults.probe("nothing"), **more, **load})
        if done.returncode not in (0, 2):
            raise RuntimeError(done.stdout)
        (one,) = faults.report(row)["rounds"]
        wire = sum(place["packets"] for place in one["places"] if place["kind"] == "wire")
        return (
            f"{one['numbered']} datagrams at {one['rate']:.0f}/s of {FAST}/s, {one['arrived']} arrived, {wire} lost on "
            f"the wire, {truth.lost()} by its counter, {one['own_drops']} by the probe's own socket"
        )


def main() -> int:
    """Do what the command line asks for; the exit code is 1 where a run was wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("names", nargs="*", choices=[*faults.FAULTS, []], metavar="FAULT")
    options = parser.parse_args()
    wrong = 0
    for name in options.names or faults.FAULTS:
        runs = [once(name) for _run in range(options.runs)]
        right = sum(run.right for run in runs)
        wrong += len(runs) - right
        seconds = statistics.median(run.seconds for run in runs)
        lost = sorted(run.lost for run in runs)
        told = f"right {right} of {len(runs)}, {lost[0]} to {lost[-1]} lost, {seconds:.1f} s a run"
        print(f"{name:<20} {told}", flush=True)
        for run in runs:
            if not run.right:
                print(f"  found {run.found}\n  truth {run.truth}", flush=True)
    if not options.names:
        print(fast(), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
