# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which pages there are, and which commands of theirs another step of the test run runs in their stead."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple, Optional

from .extract import Command, commands

ROOT = Path(__file__).resolve().parents[3]
_PATTERNS = (
    "*.md",
    ".github/**/*.md",
    "roles/*/README.md",
    "tests/**/*.md",
    "extensions/**/*.md",
    "docs/**/*.md",
    "docs/**/*.rst",
)
# Made by a build of the documentation, not written.
_MADE = (ROOT / "docs/build",)


class Elsewhere(NamedTuple):
    """Commands that cannot be run within the test run: a pattern of the whole command, and the steps that run it."""

    pattern: str
    steps: tuple[str, ...]


# A row without steps is for commands that name them. A test checks that they exist and that each row is used.
ELSEWHERE = (
    Elsewhere(r"make check", ("lint", "types", "unit")),
    Elsewhere(r"make test", ("lint", "types", "unit", "integration", "matrix", "molecule-audit")),
    Elsewhere(r"(sudo )?\.venv/bin/python tests/run\.py( [a-z][a-z0-9.-]+)+", ()),
    Elsewhere(
        r"\.venv/bin/python tests/docs/commands/run\.py docs/[a-z_/]+\.rst", ("commands-hosts", "commands-machine")
    ),
)


def pages() -> list[Path]:
    """Return every page that is looked at for commands, relative to the repository's root."""
    found = {path for pattern in _PATTERNS for path in ROOT.glob(pattern)}
    return sorted(path.relative_to(ROOT) for path in found if not any(made in path.parents for made in _MADE))


def read(page: Path) -> list[Command]:
    """Return the commands of a page."""
    return commands(page, (ROOT / page).read_text(encoding="utf-8"))


def bare(command: Command) -> str:
    """Return the text of a command without the remark after it."""
    return re.sub(r"\s+#.*$", "", command.text).strip()


def elsewhere(command: Command) -> Optional[Elsewhere]:
    """Return the row for a command that another step runs, or None: then it is run here."""
    return next((row for row in ELSEWHERE if re.fullmatch(row.pattern, bare(command))), None)
