# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""hops.html in a real browser: it complains of nothing, has no script to run, and never scrolls sideways."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.plugin_utils import hops_report
from ansible_collections.rxpath.linux.tests.integration.test_report_browser import CHROMIUM, WIDTHS, browse, fits
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.test_hops_judged import through
from ansible_collections.rxpath.linux.tests.unit.plugins.plugin_utils.test_hops_page import (
    clean,
    lossy,
    report,
    spoiled,
)

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no chromium on this machine")


@pytest.fixture
def page(tmp_path: Path) -> Path:
    """A run of several probes, one of which has lost datagrams; all that has a name has a hostile one."""
    made = spoiled(report(clean(), lossy(), through(0)))
    return Path(hops_report.write(made, str(tmp_path))[1])


def test_the_console_stays_silent_and_no_name_becomes_an_element(page: Path, tmp_path: Path) -> None:
    document, console = browse(page, tmp_path / "profile")
    assert console == []
    assert "<img" not in document
    assert document.count('<li class="n-') == 3 + 3 + 5


@pytest.mark.parametrize("width", WIDTHS)
def test_the_page_never_scrolls_sideways(page: Path, width: int, tmp_path: Path) -> None:
    assert fits(page, width, tmp_path)
