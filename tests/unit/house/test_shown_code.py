# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Code of this repository that a page shows is the code as it is."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
_PYTHON = re.compile(r"^\.\. code-block:: python\n\n((?:   .*\n|\n)+)", re.MULTILINE)


def test_the_case_that_is_walked_through_is_the_one_of_the_matrix() -> None:
    page = (ROOT / "docs/docsite/rst/testing.rst").read_text(encoding="utf-8")
    (shown,) = (textwrap.dedent(block).strip() for block in _PYTHON.findall(page))
    assert shown.startswith("@case(")
    assert shown in (ROOT / "tests/matrix/cases_sockets.py").read_text(encoding="utf-8")
