# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What Ansible asks of a collection and no linter looks at; docs/docsite/rst/requirements.rst has every point."""

from __future__ import annotations

import ast
import re
import sys
from pathlib import Path
from typing import Any, Iterator

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests"))

from steps.artefact import CORES, NEEDED_TO_RUN  # noqa: E402

SEMANTIC_VERSION = re.compile(r"(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?(\+[0-9A-Za-z.-]+)?")
MODULES = sorted((ROOT / "plugins/modules").glob("[a-z]*.py"))
LOOKUPS = sorted((ROOT / "plugins/lookup").glob("[a-z]*.py"))
# What ansible-core loads from a collection and this one has, and plugin_utils, which it promises to leave alone.
PLUGIN_FOLDERS = {"action", "doc_fragments", "filter", "lookup", "module_utils", "modules", "plugin_utils"}
# One of these is asked for by Galaxy (galaxy-importer's check_required_tags).
REQUIRED_TAGS = {
    "application", "cloud", "database", "eda", "infrastructure", "linux", "monitoring", "networking", "security",
    "storage", "tools", "windows",
}  # fmt: skip
QUERIES = {"get", "list", "query", "info"}
# Sanity tests that no collection in the Ansible package may ignore stand in such files; there are none at all.
IGNORE_FILES = "tests/sanity/ignore-*.txt"


def load(path: str) -> Any:
    return yaml.safe_load((ROOT / path).read_text(encoding="utf-8"))


