# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""For the tests of every scenario: none is skipped in silence, and the files that converge left are found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def ephemeral() -> Path:
    """Molecule's directory for this scenario, where converge leaves reports."""
    return Path(os.environ["MOLECULE_EPHEMERAL_DIRECTORY"])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran in a form that a program can read, skipped ones with their reason."""
    counts = {kind: len(terminalreporter.getreports(kind)) for kind in ("passed", "failed", "error", "skipped")}
    terminalreporter.write_line("testinfra: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which nothing was tested, or in which a test was skipped: a scenario chooses its hosts."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if session.exitstatus == pytest.ExitCode.OK and (reporter is None or reporter.getreports("skipped")):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
