# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What a person reads while the windows run; the waiting itself is in tests/integration."""

from __future__ import annotations

import pytest
from ansible_collections.rxpath.linux.plugins.action.udp_audit_wait import _who


@pytest.mark.parametrize(
    ("sampling", "outcomes", "said"),
    [
        (1, ["started"], "1 host"),
        (98, ["started"] * 98 + ["error", "unreachable"], "98 hosts (2 failing)"),
        (1, ["extending", "sampled", "sampled", "error"], "1 host (2 done, 1 failing)"),
        (2, ["started", "started", "None"], "2 hosts"),
    ],
)
def test_progress_counts_every_host(sampling: int, outcomes: list[str], said: str) -> None:
    assert _who(sampling, outcomes) == said
