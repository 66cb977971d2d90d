# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an audit and the watch cost on a node of 250 namespaces and 10,000 sockets, against what reading costs at all.

And what the role costs on a host where nothing differs, and an audit of a hundred hosts, against a ping; and whether a
browser opens the report of five hundred. Everything is measured in one run, what is compared close in time; the middle
of the repeats counts. Exit 1 above a limit.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TESTS))

from ansible_collections.rxpath.linux.plugins.module_utils._apply import archive  # noqa: E402

from bench import fleet, node, page, role  # noqa: E402

KIB = 1024
WATCH = "ansible_collections.rxpath.linux.plugins.module_utils._watch.run"
WATCH_SECONDS = 15
PARTS = ("role", "fleet", "page", "node")


class Row(NamedTuple):
    """A measure, its limit, and the unit that both are printed in; or why it was not taken here."""

    what: str
    values: list[float]
    limit: float
    unit: str
    skipped: str = ""

    @property
    def middle(self) -> float:
        """Return the median of the repeats."""
        return statistics.median(self.values)

    @property
    def passed(self) -> bool:
        """Tell whether the median is within the limit."""
        return bool(self.skipped) or self.middle <= self.limit

    def text(self) -> str:
        """Return the line of the table."""
        if self.skipped:
            return f"{self.what:<58} {'-':>8}  limit {self.limit:6.2f} {self.unit:<12} SKIP: {self.skipped}"
        spread = f"{min(self.values):.2f} to {max(self.values):.2f}"
        verdict = "PASS" if self.passed else "FAIL"
        return f"{self.what:<58} {self.middle:8.2f}  limit {self.limit:6.2f} {self.unit:<12} {spread:>18}  {verdict}"


class Run(NamedTuple):
    """A program's output and the CPU seconds of it and of all that it started."""

    output: str
    cpu: float


def run(*command: str) -> Run:
    """Run a program to its end."""
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _pid, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {process.returncode}")
    return Run(output, usage.ru_utime + usage.ru_stime)


def sample(*arguments: str) -> tuple[dict[str, float], float]:
    """Run the code under test; return what it printed and all CPU seconds of its process."""
    done = run(sys.executable, "-m", "bench.sample", *arguments)
    return json.loads(done.output), done.cpu


def bench(options: argparse.Namespace) -> int:
    """Build the node, measure, print the table."""
    began = time.monotonic()
    node.build(options.namespaces, options.sockets, options.busy)
    print(f"{options.namespaces} namespaces, {options.sockets} UDP sockets, {options.busy} with traffic, one of them")
    print(f"losing; built in {time.monotonic() - began:.1f} s. Median of {options.repeats} pairs; all CPU times are")
    print("user and system together.", flush=True)
    raw, script, full = [], [], []
    against_raw, against_script = [], []
    for _ in range(options.repeats):
        raw.append(float(run(sys.executable, "-m", "bench.raw").output))
        cost, whole = sample("full")
        full.append(cost["cpu"])
        script.append(run(str(TESTS / "bench/administrator.sh")).cpu)
        against_raw.append(full[-1] / raw[-1])
        against_script.append(whole / script[-1])
    print(f"raw reading {statistics.median(raw):.3f} s, full sample {statistics.median(full):.3f} s ", end="")
    print(f"({cost['namespaces']:.0f} namespaces, {cost['sockets']:.0f} sockets), ", end="")
    print(f"the script {statistics.median(script):.3f} s", flush=True)
    watch, watch_against_raw = bench_watch(options.repeats)
    windows = [sample("window", str(options.window))[0] for _ in range(options.windows)]
    print("looks in a window: " + ", ".join(f"{w['looks']:.0f} every {w['interval'] * 1000:.0f} ms" for w in windows))
    rows = [
        Row("CPU of a full sample ÷ raw reading", against_raw, 2.0, ""),
        Row("CPU of a full sample, interpreter included ÷ the script", against_script, 0.25, ""),
        Row("CPU of a run of udp_watch, interpreter included ÷ raw reading", watch_against_raw, 2.0, ""),
        Row(
            f"CPU of udp_watch at one run in {WATCH_SECONDS} s",
            [100 * cpu / WATCH_SECONDS for cpu in watch],
            2.5,
            "% of a core",
        ),
        Row(
            f"CPU of a window of {options.window:g} s at 50 ms",
            [100 * w["share"] for w in windows],
            12.0,
            "% of a core",
        ),
        Row("peak memory of the process", [w["memory"] / KIB / KIB for w in windows], 80.0, "MiB"),
        Row("sent back to the controller", [w["size"] / KIB for w in windows], 256.0, "KiB"),
    ]
    return show(rows)


