# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Runs the project's checks and tests: all of them, or the steps and groups that are named.

``run.py --list`` says which there are. The last line counts steps; the exit code is 0 when none failed.
"""

from __future__ import annotations

import argparse
import functools
import os
import re
import signal
import sys
import types
from collections.abc import Sequence
from typing import Optional

from steps import ansible_test, artefact, builder, container, importer, scenarios
from steps.commands import ON_HOSTS, ON_MACHINE, run_commands
from steps.environments import MINORS, make_environment
from steps.packages import install_packages
from steps.runner import CACHE, FAILED, PASSED, ROOT, SKIPPED, Outcome, Runner, Shell, Step, StepError, StepSkippedError

BIN = ROOT / ".venv/bin"
PYTHON = BIN / "python"
# Tests of what runs on hosts: they need no Ansible.
HOST_SIDE = "tests/unit/plugins/module_utils"
# Molecule's scenarios with their budgets in seconds.
SCENARIOS = {"audit": 420, "incidents": 480}
GUEST_SCENARIOS = {"alternative": 1500, "nic": 1500, "default": 900}
MACHINE_BUDGETS = {"loop": 1500, "tuning": 1500, "bed": 900, "watch": 900, "long": 3600}
# All steps together should end within an hour; on a slower machine, before CI would end them.
TOTAL_BUDGET = 5100.0
# Steps that run only when they are named. The tests of python-3.12 and 3.13 are among those of units-2.20 and 2.21.
ON_REQUEST = ("machines-long", "python-3.12", "python-3.13")


def lint(shell: Shell) -> None:
    """Run every linter of .pre-commit-config.yaml on every file: what git runs before a commit, and the slow one."""
    command = ["pre-commit", "run", "--all-files", "--hook-stage", "manual", "--color", "never"]
    # Its own small data base, not in the home of whoever runs this.
    env = {"PATH": f"{BIN}:{os.environ['PATH']}", "PRE_COMMIT_HOME": str(CACHE / "pre-commit")}
    if not (ROOT / ".git").exists():
        raise StepSkippedError("not a git repository: pre-commit asks git which files there are")
    shell.run([BIN / command[0], *command[1:]], env=env, allowed=(0, 1))
    verdicts = re.findall(r"^(.+?)\.{3,}(?:\(.*\))?(Passed|Failed|Skipped)$", shell.text(), re.MULTILINE)
    shell.counted = f"{sum(verdict != 'Failed' for _, verdict in verdicts)} linters"
    failed = [name for name, verdict in verdicts if verdict == "Failed"]
    if failed or not verdicts:
        meanwhile = "; files changed while they were read" if "files were modified by this hook" in shell.text() else ""
        raise StepError(f"{', '.join(failed) or 'pre-commit'} found faults{meanwhile}")


def check_types(shell: Shell) -> None:
    """Check the types of the collection, then of what tests it."""
    for_tests = ["--config-file", "tests/mypy.ini"]
    failed = [shell.run([BIN / "mypy", *rest], allowed=range(256)) for rest in ([], for_tests)]
    if any(failed):
        raise StepError("mypy found faults")


def unit(shell: Shell) -> None:
    """Run unit and property tests on the Python of .venv, those of the house among them."""
    shell.run([PYTHON, "-m", "pytest", "-q", "tests/unit"])
    shell.count()


def docs(shell: Shell) -> None:
    """Build the site of the guides and the reference; a warning is a fault."""
    shell.run([PYTHON, "tests/docs/build.py"])
    shell.count()


def unit_on(minor: int, shell: Shell) -> None:
    """Run the tests of what runs on hosts on another Python, where there is no Ansible."""
    environment = make_environment(shell, f"python-3.{minor}", minor, "unit.txt")
    shell.run(
        [environment / "bin/python", "-m", "pytest", "-q", "-o", f"cache_dir={environment}/pytest", HOST_SIDE],
        env={"PYTHONPATH": str(ROOT / ".venv/tree"), "PYTHONDONTWRITEBYTECODE": "1"},
    )
    shell.count()


def as_root(command: Sequence[object], shell: Shell) -> None:
    """Run what makes network namespaces."""
    if os.geteuid() != 0:
        raise StepSkippedError("needs root")
    script = next(word for word in map(str, command) if word.startswith("tests/"))
    if not (ROOT / script).exists():
        raise StepError(f"{script} is missing")
    shell.run([PYTHON, *command], env={"PATH": f"{BIN}:{os.environ['PATH']}:/usr/sbin:/sbin"})
    shell.count()


def steps() -> list[Step]:
    """Return every step in the order in which it runs."""
    without = [f"--ignore={path}" for path in scenarios.machine_tests()]
    others = [minor for minor in MINORS if minor != sys.version_info[1]]  # the step unit runs on .venv's own
    return [
        Step("packages", 300, install_packages),
        Step("lint", 240, lint, "check"),
        Step("types", 240, check_types, "check"),
        Step("unit", 300, unit, "check"),
        Step("docs", 300, docs, "check"),
        *(Step(f"python-3.{minor}", 420, functools.partial(unit_on, minor), "python") for minor in others),
        # Downloads and boots: it runs beside the sanity tests of the oldest ansible-core.
        Step("images", 900, scenarios.build_images, "sanity"),
        *(
            Step(f"sanity-{core}", 1000, functools.partial(ansible_test.sanity, core=core), "sanity")
            for core in artefact.CORES
        ),
        *(
            Step(f"units-{core}", 900, functools.partial(ansible_test.units, core=core), "sanity")
            for core in artefact.CORES
        ),
        Step("importer", 420, importer.run_importer, "sanity"),
        Step("builder", 240, builder.check_definition, "sanity"),
        Step("container", 600, container.run_container, "sanity"),
        # It waits for audits most of the time.
        Step("commands-hosts", 900, functools.partial(run_commands, ON_HOSTS), "sanity"),
        *(
            Step(f"artefact-{core}", 120, functools.partial(artefact.run_playbooks, core=core))
            for core in artefact.CORES
        ),
        Step("integration", 1200, functools.partial(scenarios.test_integration, ["tests/integration", *without])),
        *(
            Step(f"molecule-{name}", budget, functools.partial(scenarios.run_scenario, name))
            for name, budget in SCENARIOS.items()
        ),
        *guests(),
        Step("matrix", 1200, functools.partial(as_root, ["tests/matrix/run.py", "--runs", "1", "--jobs", "2"])),
        Step("bench", 600, functools.partial(as_root, ["tests/bench/run.py"])),
    ]


def guests() -> list[Step]:
    """Return what needs virtual machines, the longest first: two at a time, since an emulated one often waits."""
    found = [
        Step(f"machines-{name}", MACHINE_BUDGETS[name], action, "guests")
        for name, action in scenarios.machine_steps().items()
    ]
    found += [
        Step(f"molecule-{name}", budget, functools.partial(scenarios.run_scenario, name), "guests")
        for name, budget in GUEST_SCENARIOS.items()
    ]
    found.append(Step("commands-machine", 1200, functools.partial(run_commands, ON_MACHINE), "guests"))
    return sorted(found, key=lambda step: -step.budget)


def chosen(names: Sequence[str]) -> list[Step]:
    """Return the steps named, by their own name or by what stands before its dash; else all but those on request."""
    every = steps()
    known = {step.name for step in every} | {step.name.split("-")[0] for step in every}
    unknown = sorted(set(names) - known)
    if unknown:
        raise SystemExit(f"no such step: {', '.join(unknown)}; there are {', '.join(step.name for step in every)}")
    if not names:
        return [step for step in every if step.name not in ON_REQUEST]
    return [step for step in every if {step.name, step.name.split("-")[0]} & set(names)]


def table(outcomes: Sequence[Outcome]) -> str:
    """Return the closing table."""
    rows = [("step", "seconds", "budget", "result", "counted, or why")]
    rows += [(o.name, f"{o.seconds:.1f}", f"{o.budget:.0f}", o.result, o.reason) for o in outcomes]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    return "\n".join(
        f"{name:<{widths[0]}}  {took:>{widths[1]}}  {budget:>{widths[2]}}  {result:<{widths[3]}}  {reason}".rstrip()
        for name, took, budget, result, reason in rows
    )


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("names", nargs="*", metavar="STEP", help="a step, or a family such as sanity; default: all")
    parser.add_argument("--list", action="store_true", help="name the steps and stop")
    options = parser.parse_args(arguments)
    selected = chosen(options.names)
    if options.list:
        print("\n".join(step.name for step in selected))
        return 0
    CACHE.mkdir(exist_ok=True)
    runner = Runner(TOTAL_BUDGET)

    def interrupted(number: int, _frame: Optional[types.FrameType]) -> None:
        runner.stop()
        print(f"stopped by {signal.Signals(number).name}", flush=True)
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    outcomes = runner.run(selected)
    counted = {result: sum(outcome.result == result for outcome in outcomes) for result in (PASSED, FAILED, SKIPPED)}
    skipped = f", {counted[SKIPPED]} skipped" if counted[SKIPPED] else ""
    print(f"\n{table(outcomes)}\n\n{scenarios.without_machines(outcomes)}", end="")
    print(f"{counted[PASSED]} passed, {counted[FAILED]} failed{skipped}")
    return 1 if counted[FAILED] else 0


if __name__ == "__main__":
    sys.exit(main())
