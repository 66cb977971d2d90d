# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Trees of /proc, /sys and /etc, kept as text: links to directories do not belong in a collection."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Callable

import pytest

TREES = Path(__file__).parents[3] / "fixtures/trees"
ESCAPES = {r"\n": "\n", r"\t": "\t", r"\0": "\0", "\\\\": "\\"}

Tree = Callable[..., str]


def build(root: Path, lines: Iterable[str]) -> None:
    """Make "path|content" and "path -> target" below a directory."""
    for line in lines:
        path, bar, content = line.partition("|")
        path, _arrow, target = path.partition(" -> ")
        place = root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        if bar:
            place.write_text(re.sub(r"\\[nt0\\]", lambda code: ESCAPES[code.group(0)], content))
        else:
            place.symlink_to(target)


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    """Return a function that makes a tree of a recorded one (by name) and further lines, and returns its root."""

    def make(name: str | None = None, *lines: str) -> str:
        recorded = (TREES / f"{name}.tree").read_text().splitlines() if name else []
        # What a link leads to has to exist before something is made below it.
        build(tmp_path, sorted([*recorded, *lines], key=lambda line: "|" not in line))
        return str(tmp_path)

    return make
