# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The plug is pulled in the middle of a molecule scenario: no process, namespace, device, mount or file is left."""

from __future__ import annotations

import signal

import pytest
from ansible_collections.rxpath.linux.tests.hosts.namespaces import SSHD
from ansible_collections.rxpath.linux.tests.hosts.plug import left_behind

pytestmark = [pytest.mark.needs_root, pytest.mark.skipif(not SSHD, reason="no sshd on this machine")]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
@pytest.mark.parametrize(
    "moment",
    [
        pytest.param("Have hosts made of namespaces started", id="create"),
        pytest.param("Audit all", id="check"),
        pytest.param("audit > verify", id="verify"),
    ],
)
def test_audit(moment: str, number: signal.Signals) -> None:
    # A verify is late in the sequence; killed by Ctrl-C it differs in nothing from the step before.
    if moment == "audit > verify" and number == signal.SIGINT:
        number = signal.SIGTERM
    assert left_behind("audit", moment, number) == []
