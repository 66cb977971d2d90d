# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Sysctls, leases and rollback on the running kernel, in namespaces whose sysctls and devices are their own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.tests.integration.tuning_inside import CASES

pytestmark = pytest.mark.needs_root
PROGRAM = Path(__file__).with_name("tuning_inside.py")


@pytest.mark.parametrize("case", CASES)
def test_inside(case: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root: makes a network and a mount namespace")
    done = subprocess.run(
        ["unshare", "--mount", "--net", sys.executable, str(PROGRAM), case],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path[1:]), "LC_ALL": "C.UTF-8"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stdout
