# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as a user gets it: built, installed into an empty place, checked and run from there."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
import threading
from pathlib import Path

from steps.environments import make_environment, python_links
from steps.runner import CACHE, ROOT, Shell, StepError

# Each supported ansible-core with the minor version of the Python that it is tested on.
CORES = {"2.19": 11, "2.20": 12, "2.21": 13}
REPORTS = ("report.json", "report.html", "junit.xml", "metrics.prom")
NEEDED_TO_RUN = ("meta", "playbooks", "plugins", "roles")
# Sanity tests that must have had something to do: with no file to look at, ansible-test succeeds too.
MUST_RUN = {"ansible-doc", "compile", "import", "pep8", "pylint", "validate-modules"}

_building = threading.Lock()
_built: list[Path] = []


def install(shell: Shell, environment: Path, place: Path) -> Path:
    """Install the built collection below an empty folder and return the collection's own folder."""
    galaxy = environment / "bin/ansible-galaxy"
    with _building:
        if not _built:
            output = CACHE / "artefact"
            shutil.rmtree(output, ignore_errors=True)
            shell.run([galaxy, "collection", "build", ROOT, "--output-path", output])
            _built.extend(output.glob("rxpath-linux-*.tar.gz"))
    shutil.rmtree(place, ignore_errors=True)
    shell.run([galaxy, "collection", "install", _built[0], "-p", place], env={"ANSIBLE_COLLECTIONS_PATH": str(place)})
    return place / "ansible_collections/rxpath/linux"


def sanity(shell: Shell, core: str) -> None:
    """Run every sanity test of an ansible-core on the installed collection; none is left out, no file is ignored."""
    environment = make_environment(shell, f"core-{core}", CORES[core], f"core-{core}.txt")
    home = CACHE / f"home-{core}"
    cache = home / ".ansible/test/cache"
    cache.mkdir(parents=True, exist_ok=True)
    shutil.copy(Path(__file__).with_name("get_pip.py"), cache / f"get_pip_{_pip_version(environment)}.py")
    path = f"{environment / 'bin'}:{python_links()}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    # Not below this repository: ansible-test would ask git which files there are, and git knows none in .cache.
    with tempfile.TemporaryDirectory(prefix="rxpath-sanity-") as scratch:
        shell.run(
            [environment / "bin/ansible-test", "sanity", "--color", "no", "-v"],
            cwd=install(shell, environment, Path(scratch)),
            env={"HOME": str(home), "PATH": path},
        )
    ran = re.findall(r'^Running sanity test "([a-z0-9-]+)".*\n(?!No tests applicable)', shell.text(), re.MULTILINE)
    shell.counted = f"{len(ran)} sanity tests with something to test"
    if not set(ran) >= MUST_RUN:
        raise StepError(f"ansible-test found nothing to test in: {', '.join(sorted(MUST_RUN - set(ran)))}")


def audit_from_artefact(shell: Shell, core: str) -> None:
    """Audit this machine with the installed collection, with all deleted from it that a playbook must not need."""
    environment = make_environment(shell, f"core-{core}", CORES[core], f"core-{core}.txt")
    with tempfile.TemporaryDirectory(prefix="rxpath-artefact-") as scratch:
        place, stand = Path(scratch, "collections"), Path(scratch, "stand")
        for entry in install(shell, environment, place).iterdir():
            if entry.name in NEEDED_TO_RUN:
                continue
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        stand.mkdir()
        # 2: the machine itself may be losing datagrams just now, and that is no fault of the artefact.
        shell.run(
            [environment / "bin/ansible-playbook", "rxpath.linux.audit", "-e", "udp_audit_window=2"],
            cwd=stand,
            env={"ANSIBLE_COLLECTIONS_PATH": str(place), "HOME": scratch},
            allowed=(0, 2),
        )
        check_reports(stand / "udp-audit")


def check_reports(folder: Path) -> None:
    """Fail unless every report is there and tells of at least one host that was measured."""
    missing = [name for name in REPORTS if not (folder / name).is_file()]
    if missing:
        raise StepError(f"the audit wrote no {', '.join(missing)}")
    hosts = json.loads((folder / "report.json").read_text(encoding="utf-8"))["hosts"]
    told = {name: host["status"] for name, host in hosts.items()}
    if not told or not set(told.values()) <= {"pass", "warn", "fail", "inconclusive"}:
        raise StepError(f"the report has no verdict on every host: {told}")


def _pip_version(environment: Path) -> str:
    source = next(environment.glob("lib/python3.*/site-packages/ansible_test/_internal/python_requirements.py"))
    found = re.search(r"^\s+pip=['\"]([0-9.]+)['\"]", source.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise StepError(f"{source} names no version of pip")
    return found.group(1).replace(".", "_")
