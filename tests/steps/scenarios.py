# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The molecule scenarios and what else needs test hosts; without virtual machines their steps are skipped, and told."""

from __future__ import annotations

import functools
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import yaml

from steps.runner import ROOT, SKIPPED, Outcome, Shell, StepError, StepSkippedError

BIN = ROOT / ".venv/bin"
SCENARIOS = ROOT / "extensions/molecule"
NO_MACHINES = "no virtual machines: "
# A quarter of an hour and more each where machines are emulated: for a step that only runs when it is named.
LONG = ("test_tuning_role.py", "test_bond.py", "test_plug_machines.py", "test_tags_machine.py")
# Programs of the system that administers it are not in everybody's PATH.
PATH = f"{BIN}:{os.environ['PATH']}:/usr/sbin:/sbin"
# The socket of a shared SSH connection: sockaddr_un has 108 bytes, of which ssh adds a name and 17 of its own.
_LONGEST_DIRECTORY = 60
# What conftest.py of the scenarios prints at the end of each verify.
_VERIFIED = re.compile(r"^testinfra: (\d+) passed, (\d+) failed, (\d+) error, (\d+) skipped$", re.MULTILINE)
_RECAP = re.compile(r"^\w+ +: +actions=\d+ .* missing=(\d+) +failed=(\d+)", re.MULTILINE)
_UNAVAILABLE = re.compile(r"^unavailable: (.*)$", re.MULTILINE)


def build_images(shell: Shell) -> None:
    """Make the images of the virtual machines and their snapshots, where they are not in the cache."""
    if os.geteuid() != 0:
        raise StepSkippedError("needs root")
    need_machines(shell, [])


def machine_tests() -> list[str]:
    """Return the integration tests that need virtual machines: those that import them."""
    paths = sorted((ROOT / "tests/integration").glob("test_*.py"))
    return [
        str(path.relative_to(ROOT)) for path in paths if "hosts.machines import" in path.read_text(encoding="utf-8")
    ]


def machine_steps() -> dict[str, Callable[[Shell], None]]:
    """Return the steps of tests that need virtual machines: closed loop, tuning, the machines, watching, long ones."""
    kinds: dict[str, list[str]] = {"loop": [], "tuning": [], "bed": [], "watch": [], "long": []}
    alone = {
        "test_closed_loop_machine.py": "loop",
        "test_machines.py": "bed",
        **dict.fromkeys(("test_watch_machine.py", "test_drop_reasons_machine.py"), "watch"),
        **dict.fromkeys(LONG, "long"),
    }
    for path in machine_tests():
        kinds[alone.get(Path(path).name, "tuning")].append(path)
    return {kind: functools.partial(test_machines, paths) for kind, paths in kinds.items()}


def test_machines(paths: Sequence[str], shell: Shell) -> None:
    """Run integration tests that need virtual machines."""
    need_machines(shell, ["bookworm"])
    test_integration(paths, shell)


def test_integration(words: Sequence[str], shell: Shell) -> None:
    """Run integration tests as root; those that fail once more, which the table tells.

    They measure real traffic on a machine that may do something else just then; a fault of ours fails both times.
    """
    if os.geteuid() != 0:
        raise StepSkippedError("needs root")
    # What failed is remembered there; two of these steps may run at the same time.
    memory = f"cache_dir={ROOT}/.cache/{shell.log.stem}"
    command = [BIN / "python", "-m", "pytest", "-q", "-o", memory, *words]
    if shell.run(command, env={"PATH": PATH}, allowed=(0, 1)) == 0:
        shell.count()
        return
    shell.run([*command, "--last-failed"], env={"PATH": PATH})
    shell.count()
    shell.counted += ", at the second attempt"


def run_scenario(name: str, shell: Shell) -> None:
    """Run ``molecule test`` of one scenario; every verify of its sequence must have tested something.

    One with virtual machines is tried twice: an emulated machine may hang, and a fault of ours fails both times.
    """
    if os.geteuid() != 0:
        raise StepSkippedError("needs root")
    machines = _machines(name)
    if machines:
        need_machines(shell, machines)
        if _molecule(name, shell, allowed=range(256)):
            before = len(shell.text())
            _molecule(name, shell)
            judge(shell, sequence(name), before)
            shell.counted += ", at the second attempt"
            return
    else:
        _molecule(name, shell)
    judge(shell, sequence(name))


def _molecule(name: str, shell: Shell, allowed: Sequence[int] = (0,)) -> int:
    directory = ROOT / ".cache/mol" / name
    scratch = len(str(directory)) > _LONGEST_DIRECTORY
    if scratch:
        directory = Path(tempfile.mkdtemp(prefix="rxm-"))
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    try:
        return shell.run(
            [BIN / "molecule", "test", "--report", "-s", name],
            env={
                "PATH": PATH,
                "NO_COLOR": "1",
                "MOLECULE_COMMAND_BORDERS": "0",
                "MOLECULE_EPHEMERAL_DIRECTORY": str(directory),
            },
            allowed=allowed,
        )
    finally:
        if scratch:
            shutil.rmtree(directory, ignore_errors=True)


def judge(shell: Shell, actions: Sequence[str], begin: int = 0) -> None:
    """Fail a scenario that ended well and yet left something out; keep the number of its tests."""
    text = shell.text()[begin:]
    recap = _RECAP.findall(text)
    if not recap or any(int(number) for row in recap for number in row):
        raise StepError(f"a part of the scenario is missing: {recap or 'it printed no recap'}")
    verified = [tuple(map(int, row)) for row in _VERIFIED.findall(text)]
    wanted = sum(action.split()[0] == "verify" for action in actions)
    if len(verified) != wanted or not all(passed and not skipped for passed, _, _, skipped in verified):
        raise StepError(f"{wanted} times verify, and these tests (passed, failed, error, skipped): {verified}")
    shell.counted = f"{sum(row[0] for row in verified)} passed in {wanted} verifications"


def sequence(name: str) -> list[str]:
    """Return the test sequence of a scenario: its own, or that of all."""
    for path in (SCENARIOS / name / "molecule.yml", SCENARIOS / "config.yml"):
        found = yaml.safe_load(path.read_text(encoding="utf-8")).get("scenario", {}).get("test_sequence")
        if found:
            return [str(action) for action in found]
    raise StepError(f"scenario {name} has no sequence")


def without_machines(outcomes: Sequence[Outcome]) -> str:
    """Return the sentence that a run ends with in which the virtual machines were skipped, or nothing."""
    left_out = [one.name for one in outcomes if one.result == SKIPPED and one.reason.startswith(NO_MACHINES)]
    if not left_out:
        return ""
    return (
        f"The virtual machines were skipped ({', '.join(left_out)}): nothing was tested on another kernel, a NIC's"
        " driver, or over a reboot.\n"
    )


def _machines(name: str) -> list[str]:
    inventory = yaml.safe_load((SCENARIOS / name / "inventory/hosts.yml").read_text(encoding="utf-8"))
    return list(inventory.get("machines", {}).get("hosts", {}))


def need_machines(shell: Shell, names: Sequence[str]) -> None:
    code = shell.run([BIN / "python", "tests/hosts/bed.py", "build", *names], env={"PATH": PATH}, allowed=(0, 2))
    if code == 2:
        reasons = _UNAVAILABLE.findall(shell.text())
        raise StepSkippedError(NO_MACHINES + (reasons[-1] if reasons else "bed.py says no reason"))
