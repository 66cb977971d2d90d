# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The collection as a user gets it: built, looked into, installed into an empty place and run from there."""

from __future__ import annotations

import json
import re
import shutil
import tarfile
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from hosts.untouched import differences, snapshot

from steps.environments import make_environment
from steps.runner import CACHE, ROOT, Shell, StepError

# Each supported ansible-core with the minor version of the Python that it is tested on.
CORES = {"2.19": 11, "2.20": 12, "2.21": 13}
REPORTS = ("report.json", "report.html", "junit.xml", "metrics.prom")
NEEDED_TO_RUN = ("meta", "playbooks", "plugins", "roles")
# All that stands at the top of the artefact. A new name is either for users, or belongs into galaxy.yml's build_ignore.
ENTRIES = {
    *NEEDED_TO_RUN, "CHANGELOG.rst", "CODE_OF_CONDUCT.md", "CONTRIBUTING.md", "FILES.json", "LICENSE", "LICENSES",
    "MANIFEST.json", "README.md", "REUSE.toml", "SECURITY.md", "audit.yml", "changelogs", "docs",
}  # fmt: skip
MUST_HOLD = {"CHANGELOG.rst", "LICENSE", "README.md", "changelogs/changelog.yaml", "docs/docsite/extra-docs.yml"}
NEVER = re.compile(
    r"(^|/)(\.[^/]*|__pycache__|tests|build|report-\w+|id_[a-z0-9]+|[^/]*\.(pyc|pem|key|retry|log|tar\.gz))(/|$)"
)
# Galaxy takes 20 MB; this is what it may grow to before somebody should ask why.
MAX_BYTES = 2_000_000
SYSCTL = "net.core.netdev_max_backlog"
SYSCTL_FILE = Path("/proc/sys/net/core/netdev_max_backlog")

_building = threading.Lock()
_built: list[Path] = []


def build(shell: Shell, environment: Path) -> Path:
    """Return the built collection; it is built once in a run."""
    with _building:
        if not _built:
            output = CACHE / "artefact"
            shutil.rmtree(output, ignore_errors=True)
            shell.run([environment / "bin/ansible-galaxy", "collection", "build", ROOT, "--output-path", output])
            _built.extend(output.glob("rxpath-linux-*.tar.gz"))
    return _built[0]


def install(shell: Shell, environment: Path, place: Path) -> Path:
    """Install the built collection below an empty folder and return the collection's own folder."""
    galaxy = environment / "bin/ansible-galaxy"
    artefact = build(shell, environment)
    shutil.rmtree(place, ignore_errors=True)
    shell.run([galaxy, "collection", "install", artefact, "-p", place], env={"ANSIBLE_COLLECTIONS_PATH": str(place)})
    return place / "ansible_collections/rxpath/linux"


def look_into(artefact: Path) -> str:
    """Fail unless the artefact holds what users need and nothing else; return its size."""
    with tarfile.open(artefact) as archive:
        names = {member.name for member in archive if member.isfile()}
    faults = [f"{name} is missing" for name in sorted(MUST_HOLD - names)]
    faults += [f"{name} is neither for users nor in build_ignore" for name in sorted(_tops(names) - ENTRIES)]
    faults += [f"{name} has no place in it" for name in sorted(names) if NEVER.search(name)]
    size = artefact.stat().st_size
    if size > MAX_BYTES:
        faults.append(f"it is {size} bytes, more than {MAX_BYTES}")
    if faults:
        raise StepError(f"the artefact: {'; '.join(faults)}")
    return f"{len(names)} files, {size // 1000} kB"


def _tops(names: set[str]) -> set[str]:
    return {name.split("/")[0] for name in names}


def run_playbooks(shell: Shell, core: str) -> None:
    """Run the installed playbooks on this machine, with all deleted that they must not need, and change nothing."""
    environment = make_environment(shell, f"core-{core}", CORES[core], f"core-{core}.txt")
    told = look_into(build(shell, environment))
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
        # By itself Ansible may find a shim of pyenv that leads nowhere.
        here = f"web1 ansible_connection=local ansible_python_interpreter={environment / 'bin/python'}\n"
        (stand / "hosts.ini").write_text(here, encoding="utf-8")
        before = snapshot()

        def play(*words: object, allowed: Sequence[int] = (0,)) -> str:
            said = len(shell.text())
            variables = {"ANSIBLE_COLLECTIONS_PATH": str(place), "HOME": scratch}
            shell.run([environment / "bin/ansible-playbook", *words], cwd=stand, env=variables, allowed=allowed)
            return shell.text()[said:]

        # 2: the machine itself may be losing datagrams just now, and that is no fault of the artefact.
        play("rxpath.linux.audit", "-e", "udp_audit_window=2", allowed=(0, 2))
        check_reports(stand / "udp-audit")
        wanted = int(SYSCTL_FILE.read_text(encoding="ascii")) + 1
        asked = json.dumps({"udp_tuning_sysctls": {SYSCTL: wanted}})
        inventory = ("-i", "hosts.ini", "--check", "--diff")
        if f"+sysctl {SYSCTL}: {wanted}" not in play(*inventory, "rxpath.linux.tune", "-e", asked):
            raise StepError(f"the playbook tune does not show that it would set {SYSCTL} to {wanted}")
        # In check mode too: somebody's tuning of this machine is not for a test to take back.
        if not re.search(r"there is nothing to put back|changed=1 ", play(*inventory, "rxpath.linux.rollback")):
            raise StepError("the playbook rollback does not say what it would put back")
        (stand / "path.ini").write_text(here + here.replace("web1", "web2"), encoding="utf-8")
        play("-i", "path.ini", "rxpath.linux.hops", "-e", "path=web1,web2", "-e", "udp_hops_window=2", allowed=(0, 2))
        if not all((stand / "udp-audit" / name).is_file() for name in ("hops.json", "hops.html")):
            raise StepError("the playbook hops wrote no reports")
        if "+ExecStart=" not in play(*inventory, "rxpath.linux.watch"):
            raise StepError("the playbook watch does not show the service that it would install")
        changed = differences(before, snapshot())
    if changed:
        raise StepError(f"a playbook that may change nothing: {'; '.join(changed)}")
    shell.counted = f"5 playbooks; {told}"


def check_reports(folder: Path) -> None:
    """Fail unless every report is there and tells of at least one host that was measured."""
    missing = [name for name in REPORTS if not (folder / name).is_file()]
    if missing:
        raise StepError(f"the audit wrote no {', '.join(missing)}")
    hosts = json.loads((folder / "report.json").read_text(encoding="utf-8"))["hosts"]
    told = {name: host["status"] for name, host in hosts.items()}
    if not told or not set(told.values()) <= {"pass", "warn", "fail", "inconclusive"}:
        raise StepError(f"the report has no verdict on every host: {told}")
