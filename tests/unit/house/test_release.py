# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A tag is released only where galaxy.yml and the changelog say the same."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

sys.path.insert(0, str(ROOT / "tests"))

from steps import release  # noqa: E402

CHANGELOG = """\
ancestor: null
releases:
  1.2.0:
    changes:
      release_summary: Rings of two more drivers.
    release_date: '2026-11-21'
"""


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    (tmp_path / "changelogs/fragments").mkdir(parents=True)
    (tmp_path / "galaxy.yml").write_text("version: 1.2.0\n", encoding="utf-8")
    (tmp_path / "changelogs/changelog.yaml").write_text(CHANGELOG, encoding="utf-8")
    (tmp_path / "CHANGELOG.rst").write_text("Release Notes\n=====\n\nv1.2.0\n======\n", encoding="utf-8")
    return tmp_path


def test_a_release_that_all_agree_on(repository: Path) -> None:
    assert release.faults("v1.2.0", repository) == []
    assert release.summary("1.2.0", repository).startswith("Rings of two more drivers.\n")


@pytest.mark.parametrize("tag", ["1.2.0", "v1.2.1", "v1.2.0-rc1"])
def test_a_tag_of_another_version(repository: Path, tag: str) -> None:
    (fault,) = release.faults(tag, repository)
    assert "it would have to be v1.2.0" in fault


def test_a_version_that_the_changelog_does_not_have(repository: Path) -> None:
    (repository / "galaxy.yml").write_text("version: 1.3.0\n", encoding="utf-8")
    assert [fault.split(":")[0] for fault in release.faults("v1.3.0", repository)] == [
        "changelogs/changelog.yaml has no release 1.3.0",
        "CHANGELOG.rst has no section v1.3.0",
    ]


def test_a_fragment_left_over(repository: Path) -> None:
    (repository / "changelogs/fragments/late.yml").write_text("bugfixes: [late]\n", encoding="utf-8")
    assert release.faults("v1.2.0", repository) == ["fragments are in no release: late.yml"]
