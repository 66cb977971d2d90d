# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sessions of nox: each step of tests/run.py by its name, and what ``make check`` and ``make sanity`` run.

``nox -l`` lists them; ``nox -s sanity-2.20`` runs one. tests/run.py makes the virtual environments, keeps the budgets
and says why it skips a step, so a session has no environment of its own.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import nox

ROOT = Path(__file__).resolve().parent
INSTALL = (str(ROOT / "requirements/install.sh"), "test")
RUN = (str(ROOT / ".venv/bin/python"), str(ROOT / "tests/run.py"))
# Seconds in which an interrupted run removes its network namespaces and gives back sysctls before it is killed.
GRACE = 60.0

nox.options.default_venv_backend = "none"
nox.options.sessions = ["check"]


def run(names: tuple[str, ...], session: nox.Session) -> None:
    """Run steps, with .venv refreshed as make does it; their table is the last that they print."""
    session.run(*INSTALL, external=True, silent=True)
    session.run(*RUN, *names, *session.posargs, external=True, interrupt_timeout=GRACE, terminate_timeout=GRACE)


def steps() -> list[str]:
    """Return the names of the steps."""
    if not Path(RUN[0]).exists():
        subprocess.run(INSTALL, check=True)
    return subprocess.run([*RUN, "--list"], check=True, capture_output=True, text=True).stdout.split()


def session(name: str, names: tuple[str, ...], says: str) -> None:
    """Have a session of a name run steps."""

    def action(nox_session: nox.Session) -> None:
        run(names, nox_session)

    action.__doc__ = says
    nox.session(name=name)(action)


session("check", ("lint", "types", "unit"), "Lint, types, unit and property tests, as make check runs them")
for family in ("sanity", "units", "python", "artefact", "molecule", "machines"):
    session(family, (family,), f"All steps whose names begin with {family}-")
for step in steps():
    session(step, (step,), f"The step {step}")
