# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The rules of the house that no linter knows: which room may know which, and what each file carries."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
PLUGINS = ROOT / "plugins"
PACKAGE = "ansible_collections.rxpath.linux.plugins"

# Data flows one way: a room knows itself and the rooms before it.
ROOMS = ("_collect", "_facts", "_sample", "_probe", "_diagnose", "_watch", "_plan", "_apply", "_compare", "_hops")
# Files that carry no header: recorded data, pictures, the licence itself, and what a tool makes.
BARE_SUFFIXES = {".png", ".svg", ".json"}
BARE_FOLDERS = (Path("tests/unit/fixtures"),)
BARE_FILES = set(map(Path, ("LICENSE", "LICENSES/GPL-3.0-or-later.txt", "CHANGELOG.rst", "changelogs/changelog.yaml")))
STARTS_A_PROGRAM = ("os.exec", "os.spawn", "os.posix_spawn", "os.popen", "os.system", "module.run_command")
# The one place from which the write side tells systemd, udev and irqbalance of files that it changed.
MAY_START_A_PROGRAM = {PLUGINS / "module_utils/_apply/module_host.py"}
# REUSE-IgnoreStart
SPDX = "SPDX-License-Identifier: GPL-3.0-or-later"
# REUSE-IgnoreEnd


def python_files(folder: Path) -> list[Path]:
    found = sorted(folder.rglob("*.py"))
    assert found, f"no Python below {folder}: this test looks in the wrong place"
    return found


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield each name that a file imports, in full, with its line."""
    package = PACKAGE.split(".") + list(path.relative_to(PLUGINS).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            stem = package[: len(package) - node.level + 1] if node.level else []
            module = ".".join([*stem, *([node.module] if node.module else [])])
            yield from ((node.lineno, f"{module}.{alias.name}") for alias in node.names)


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


@pytest.mark.parametrize("room", ROOMS)
def test_room_knows_only_rooms_before_it(room: str) -> None:
    later = ROOMS[ROOMS.index(room) + 1 :]
    forbidden = tuple(f"{PACKAGE}.module_utils.{name}" for name in later)
    faults = [
        f"{where(path, line)} imports {name}"
        for path in python_files(PLUGINS / "module_utils" / room)
        for line, name in imports(path)
        if name.startswith(forbidden)
    ]
    assert not faults


def test_every_room_has_its_place_in_the_order() -> None:
    folders = {path.name for path in (PLUGINS / "module_utils").iterdir() if (path / "__init__.py").exists()}
    assert folders == set(ROOMS)


def test_module_utils_know_nothing_of_ansible() -> None:
    faults = [
        f"{where(path, line)} imports {name}"
        for path in python_files(PLUGINS / "module_utils")
        for line, name in imports(path)
        if name.split(".")[0] == "ansible" or name.startswith(f"{PACKAGE}.plugin_utils")
    ]
    assert not faults


def test_what_runs_on_a_host_starts_no_program() -> None:
    faults = [
        f"{where(path, line)} imports {name}"
        for folder in ("module_utils", "modules")
        for path in python_files(PLUGINS / folder)
        for line, name in imports(path)
        if name.split(".")[0] in {"subprocess", "pty", "multiprocessing"}
    ]
    faults += [
        where(path, node.lineno)
        for folder in ("module_utils", "modules")
        for path in python_files(PLUGINS / folder)
        if path not in MAY_START_A_PROGRAM
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and f"{node.value.id}.{node.attr}".startswith(STARTS_A_PROGRAM)
    ]
    assert not faults


def test_no_name_that_ansible_test_refuses() -> None:
    faults = [
        where(path, node.lineno)
        for path in python_files(PLUGINS)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)
    ]
    assert not faults, "ansible-test's pylint refuses the name _; give it one, or begin a longer one with _"


def test_every_file_carries_its_licence() -> None:
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
        text=True,
    )
    if listing.returncode != 0:
        pytest.skip("not a git repository: there is no telling which files are the project's")
    paths = [Path(name) for name in listing.stdout.split("\0") if name and (ROOT / name).is_file()]
    assert len(paths) > 50
    faults = [
        str(path)
        for path in paths
        if path.suffix not in BARE_SUFFIXES
        and path not in BARE_FILES
        and not any(folder in path.parents for folder in BARE_FOLDERS)
        and (ROOT / path).stat().st_size
        and SPDX not in "\n".join((ROOT / path).read_text(encoding="utf-8").splitlines()[:6])
    ]
    assert not faults, f"without a line {SPDX!r} near the top"
