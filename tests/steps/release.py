# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Checks that a tag is the release that the repository says it is, and prints what the changelog says of it.

``release.py v1.0.0``: the tag is the version of galaxy.yml, the changelog has it, and no fragment is left over.
"""

from __future__ import annotations

import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


def faults(tag: str, root: Path = ROOT) -> list[str]:
    """Return what is wrong with a tag, nothing where it may be released."""
    version = yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    found = []
    if tag != f"v{version}":
        found.append(f"the tag is {tag} and galaxy.yml says {version}: it would have to be v{version}")
    if version not in _releases(root):
        found.append(f"changelogs/changelog.yaml has no release {version}: run antsibull-changelog release")
    if f"\nv{version}\n" not in (root / "CHANGELOG.rst").read_text(encoding="utf-8"):
        found.append(f"CHANGELOG.rst has no section v{version}: run antsibull-changelog generate")
    left = sorted(path.name for path in (root / "changelogs/fragments").glob("*.yml"))
    if left:
        found.append(f"fragments are in no release: {', '.join(left)}")
    return found


def summary(version: str, root: Path = ROOT) -> str:
    """Return what the changelog says of a release as a whole, and where the rest is."""
    changes = _releases(root)[version].get("changes") or {}
    return f"{changes.get('release_summary', '').strip()}\n\nEvery change is in CHANGELOG.rst.\n".lstrip()


def _releases(root: Path) -> dict[str, dict[str, dict[str, str]]]:
    document = yaml.safe_load((root / "changelogs/changelog.yaml").read_text(encoding="utf-8"))
    releases: dict[str, dict[str, dict[str, str]]] = document.get("releases") or {}
    return releases


def main() -> int:
    """Check the tag of the command line."""
    if len(sys.argv) != 2:
        print("usage: release.py TAG", file=sys.stderr)
        return 64
    tag = sys.argv[1]
    found = faults(tag)
    print("\n".join(found), file=sys.stderr, end="\n" if found else "")
    if not found:
        print(summary(tag[1:]), end="")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
