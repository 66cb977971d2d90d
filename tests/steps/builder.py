# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The execution environment of docs/examples: its context as ansible-builder makes it, and what the collection needs.

The schema of cloud-init is fetched here as well, for the example that it judges: cloud-init itself is not installed,
since it would take the machine for a new one at the next boot.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from steps.environments import find_python, make_environment
from steps.runner import CACHE, ROOT, Shell, StepError

EXAMPLE = ROOT / "docs/examples/execution-environment"
BIN = ROOT / ".venv/bin"
# Pythons on which ansible-builder's pins were resolved, the usual one first.
_MINORS = (13, 12, 11, 14)


def check_definition(shell: Shell) -> None:
    """Make the context of the image and look into it; ask what the installed collection needs."""
    with tempfile.TemporaryDirectory(prefix="rxpath-builder-") as scratch:
        context = make_context(shell, Path(scratch))
        _look_into(context)
        _refuse_a_mistake(shell, Path(scratch))
        _introspect(shell, Path(scratch))
    _cloud_init(shell)
    shell.counted = "context made, jmespath found, user data judged by cloud-init's schema"


def make_context(shell: Shell, scratch: Path) -> Path:
    """Make the context below an empty folder, with the built collection beside the definition, and return it."""
    definition = scratch / "definition"
    shutil.copytree(EXAMPLE, definition)
    shell.run([BIN / "ansible-galaxy", "collection", "build", ROOT, "--output-path", definition])
    shell.run([_builder(shell), "create", "--context", scratch / "context"], cwd=definition)
    return scratch / "context"


def _builder(shell: Shell) -> Path:
    minor = next((minor for minor in _MINORS if find_python(minor)), _MINORS[0])
    return make_environment(shell, "builder", minor, "builder.txt") / "bin/ansible-builder"


def _look_into(context: Path) -> None:
    """Fail unless the context holds what the definition names."""
    text = (context / "Containerfile").read_text(encoding="utf-8")
    arguments = dict(re.findall(r'^ARG (\w+)="(.*)"$', text, re.MULTILINE))
    wanted = {
        "EE_BASE_IMAGE": "docker.io/redhat/ubi9:latest",
        "PYPKG": "python3.12",
        "ANSIBLE_INSTALL_REFS": "ansible-core>=2.19,<2.22 ansible-runner",
    }
    wrong = {name: arguments.get(name) for name, value in wanted.items() if arguments.get(name) != value}
    if wrong:
        raise StepError(f"the Containerfile has {wrong}")
    requirements = (context / "_build/requirements.yml").read_text(encoding="utf-8")
    named = re.findall(r"name: (\S+)", requirements)
    if not named or not all((context / "_build" / name).is_file() for name in named):
        raise StepError(f"the context lacks one of {named}")
    if "openssh-clients" not in (context / "_build/bindep.txt").read_text(encoding="utf-8"):
        raise StepError("the context asks for no ssh")


def _refuse_a_mistake(shell: Shell, scratch: Path) -> None:
    broken = scratch / "broken"
    shutil.copytree(scratch / "definition", broken)
    definition = broken / "execution-environment.yml"
    text = definition.read_text(encoding="utf-8")
    definition.write_text(text.replace("python_interpreter:", "python_interpretor:"), encoding="utf-8")
    command = [_builder(shell), "create", "--context", scratch / "refused"]
    if shell.run(command, cwd=broken, allowed=range(256)) == 0:
        raise StepError("ansible-builder takes a definition with a misspelt key")


def _introspect(shell: Shell, scratch: Path) -> None:
    found, collections = scratch / "found.txt", scratch / "collections"
    artefact = next((scratch / "definition").glob("rxpath-linux-*.tar.gz"))
    shell.run(
        [BIN / "ansible-galaxy", "collection", "install", artefact, "-p", collections],
        # .venv links the working tree into its site-packages, and what is there already is not installed.
        env={"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_COLLECTIONS_SCAN_SYS_PATH": "false"},
    )
    shell.run([_builder(shell), "introspect", "--write-pip", found, collections])
    text = found.read_text(encoding="utf-8")
    if not re.search(r"^jmespath\b.*rxpath\.linux", text, re.MULTILINE):
        raise StepError(f"the collection asks for no jmespath: {text!r}")


def _cloud_init(shell: Shell) -> None:
    """Unpack cloud-init's package, where there is apt, and have the user data judged."""
    folder = CACHE / "cloud-init"
    if shutil.which("apt-get") and not (folder / "usr").is_dir():
        folder.mkdir(exist_ok=True)
        shell.run(["apt-get", "download", "-qq", "cloud-init"], cwd=folder)
        shell.run(["dpkg-deb", "-x", next(folder.glob("cloud-init_*.deb")), folder])
    shell.run([BIN / "python", "-m", "pytest", "-q", "tests/unit/examples/test_images.py"])