def bench_watch(repeats: int) -> tuple[list[float], list[float]]:
    """Return the CPU seconds of runs of udp_watch as its service starts them, and what they are of a raw reading."""
    with tempfile.TemporaryDirectory() as directory:
        code = Path(directory, "watch.pyz")
        code.write_bytes(archive.build(WATCH))
        command = [sys.executable, "-I", str(code), "--directory", directory, "--state", directory + "/state"]
        # The first one reads all sockets, for what they have dropped before.
        first = run(*command).cpu
        raw, watch = [], []
        for _ in range(repeats):
            raw.append(float(run(sys.executable, "-m", "bench.raw").output))
            watch.append(run(*command).cpu)
        size = Path(directory, "rxpath_udp_watch.prom").stat().st_size
    print(f"udp_watch {statistics.median(watch):.3f} s, its first run {first:.3f} s, ", end="")
    print(f"raw reading {statistics.median(raw):.3f} s; {size / KIB:.0f} KiB of metrics", flush=True)
    return watch, [one / other for one, other in zip(watch, raw)]


def bench_role(repeats: int) -> int:
    """Measure the role on a host where nothing differs, and print what it costs."""
    cost = role.cost(repeats)
    print(f"ping {statistics.median(cost.ping):.2f} s, role where nothing differs {statistics.median(cost.role):.2f} s")
    return show(
        [
            Row("seconds of the role ÷ ansible.builtin.ping", [r / p for p, r in zip(cost.ping, cost.role)], 3.0, ""),
            Row("modules that the role executes", [float(cost.executions)], 4.0, ""),
        ]
    )


def bench_fleet(settings: fleet.Settings) -> int:
    """Measure an audit of many hosts over SSH against pings before and after it, and print what it costs."""
    cost = fleet.cost(settings)
    statuses = ", ".join(f"{number} {status}" for status, number in cost.statuses.items())
    print(
        f"{settings.hosts} hosts over SSH in {cost.built:.1f} s, {settings.forks} forks, pipelining, no connection ",
        end="",
    )
    print(f"open before a run; ping {', '.join(f'{ping:.1f}' for ping in cost.ping)} s, ", end="")
    print(f"audit with a window of {settings.window:g} s {cost.audit:.1f} s ({statuses})")
    mib = KIB * KIB
    print(f"peak PSS of ansible-playbook and its workers {cost.programs / mib:.0f} MiB, of SSH beside it ", end="")
    print(f"{cost.ssh / mib:.0f} MiB", flush=True)
    ratios = [(cost.audit - settings.window) / ping for ping in cost.ping]
    return show(
        [
            Row("seconds of the audit without its window ÷ ping", ratios, 3.0, ""),
            Row("peak memory of the controller", [cost.programs / mib], 300.0, "MiB"),
        ]
    )


def bench_page(hosts: int, repeats: int) -> int:
    """Measure the HTML of many synthetic hosts."""
    opened = page.opened(hosts, repeats)
    size = opened.size / KIB / KIB
    print(f"report of {hosts} hosts: HTML made in {opened.made:.1f} s; ", end="")
    print(f"report.json has {opened.json_size / KIB / KIB:.1f} MiB")
    return show(
        [
            Row(f"HTML of {hosts} hosts", [size], 5.0, "MiB"),
            Row("opened by a browser", opened.seconds, 2.0, "s", opened.skipped),
        ]
    )


def show(rows: list[Row]) -> int:
    """Print the rows; return 1 if one is above its limit."""
    for row in rows:
        print(row.text(), flush=True)
    return 0 if all(row.passed for row in rows) else 1


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; default: all")
    parser.add_argument("--namespaces", type=int, default=250)
    parser.add_argument("--sockets", type=int, default=10000)
    parser.add_argument("--busy", type=int, default=5, help="namespaces with 1,000 datagrams a second")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--windows", type=int, default=3)
    parser.add_argument("--window", type=float, default=10.0, metavar="SECONDS")
    parser.add_argument("--hosts", type=int, default=100, help="of the fleet")
    parser.add_argument("--forks", type=int, default=10)
    parser.add_argument("--pings", type=int, default=2, help="of the fleet, around its audit")
    parser.add_argument("--page-hosts", type=int, default=500, help="in the HTML")
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    if os.geteuid() != 0:
        print("bench: needs root to make network namespaces", file=sys.stderr)
        return 2
    settings = fleet.Settings(options.hosts, options.forks, options.pings, options.window)
    # The node last: this process can start no other once it has left its process namespace.
    every: dict[str, Callable[[], int]] = {
        "role": lambda: bench_role(options.repeats),
        "fleet": lambda: bench_fleet(settings),
        "page": lambda: bench_page(options.page_hosts, options.repeats),
        "node": lambda: node.enter(lambda: bench(options)),
    }
    return max(every[part]() for part in PARTS if part in (options.parts or PARTS))


if __name__ == "__main__":
    sys.exit(main())
