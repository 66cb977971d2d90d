# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The same as test_plug.py for a scenario with a virtual machine."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.hosts.machines import MachinesUnavailableError, machines
from ansible_collections.rxpath.linux.tests.hosts.plug import left_behind

pytestmark = pytest.mark.needs_root


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine has been started once, so that its snapshot is in the cache; or the tests are skipped."""
    folder = tmp_path_factory.mktemp("machines")
    try:
        with machines(["bookworm"], folder):
            return folder
    except MachinesUnavailableError as error:
        pytest.skip(str(error))


@pytest.mark.parametrize(
    ("moment", "number"),
    [
        pytest.param("Have virtual machines started", signal.SIGKILL, id="create-SIGKILL"),
        pytest.param("Read how it is set up", signal.SIGINT, id="prepare-SIGINT"),
        pytest.param("default > converge", signal.SIGKILL, id="converge-SIGKILL"),
    ],
)
def test_default(snapshot: Path, moment: str, number: signal.Signals) -> None:
    assert left_behind("default", moment, number) == []
