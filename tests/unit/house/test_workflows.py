# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pipelines start exists: no schema knows the targets of the Makefile and the steps of tests/run.py."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
GITLAB = ROOT / "docs/examples/gitlab-ci.yml"
SCENARIOS = {f"molecule-{path.parent.name}" for path in (ROOT / "extensions/molecule").glob("*/molecule.yml")}
# Which of them are steps depends on the Python of .venv, whose tests run in the step "unit".
PYTHONS = {f"python-3.{minor}" for minor in range(9, 15)}
TARGETS = set(re.findall(r"^([a-z.-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))

_STEPS = re.compile(r"tests/run\.py((?:\s+\"?[\w.$-]+\"?)*)")
_MAKE = re.compile(r"(?:^|&& )make ([a-z.-]+)", re.MULTILINE)


def load(path: Path) -> dict[Any, Any]:
    document = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert isinstance(document, dict)
    return document


def rows(matrix: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the combinations of a matrix: those listed, or each value of one key with each of the others."""
    if "include" in matrix:
        return [{key: str(value) for key, value in row.items()} for row in matrix["include"]]
    keys = list(matrix)
    return [dict(zip(keys, map(str, values))) for values in itertools.product(*matrix.values())]


def started(path: Path) -> Iterator[str]:
    """Yield each command line of a workflow as its shell sees it, once for each row of its job's matrix."""
    for job in load(path)["jobs"].values():
        for row in rows(job.get("strategy", {}).get("matrix", {})):
            for step in job.get("steps", ()):
                line = step.get("run", "")
                for name, value in step.get("env", {}).items():
                    for key, cell in row.items():
                        value = value.replace(f"${{{{ matrix.{key} }}}}", cell)
                    line = line.replace(f"${name}", value)
                yield line


def gitlab() -> Iterator[str]:
    for job in load(GITLAB).values():
        for row in job.get("parallel", {}).get("matrix", ()):
            for value in itertools.chain.from_iterable(row.values()):
                yield from (re.sub(r"\$\w+", value, line) for line in job["before_script"] + job["script"])


def lines_of(path: Path) -> list[str]:
    return list(gitlab() if path == GITLAB else started(path))


def steps_of(path: Path) -> set[str]:
    """Return the names of the steps of tests/run.py that a pipeline runs."""
    called = " ".join(words for line in lines_of(path) for words in _STEPS.findall(line))
    return {word.strip('"') for word in called.split()}


@pytest.mark.parametrize("path", [*WORKFLOWS, GITLAB], ids=lambda path: path.name)
def test_what_a_pipeline_starts_exists(path: Path) -> None:
    made = {target for line in lines_of(path) for target in _MAKE.findall(line)}
    steps = steps_of(path)
    assert made | steps or path.name == "devel.yml"
    assert made <= TARGETS
    if steps:
        asked = [sys.executable, str(ROOT / "tests/run.py"), "--list", *sorted(steps - PYTHONS)]
        listed = subprocess.run(asked, capture_output=True, text=True, check=False)
        assert listed.returncode == 0, listed.stderr


def test_every_scenario_is_run_by_both_pipelines() -> None:
    assert not SCENARIOS - steps_of(ROOT / ".github/workflows/scenarios.yml")
    assert not SCENARIOS ^ {step for step in steps_of(GITLAB) if step.startswith("molecule-")}


def test_every_step_is_run_by_a_workflow() -> None:
    listed = subprocess.run(
        [sys.executable, str(ROOT / "tests/run.py"), "--list"], capture_output=True, text=True, check=True
    ).stdout.split()
    # `make check` and `make docs` stand for theirs; the images are built by whatever needs them.
    run = set().union(*map(steps_of, WORKFLOWS), {"lint", "types", "unit", "docs", "images"})
    assert len(listed) > 20
    assert not {step for step in listed if step not in run and step.split("-")[0] not in run} - PYTHONS
    assert {"python-3.9", "python-3.10", "python-3.14"} <= run, "ansible-test runs the unit tests on those between"
