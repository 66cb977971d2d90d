# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the step container keeps its images."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

if os.geteuid() != 0:
    pytest.skip("the step itself needs root, and /run", allow_module_level=True)


def _places(podman: list[object]) -> tuple[Path, Path]:
    words = [str(word) for word in podman]
    return Path(words[words.index("--root") + 1]), Path(words[words.index("--runroot") + 1])


def test_images_lie_outside_the_clone_and_go_with_the_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """A root file system has device nodes, and antsibull-changelog reads every file below the collection.

    podman refuses a store that was made with another run root, as the second clone on a machine found.
    """
    monkeypatch.setattr(sys, "path", [str(ROOT / "tests"), *sys.path])
    from steps import container

    with container._store() as one, container._store() as another:
        places = {*_places(one), *_places(another)}
        assert len(places) == 4
        for place in places:
            assert ROOT not in place.parents
            assert len(str(place)) <= 50
        (_places(one)[0] / "overlay").mkdir()
    assert not [place for place in places if place.exists()]
