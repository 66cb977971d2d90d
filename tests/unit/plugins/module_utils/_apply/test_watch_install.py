# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The watch in a tree of files: installed once, brought up to date, moved, and removed without a trace."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply import watch_units
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.host import Host
from ansible_collections.rxpath.linux.plugins.module_utils._apply.watch_install import install, remove
from ansible_collections.rxpath.linux.plugins.module_utils._apply.watch_units import (
    ARCHIVE,
    SERVICE,
    TIMER,
    WANTED,
    Wish,
)
from ansible_collections.rxpath.linux.plugins.module_utils._watch.run import FILE

WISH = Wish("/var/lib/metrics/textfile")


class Tree(Host):
    """A tree in which systemd is installed and does not run; what systemctl is told is done by hand."""

    def __init__(self, root: Path) -> None:
        super().__init__(str(root), self.systemctl)
        self.told: list[str] = []

    def systemctl(self, command: list[str]) -> tuple[int, str, str]:
        assert command[0] == "systemctl"
        self.told.append(command[1])
        if command[1] == "enable":
            link = Path(self.path(WANTED))
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(TIMER)
        return 0, "", ""


@pytest.fixture(name="tree")
def tree_fixture(tmp_path: Path) -> Tree:
    for directory in ("usr/lib/systemd", "etc/systemd/system/timers.target.wants", "var/lib", "srv"):
        (tmp_path / directory).mkdir(parents=True)
    (tmp_path / "usr/lib/systemd/systemd").write_text("", encoding="ascii")
    return Tree(tmp_path)


def listing(tree: Tree) -> list[str]:
    return sorted(str(path.relative_to(tree.root)) for path in Path(tree.root).rglob("*"))


def text(tree: Tree, path: str) -> str:
    return Path(tree.path(path)).read_text(encoding="utf-8")


def test_check_mode_tells_all_and_writes_nothing(tree: Tree) -> None:
    before = listing(tree)
    told = install(tree, WISH, check=True)
    assert told["changed"]
    assert {one["before_header"] for one in told["diff"]} == {SERVICE, TIMER, ARCHIVE, "rxpath-linux-watch.timer"}
    assert (listing(tree), tree.told) == (before, [])


def test_a_second_time_changes_nothing_and_removal_leaves_nothing(tree: Tree) -> None:
    before = listing(tree)
    assert install(tree, WISH, check=False)["changed"]
    assert zipfile.is_zipfile(tree.path(ARCHIVE))
    after = listing(tree)
    for check in (True, False):
        again = install(tree, WISH, check)
        assert (again["changed"], again["diff"]) == (False, [])
    assert (listing(tree), tree.told) == (after, ["enable"])
    Path(tree.path(f"{WISH.directory}/{FILE}")).write_text("x 1\n", encoding="ascii")
    assert remove(tree, WISH.directory, check=True)["changed"]
    assert remove(tree, WISH.directory, check=False)["changed"]
    assert listing(tree) == before
    assert remove(tree, WISH.directory, check=False) == {"changed": False, "diff": []}


def test_removal_leaves_a_directory_that_others_use(tree: Tree) -> None:
    install(tree, WISH, check=False)
    theirs = Path(tree.path(WISH.directory)) / "apt.prom"
    theirs.write_text("x 1\n", encoding="ascii")
    remove(tree, None, check=False)
    assert theirs.exists()


def test_what_is_half_there_is_removed_and_mended(tree: Tree) -> None:
    before = listing(tree)
    install(tree, WISH, check=False)
    Path(tree.path(TIMER)).unlink()
    Path(tree.path(ARCHIVE)).write_bytes(b"PK")
    told = install(tree, WISH, check=False)
    assert {one["before_header"] for one in told["diff"]} == {TIMER, ARCHIVE}
    Path(tree.path(SERVICE)).unlink()
    assert remove(tree, WISH.directory, check=False)["changed"]
    # Without the service nobody knows who made the directories.
    assert set(listing(tree)) - set(before) == {"var/lib/metrics", "var/lib/metrics/textfile"}


def test_another_directory_takes_the_file_and_what_was_made_for_it_along(tree: Tree) -> None:
    install(tree, WISH, check=False)
    old = Path(tree.path(WISH.directory))
    (old / FILE).write_text("x 1\n", encoding="ascii")
    moved = WISH._replace(directory="/var/lib/metrics/other")
    assert install(tree, moved, check=True)["changed"]
    assert old.exists()
    install(tree, moved, check=False)
    assert not old.exists()
    assert watch_units.made_of(text(tree, SERVICE)) == ["/var/lib/metrics", "/var/lib/metrics/other"]
    assert watch_units.directory_of(text(tree, SERVICE)) == moved.directory


def test_what_cannot_be_is_refused(tree: Tree) -> None:
    for wish in (
        Wish("relative"),
        Wish(""),
        Wish("/a b"),
        Wish("/a\nExecStart=/bin/sh"),
        Wish("/%h"),
        # What the service sees there is not what others see.
        Wish("/tmp"),
        Wish("/srv/../var/tmp/metrics"),
        Wish("/sys/metrics"),
        Wish("/a", interval=4),
        Wish("/a", sockets=-1),
        Wish("/a", namespaces=0),
    ):
        with pytest.raises(KnobError):
            install(tree, wish, check=True)
    assert watch_units.check(Wish("/a/../b/")).directory == "/b"
    assert watch_units.check(Wish("/tmpfs")).directory == "/tmpfs"
    Path(tree.root, "usr/lib/systemd/systemd").unlink()
    with pytest.raises(KnobError, match="no systemd"):
        install(tree, WISH, check=True)


def test_a_directory_of_another_user_takes_the_right_to_write_there(tree: Tree) -> None:
    assert "CAP_DAC_READ_SEARCH" in watch_units.service_text(WISH, "/usr/bin/python3", writable=True, made=[])
    other = watch_units.service_text(WISH, "/usr/bin/python3", writable=False, made=[])
    assert "CAP_DAC_OVERRIDE" in other
    assert "READ_SEARCH" not in other
    Path(tree.path("/srv")).chmod(0o555)
    install(tree, Wish("/srv"), check=False)
    assert "CAP_DAC_OVERRIDE" in text(tree, SERVICE)
    Path(tree.path("/srv")).chmod(0o755)


def test_what_a_run_complains_of_passes_the_filter_of_the_journal() -> None:
    # systemd.exec(5): what is written to stderr has the level SyslogLevel=, "info" by default; LogLevelMax= drops what
    # is less urgent than it. The levels of sd-daemon(3), the most urgent first.
    levels = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
    service = dict(
        line.split("=", 1) for line in watch_units.service_text(WISH, "/p", True, []).splitlines() if "=" in line
    )
    assert levels.index(service.get("SyslogLevel", "info")) <= levels.index(service.get("LogLevelMax", "debug"))


def test_the_archive_runs_by_itself(tree: Tree, tmp_path: Path) -> None:
    install(tree, WISH, check=False)
    done = subprocess.run(
        ["/usr/bin/env", "python3", "-I", tree.path(ARCHIVE), "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, "--directory" in done.stdout) == (0, True)
