# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Builds the site: the guides of docs/docsite, the reference made from the plugins, a page of the playbooks.

Everything that antsibull-docs or Sphinx finds to complain of is a fault. Nothing is fetched, unless ``--links`` asks
whether the pages elsewhere that are linked to are still there.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Optional

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / ".venv/tree"))

from ansible_collections.rxpath.linux.tests.docs.playbook_pages import page  # noqa: E402

DOCS = ROOT / "docs"
BUILD = DOCS / "build"
# The guides lead to pictures and examples as they do in the repository, where they lie two folders further up.
SHARED = ("images", "examples")
COLLECTION = "rxpath.linux"
# antsibull-docs checks a copy in a folder with a name made by chance, which gets into the pages that it makes. Where
# that name ends with an underscore, it looks like a reference that leads nowhere.
_BY_CHANCE = re.compile(r'Unknown target name: "antsibull-docs-')
_ATTEMPTS = 3
ENVIRONMENT = {
    **os.environ,
    "PATH": f"{ROOT / '.venv/bin'}:{os.environ['PATH']}",
    "ANSIBLE_COLLECTIONS_PATH": str(ROOT / ".venv/tree"),
}


def called(*words: object, source: Optional[Path] = None) -> tuple[int, str]:
    """Run a program of .venv; return its code, and its output with the guides' names in the repository."""
    done = subprocess.run(
        list(map(str, words)), cwd=ROOT, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
    )
    text = done.stdout.decode(errors="replace").replace(f"{source}/docsite/", "docs/docsite/rst/")
    return done.returncode, text.strip()


def run(*words: object, source: Optional[Path] = None) -> None:
    """Run a program of .venv that must succeed."""
    _report(words[0], *called(*words, source=source))


def _report(program: object, code: int, text: str) -> None:
    if text:
        print(text, flush=True)
    if code:
        raise SystemExit(f"{program} ended with {code}")


def check() -> None:
    """Have antsibull-docs check the guides, and what is said in the plugins and roles."""
    if not (ROOT / ".git").exists():
        # It copies the files that git knows, or else all that it finds, and .venv leads back to the collection.
        raise SystemExit(f"{ROOT} is no clone: the documentation is built where git tells which files belong to it")
    for _ in range(_ATTEMPTS):
        code, text = called(
            "antsibull-docs", "lint-collection-docs", "--plugin-docs", "--check-extra-docs-refs",
            "--validate-collection-refs", "all", "--disallow-unknown-collection-refs", ROOT,
        )  # fmt: skip
        if not _BY_CHANCE.search(text):
            break
    _report("antsibull-docs lint-collection-docs", code, text)


def toctree(title: str, pages: Sequence[str]) -> str:
    """Return a list of pages under its title."""
    lines = [f".. toctree::\n   :maxdepth: 1\n   :caption: {title}\n", *(f"   {name}" for name in pages)]
    return "\n".join(lines) + "\n"


def reference(contents: str, first_guides: str) -> str:
    """Return the collection's page of antsibull-docs without the guides, which the first page lists."""
    about, rest = contents.split(f"\n{first_guides}\n{'-' * len(first_guides)}\n", 1)
    plugins = rest[rest.index(f".. _plugin_index_for_{COLLECTION}:") :]
    name, title = COLLECTION.title(), "Modules, lookups, filters and roles"
    head = about.replace(f"\n{name}\n{'=' * len(name)}\n", f"\n{title}\n{'=' * len(title)}\n", 1)
    return f"{head}\n{plugins}"


def generate(source: Path) -> None:
    """Write the pages that Sphinx reads."""
    source.mkdir()
    source.chmod(0o755)  # antsibull-docs writes into no folder that others may write into
    run("antsibull-docs", "--config-file", DOCS / "site/antsibull-docs.cfg", "collection", "--use-current",
        "--squash-hierarchy", "--fail-on-error", "--no-breadcrumbs", "--no-add-antsibull-docs-version",
        "--dest-dir", source, COLLECTION)  # fmt: skip
    sections = yaml.safe_load((DOCS / "docsite/extra-docs.yml").read_text(encoding="utf-8"))["sections"]
    parts = [toctree(one["title"], [f"docsite/{name}" for name in one["toctree"]]) for one in sections]
    parts.append(toctree("Reference", ["playbooks", "collection"]))
    contents = (source / "index.rst").read_text(encoding="utf-8")
    (source / "collection.rst").write_text(reference(contents, sections[0]["title"]), encoding="utf-8")
    first = (DOCS / "site/index.rst").read_text(encoding="utf-8")
    (source / "index.rst").write_text("\n".join([first, *parts]), encoding="utf-8")
    changelog = source / "changelog.rst"
    if "===" not in changelog.read_text(encoding="utf-8"):  # before the first release
        changelog.write_text("Changelog\n=========\n\nNothing has been released yet.\n", encoding="utf-8")
    (source / "playbooks.rst").write_text(page(ROOT), encoding="utf-8")
    for name in SHARED:
        (source.parent / name).symlink_to(DOCS / name)


def main(arguments: Optional[Sequence[str]] = None) -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--links", action="store_true", help="ask for each page elsewhere that is linked to, instead")
    options = parser.parse_args(arguments)
    builder = "linkcheck" if options.links else "html"
    check()
    BUILD.mkdir(exist_ok=True)
    # In a folder of its own: two may build at once, and a build that fails leaves the last site as it is.
    with tempfile.TemporaryDirectory(prefix="work-", dir=BUILD) as scratch:
        source, made = Path(scratch, "rst"), Path(scratch, builder)
        generate(source)
        run("sphinx-build", "-q", "-n", "-W", "--keep-going", "-b", builder, "-c", DOCS / "site", source, made,
            source=source)  # fmt: skip
        shutil.rmtree(BUILD / builder, ignore_errors=True)
        made.rename(BUILD / builder)
    pages = len(list((BUILD / "html").rglob("*.html")))
    print(f"{pages} pages: {BUILD}/html/index.html" if builder == "html" else f"{BUILD}/{builder}/output.txt")
    return 0


if __name__ == "__main__":
    sys.exit(main())
