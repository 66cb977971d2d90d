# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the step container keeps its images."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def test_images_lie_outside_the_clone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A root file system has device nodes, and antsibull-changelog reads every file below the collection."""
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests"), *sys.path])
    monkeypatch.setenv("RXPATH_CACHE", str(tmp_path))
    from steps import container

    words = [str(word) for word in container._podman("info")]
    store = Path(words[words.index("--root") + 1])
    assert ROOT not in store.parents
    assert tmp_path in store.parents
