# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Molecule passes over what is missing without an error: an empty folder, a playbook that is not there."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
SCENARIOS = ROOT / "extensions/molecule"
NAMES = sorted(path.parent.name for path in SCENARIOS.glob("*/molecule.yml"))

sys.path.insert(0, str(ROOT / "tests"))

from steps import runner, scenarios  # noqa: E402

RECAP = "audit                     : actions=9  successful=9  disabled=0  skipped=0  missing={}  failed=0\n"
VERIFIED = "testinfra: {} passed, 0 failed, 0 error, {} skipped\n"


def playbooks(name: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in (SCENARIOS / "config.yml", SCENARIOS / name / "molecule.yml"):
        found.update(yaml.safe_load(path.read_text(encoding="utf-8")).get("ansible", {}).get("playbooks", {}))
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_action_of_a_sequence_has_its_file(name: str) -> None:
    books = playbooks(name)
    for action in scenarios.sequence(name):
        verb, *given = action.split()
        if verb == "verify":
            folder = SCENARIOS / name / (given[0] if given else "tests")
            tests = [
                path for path in folder.rglob("test_*.py") if re.search(r"^def test_", path.read_text(), re.MULTILINE)
            ]
            assert tests, f"{action} finds no test in {folder}"
        else:
            book = given[0] if given else books.get(verb, books["converge"])
            assert (SCENARIOS / name / book).is_file(), action
    # Without it "side_effect FILE" is left out too.
    assert (SCENARIOS / name / books["side_effect"]).is_file()


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_is_a_step_and_removes_what_it_makes(name: str) -> None:
    assert f'"{name}"' in (ROOT / "tests/run.py").read_text(encoding="utf-8")
    actions = scenarios.sequence(name)
    assert (actions[0], actions[-1]) == ("destroy", "destroy")


@pytest.mark.parametrize("name", NAMES)
def test_scenarios_are_short(name: str) -> None:
    lines = (SCENARIOS / name / "molecule.yml").read_text(encoding="utf-8").splitlines()
    assert len([line for line in lines if line and line[0] != "#" and line != "---"]) <= 6


def shell(text: str) -> Any:
    return SimpleNamespace(text=lambda: text, counted="")


def test_a_whole_scenario() -> None:
    whole = shell(VERIFIED.format(5, 0) + VERIFIED.format(2, 0) + RECAP.format(0))
    scenarios.judge(whole, ["verify", "verify after"])
    assert whole.counted == "7 passed in 2 verifications"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(VERIFIED.format(5, 0) + RECAP.format(0), id="a verify without tests"),
        pytest.param(VERIFIED.format(5, 0) + VERIFIED.format(2, 1) + RECAP.format(0), id="a skipped test"),
        pytest.param(VERIFIED.format(5, 0) + VERIFIED.format(0, 0) + RECAP.format(0), id="no test"),
        pytest.param(VERIFIED.format(5, 0) + VERIFIED.format(2, 0) + RECAP.format(1), id="a missing playbook"),
        pytest.param(VERIFIED.format(5, 0) + VERIFIED.format(2, 0), id="no recap"),
    ],
)
def test_a_scenario_with_a_hole_fails(text: str) -> None:
    with pytest.raises(runner.StepError):
        scenarios.judge(shell(text), ["verify", "verify after"])


def test_a_run_without_machines_says_so() -> None:
    skipped = runner.Outcome(
        "molecule-nic", 0.1, 1.0, runner.SKIPPED, scenarios.NO_MACHINES + "there is no /dev/net/tun"
    )
    other = runner.Outcome("python-3.14", 0.1, 1.0, runner.SKIPPED, "no Python 3.14 with venv on this machine")
    assert scenarios.without_machines([other]) == ""
    assert scenarios.without_machines([other, skipped]).startswith("The virtual machines were skipped (molecule-nic)")
