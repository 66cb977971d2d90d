# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""ansible-test of each supported ansible-core: sanity tests of the built collection, unit tests of the repository."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ET
from pathlib import Path

from steps.artefact import CORES, install
from steps.environments import CONSTRAINTS, make_environment, python_links
from steps.runner import CACHE, LOGS, ROOT, Shell, StepError, StepSkippedError

# Sanity tests that must have had something to do: with no file to look at, ansible-test succeeds too.
MUST_RUN = {"ansible-doc", "compile", "import", "pep8", "pylint", "validate-modules"}
SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def sanity(shell: Shell, core: str) -> None:
    """Run every sanity test of an ansible-core on the installed collection; none is left out, no file is ignored."""
    environment = make_environment(shell, f"core-{core}", CORES[core], f"core-{core}.txt")
    variables = _variables(environment, core)
    cache = Path(variables["HOME"], ".ansible/test/cache")
    cache.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name("get_pip.py"), cache / f"get_pip_{_pip_version(environment)}.py")
    # Not below this repository: ansible-test would ask git which files there are, and git knows none in .cache.
    with tempfile.TemporaryDirectory(prefix="rxpath-sanity-") as scratch:
        shell.run(
            [environment / "bin/ansible-test", "sanity", "--color", "no", "-v"],
            cwd=install(shell, environment, Path(scratch)),
            env=variables,
        )
    ran = re.findall(r'^Running sanity test "([a-z0-9-]+)".*\n(?!No tests applicable)', shell.text(), re.MULTILINE)
    shell.counted = f"{len(ran)} sanity tests with something to test"
    if not set(ran) >= MUST_RUN:
        raise StepError(f"ansible-test found nothing to test in: {', '.join(sorted(MUST_RUN - set(ran)))}")


def units(shell: Shell, core: str) -> None:
    """Run every unit test with an ansible-core's own ansible-test, as many of them as pytest alone finds."""
    needed = (f"core-{core}.txt", "unit.txt", "../tests/unit/requirements.txt")
    limits = (*CONSTRAINTS, "../tests/unit/constraints.txt")
    environment = make_environment(shell, f"units-{core}", CORES[core], *needed, constraints=limits)
    with tempfile.TemporaryDirectory(prefix="rxpath-units-") as scratch:
        copy = Path(scratch, "ansible_collections/rxpath/linux")
        copy_repository(copy)
        # A schema that the step builder fetches, and a test of the examples looks for.
        (copy / ".cache").mkdir()
        (copy / ".cache/cloud-init").symlink_to(CACHE / "cloud-init")
        shell.run(
            [environment / "bin/ansible-test", "units", "--python", f"3.{CORES[core]}", "--color", "no"],
            cwd=copy,
            env=_variables(environment, core),
        )
        reports = [ET.parse(path).getroot() for path in (copy / "tests/output/junit").glob("*-units.xml")]
        shell.run(
            [environment / "bin/python", "-m", "pytest", "-qq", "--collect-only",
             "-o", f"cache_dir={scratch}/cache", "-o", f"pythonpath={scratch}", "tests/unit"],
            cwd=copy,
        )  # fmt: skip
    ran = [case for report in reports for case in report.iter("testcase")]
    # pytest -qq tells one line a file: its name and how many tests it found there.
    found = sum(map(int, re.findall(r"^tests/unit/\S+\.py: (\d+)$", shell.text(), re.MULTILINE)))
    shell.counted = f"{len(ran)} unit tests"
    if len(ran) != found:
        raise StepError(f"ansible-test ran {len(ran)} tests, pytest finds {found}")
    # What the step unit skips on this machine; where it has not run there is nothing to compare with.
    usual = LOGS / "unit.log"
    if usual.exists():
        more = _skips(shell.text()) - _skips(usual.read_text(encoding="utf-8"))
        if more:
            raise StepError(f"ansible-test skipped what {usual} does not tell of: {'; '.join(sorted(more))}")


def _skips(text: str) -> set[str]:
    """Return why tests were skipped, as pytest tells at the end."""
    return set(re.findall(r"^SKIPPED \[\d+\] \S+: (.*)$", text, re.MULTILINE))


def copy_repository(place: Path) -> None:
    """Copy what git knows of this repository, and new files, into a folder that is a repository of its own."""
    options = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    known = subprocess.run(["git", *options], cwd=ROOT, capture_output=True, check=False)
    if known.returncode:
        raise StepSkippedError("not a git repository: there is no telling which files are the project's")
    for name in known.stdout.decode().split("\0"):
        source, target = ROOT / name, place / name
        if name and source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)
    for command in (["init", "-q"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=place, check=True)


def _variables(environment: Path, core: str) -> dict[str, str]:
    home = CACHE / f"home-{core}"
    home.mkdir(parents=True, exist_ok=True)
    return {"HOME": str(home), "PATH": f"{environment / 'bin'}:{python_links()}:{SYSTEM_PATH}"}


def _pip_version(environment: Path) -> str:
    source = next(environment.glob("lib/python3.*/site-packages/ansible_test/_internal/python_requirements.py"))
    found = re.search(r"^\s+pip=['\"]([0-9.]+)['\"]", source.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise StepError(f"{source} names no version of pip")
    return found.group(1).replace(".", "_")
