# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""galaxy-importer: what Galaxy does with an artefact that is published there, and what it would warn of."""

from __future__ import annotations

import tempfile
from pathlib import Path

from steps.artefact import build
from steps.environments import make_environment
from steps.runner import Shell, StepError

# It is no Ansible release that matters here: the importer brings its own.
MINOR = 11
# The tests that ansible-test has are steps of their own; flake8 asks for what PEP 8 and ruff's layout forbid.
SETTINGS = """\
[galaxy-importer]
check_changelog = true
check_required_tags = true
require_v1_or_greater = true
run_ansible_doc = true
run_ansible_lint = true
offline_ansible_lint = true
run_ansible_test = false
run_flake8 = false
"""
COMPLAINTS = ("WARNING", "ERROR", "CRITICAL")
DONE = "Importer processing completed successfully"


def run_importer(shell: Shell) -> None:
    """Import the built collection, and fail where the importer has anything to complain of."""
    environment = make_environment(shell, "importer", MINOR, "importer.txt", constraints=())
    artefact = build(shell, environment)
    with tempfile.TemporaryDirectory(prefix="rxpath-importer-") as scratch:
        settings = Path(scratch, "galaxy-importer.cfg")
        settings.write_text(SETTINGS, encoding="utf-8")
        said = len(shell.text())
        # Below a home of its own it writes importer_result.json, and finds nobody's collections.
        shell.run(
            [environment / "bin/python", "-m", "galaxy_importer.main", artefact],
            cwd=Path(scratch),
            env={
                "GALAXY_IMPORTER_CONFIG": str(settings),
                "HOME": scratch,
                "PATH": f"{environment / 'bin'}:/usr/local/bin:/usr/bin:/bin",
            },
        )
    lines = shell.text()[said:].splitlines()
    complaints = [line for line in lines if line.startswith(COMPLAINTS)]
    shell.counted = f"{sum(line.startswith('Loading ') for line in lines)} plugins, roles and playbooks loaded"
    if complaints:
        raise StepError(f"{len(complaints)} complaints, the first: {complaints[0]}")
    if DONE not in lines:
        raise StepError("the importer did not come to its end")
