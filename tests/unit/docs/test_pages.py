# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the pages name is there: sections, targets of make, content of the collection, variables, findings, files."""

from __future__ import annotations

import re
import subprocess
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml
from ansible_collections.rxpath.linux.plugins.module_utils._diagnose.findings import FINDING_IDS

ROOT = Path(__file__).resolve().parents[3]
GUIDES = ROOT / "docs/docsite/rst"
LABEL = "ansible_collections.rxpath.linux.docsite."
PAGES = sorted([
    *GUIDES.glob("*.rst"),
    *(ROOT / "docs/site").glob("*.rst"),
    *ROOT.glob("*.md"),
    *ROOT.glob("roles/*/README.md"),
    *ROOT.glob("tests/**/README.md"),
])  # fmt: skip
MARKDOWN = [page for page in PAGES if page.suffix == ".md"]
# ``words`` of reStructuredText, `words` of Markdown, and files in the role of their own; never over a blank line.
LITERAL = {
    ".rst": re.compile(r"``((?:[^`\n]|\n(?!\s*\n))+?)``|:file:`([^`]+)`"),
    ".md": re.compile(r"(?<![`\\])`((?:[^`\n]|\n(?!\s*\n))+)`(?!`)"),
}
VARIABLE = re.compile(r"\budp_(?:audit|tuning|rollback)_[a-z0-9_]*[a-z0-9]\b(?!_?\*)")
FINDING = re.compile(r"(?:nic|xdp|tc|softnet|ip|conntrack|qdisc|udp|socket)\.[a-z][a-z_]+")
MAKE = re.compile(r"make ([a-z-]+)\b")
CONTENT = re.compile(r"\brxpath\.linux\.([a-z_]+)\b")


class Said(NamedTuple):
    """Words of a page, and where they stand."""

    where: str
    words: str


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def literals() -> Iterator[Said]:
    """Yield every inline literal of every page."""
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        if page.suffix == ".md":
            text = re.sub(
                r"^```.*?^```", lambda block: "\n" * block[0].count("\n"), text, flags=re.MULTILINE | re.DOTALL
            )
        for found in LITERAL[page.suffix].finditer(text):
            line = text.count("\n", 0, found.start()) + 1
            words = " ".join(next(group for group in found.groups() if group).split())
            yield Said(f"{relative(page)}:{line}", words)


def everywhere(pattern: re.Pattern[str]) -> Iterator[Said]:
    """Yield what a pattern finds in the lines of the pages, code included."""
    for page in PAGES:
        for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
            for found in pattern.finditer(line):
                yield Said(f"{relative(page)}:{number}", found[found.lastindex or 0])


def faults(said: Iterator[Said], known: set[str]) -> list[str]:
    everything = list(said)
    assert everything, "nothing was found to be checked: the pattern is wrong"
    return [f"{one.where}: {one.words}" for one in everything if one.words not in known]


def options() -> set[str]:
    """Return every variable of the roles, and those that the playbooks read."""
    names: set[str] = set()
    for path in ROOT.glob("roles/*/meta/argument_specs.yml"):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            names |= set(entry["options"])
    for path in [*ROOT.glob("roles/*/defaults/*.yml"), *ROOT.glob("roles/*/vars/*.yml")]:
        names |= set(yaml.safe_load(path.read_text(encoding="utf-8")))
    for path in ROOT.glob("playbooks/*.yml"):
        names |= set(VARIABLE.findall(path.read_text(encoding="utf-8")))
    return names


def content() -> set[str]:
    """Return the last part of every full name that the collection has."""
    kinds = ("plugins/modules", "plugins/lookup", "plugins/filter", "plugins/action", "playbooks", "roles")
    return {path.stem for kind in kinds for path in (ROOT / kind).iterdir() if not path.name.startswith("_")}


def targets() -> set[str]:
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


def sections() -> list[str]:
    read = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text(encoding="utf-8"))
    return [name for section in read["sections"] for name in section["toctree"]]


def test_every_page_stands_in_one_section() -> None:
    assert Counter(sections()) == Counter(path.stem for path in GUIDES.glob("*.rst"))


@pytest.mark.parametrize("page", sorted(GUIDES.glob("*.rst")), ids=lambda page: page.stem)
def test_page_begins_with_its_label_and_title(page: Path) -> None:
    lines = page.read_text(encoding="utf-8").splitlines()
    body = lines[lines.index("") :]
    assert body[1] == f".. _{LABEL}{page.stem}:"
    assert set(body[4]) == {"="}
    assert len(body[4]) == len(body[3])


def test_targets_of_make_exist() -> None:
    said = (Said(one.where, found[1]) for one in literals() if (found := MAKE.match(one.words)))
    assert not faults(said, targets())


def test_full_names_exist() -> None:
    # docsite: labels of the guides; plugins, tests: names of Python packages.
    # The suffixes: labels that antsibull-docs makes for the reference.
    labels = {
        f"{path.stem}_{kind}" for kind in ("module", "lookup", "filter") for path in ROOT.glob(f"plugins/{kind}*/*.py")
    }
    labels |= {f"{path.name}_role" for path in ROOT.glob("roles/*")}
    labels |= {f"{path.stem}_playbook" for path in ROOT.glob("playbooks/*.yml")}
    assert not faults(everywhere(CONTENT), content() | labels | {"docsite", "plugins", "tests"})


def test_variables_exist() -> None:
    # Names of modules, lookups and labels begin as variables do; a label's beginning is no variable either.
    plain = {name for name in content() if name.startswith("udp_")}
    labels = {f"{name}_{kind}" for name in plain for kind in ("module", "role", "lookup")}
    assert not faults(everywhere(VARIABLE), options() | plain | labels)


def test_findings_exist() -> None:
    known = set(FINDING_IDS)
    assert not faults((one for one in literals() if FINDING.fullmatch(one.words)), known)


def test_files_exist() -> None:
    """What begins with a folder of the repository is a file in it, unless a space says that it is something else."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=False, text=True)
    if listed.returncode != 0:
        pytest.skip("not a git repository: there is no telling which folders are the project's")
    folders = {name.split("/")[0] for name in listed.stdout.splitlines() if "/" in name}
    said = [
        one
        for one in literals()
        if "/" in one.words and one.words.split("/")[0] in folders and not re.search(r"[ <{$]", one.words)
    ]
    assert len(said) > 10
    missing = [f"{one.where}: {one.words}" for one in said if not list(ROOT.glob(one.words.rstrip("/")))]
    assert not missing


@pytest.mark.parametrize("page", MARKDOWN, ids=relative)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = [link.split("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", text) if "://" not in link]
    assert not [link for link in links if link and not (page.parent / link).exists()]