def block(path: Path, name: str) -> str:
    """Return a plugin's DOCUMENTATION, EXAMPLES or RETURN, or nothing."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and any(isinstance(one, ast.Name) and one.id == name for one in node.targets):
            return str(ast.literal_eval(node.value))
    return ""


def documentation(path: Path) -> dict[str, Any]:
    loaded = yaml.safe_load(block(path, "DOCUMENTATION"))
    assert isinstance(loaded, dict)
    return loaded


def attributes(path: Path) -> dict[str, Any]:
    """Return the attributes of a module, with those of its documentation fragments."""
    document = documentation(path)
    found: dict[str, Any] = {}
    for name in document.get("extends_documentation_fragment", []):
        fragment = ROOT / "plugins/doc_fragments" / f"{name.split('.')[2]}.py"
        body = ast.parse(fragment.read_text(encoding="utf-8")).body
        klass = next(node for node in body if isinstance(node, ast.ClassDef))
        for node in klass.body:
            if isinstance(node, ast.Assign):
                found.update((yaml.safe_load(str(ast.literal_eval(node.value))) or {}).get("attributes", {}))
    return {**found, **document.get("attributes", {})}


def options(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, option in (document.get("options") or {}).items():
        yield name, option
        yield from options({"options": option.get("suboptions")})


def words(tasks: Any) -> Iterator[str]:
    """Yield the keys of each play and task that hold a dot or name an action."""
    for task in tasks if isinstance(tasks, list) else []:
        if isinstance(task, dict):
            yield from (str(key) for key in task)
            for nested in ("tasks", "block", "rescue", "always", "pre_tasks", "post_tasks", "handlers"):
                yield from words(task.get(nested))


@pytest.mark.parametrize("path", [*MODULES, *LOOKUPS], ids=lambda path: path.stem)
def test_plugin_is_documented(path: Path) -> None:
    document = documentation(path)
    version = load("galaxy.yml")["version"]
    assert SEMANTIC_VERSION.fullmatch(document["version_added"])
    assert [*map(int, document["version_added"].split("."))] <= [*map(int, version.split("-")[0].split("."))]
    assert block(path, "EXAMPLES").strip()
    assert yaml.safe_load(block(path, "RETURN"))
    assert all(option.get("description") for _, option in options(document))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_examples_use_full_names(path: Path) -> None:
    tasks = yaml.safe_load(block(path, "EXAMPLES"))
    assert f"rxpath.linux.{path.stem}" in set(words(tasks))
    ours = {module.stem for module in MODULES} | {"debug", "copy", "set_fact", "include_role", "import_role"}
    assert not ours & set(words(tasks))


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_module_says_what_it_does_in_check_mode(path: Path) -> None:
    said = attributes(path)
    assert {"check_mode", "diff_mode", "platform"} <= set(said)
    if path.stem.endswith(("_info", "_facts")):
        assert said["check_mode"]["support"] == "full"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_module_only_gathers_where_its_name_says_so(path: Path) -> None:
    choices = (documentation(path).get("options") or {}).get("state", {}).get("choices", [])
    assert not QUERIES & set(choices)
    returned = set(yaml.safe_load(block(path, "RETURN")))
    assert (returned == {"ansible_facts"}) == path.stem.endswith("_facts")


def test_plugins_lie_where_they_may() -> None:
    assert {path.name for path in (ROOT / "plugins").iterdir() if path.name != "__pycache__"} == PLUGIN_FOLDERS


def test_galaxy_knows_what_it_asks_for() -> None:
    galaxy = load("galaxy.yml")
    assert SEMANTIC_VERSION.fullmatch(galaxy["version"])
    assert REQUIRED_TAGS & set(galaxy["tags"])
    assert len(galaxy["tags"]) <= 20
    assert galaxy["dependencies"] == {}
    assert (ROOT / galaxy["license_file"]).read_text(encoding="utf-8").lstrip().startswith("GNU GENERAL PUBLIC LICENSE")
    assert not set(NEEDED_TO_RUN) & {str(entry) for entry in galaxy["build_ignore"]}


def test_artefact_is_named_by_its_version() -> None:
    pages = [ROOT / "README.md", *(path for path in (ROOT / "docs").rglob("*") if path.suffix in {".rst", ".yml"})]
    named = {
        found
        for path in pages
        if "build" not in path.relative_to(ROOT).parts
        for found in re.findall(r"rxpath-linux-(\d[\d.]*)\.tar\.gz", path.read_text(encoding="utf-8"))
    }
    assert named == {load("galaxy.yml")["version"]}


def test_ansible_core_is_the_same_everywhere() -> None:
    oldest = min(CORES, key=lambda core: tuple(map(int, core.split("."))))
    assert load("meta/runtime.yml")["requires_ansible"] == f">={oldest}.0"
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for core, minor in CORES.items():
        assert re.search(rf"\b{re.escape(core)} \(Python 3\.{minor}\)", readme)


def test_execution_environment_finds_its_files_in_meta() -> None:
    assert all((ROOT / path).is_file() for path in load("meta/execution-environment.yml")["dependencies"].values())


def test_no_playbook_or_role_searches_collections() -> None:
    files = [path for folder in ("playbooks", "roles") for path in (ROOT / folder).rglob("*.yml")]
    assert len(files) > 10
    assert not [path for path in files if re.search(r"^\s*-?\s*collections:", path.read_text(encoding="utf-8"), re.M)]


def test_nothing_is_ignored() -> None:
    assert not list(ROOT.glob(IGNORE_FILES))
    assert not list((ROOT / "tests").rglob("ignore*.txt"))
    assert not re.findall(r"^(skip_list|warn_list)", (ROOT / ".ansible-lint").read_text(encoding="utf-8"), re.M)


def test_conduct_and_versions_are_told() -> None:
    assert "docs.ansible.com/ansible/latest/community/code_of_conduct.html" in (
        (ROOT / "CODE_OF_CONDUCT.md").read_text(encoding="utf-8")
    )
    assert (ROOT / "CONTRIBUTING.md").is_file()
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert "semver.org" in readme
    assert "CODE_OF_CONDUCT.md" in readme
    assert "forum.ansible.com" in readme


def test_changelog_entries_are_restructured_text() -> None:
    """Semantic markup of plugins' documentation means nothing there."""
    faults = [
        f"{path.name}: {found}"
        for path in sorted((ROOT / "changelogs/fragments").glob("*.yml"))
        for found in re.findall(r"\b(?:C|O|V|RV|M|P|E|I|B)\([^)]*\)", path.read_text(encoding="utf-8"))
    ]
    assert not faults


def test_released_version_is_in_the_changelog() -> None:
    releases = load("changelogs/changelog.yaml")["releases"]
    if not list((ROOT / "changelogs/fragments").glob("*.yml")):
        assert load("galaxy.yml")["version"] in releases
    for version, release in releases.items():
        assert release["changes"]["release_summary"]
        assert f"v{version}\n" in (ROOT / "CHANGELOG.rst").read_text(encoding="utf-8")


def test_pins_of_the_unit_tests_are_those_of_the_other_lists() -> None:
    def pins(path: Path) -> dict[str, str]:
        return dict(re.findall(r"^([\w.-]+)==(\S+)$", path.read_text(encoding="utf-8"), re.M))

    ours = pins(ROOT / "tests/unit/constraints.txt")
    others: dict[str, str] = {}
    for name in ("constraints", "check", "test"):
        others.update(pins(ROOT / f"requirements/{name}.txt"))
    assert "jsonschema" in set(ours) & set(others)
    assert not {name for name in set(ours) & set(others) if ours[name] != others[name]}
