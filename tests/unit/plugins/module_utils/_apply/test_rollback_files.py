# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files that come back with their bytes, mode and owner, and the programs that are told of it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.rxpath.linux.plugins.module_utils._apply import files
from ansible_collections.rxpath.linux.plugins.module_utils._apply.errors import KnobError
from ansible_collections.rxpath.linux.plugins.module_utils._apply.knobs.file import FileKnob
from ansible_collections.rxpath.linux.plugins.module_utils._apply.rollback import rollback
from ansible_collections.rxpath.linux.plugins.module_utils._apply.state import STATE, State
from ansible_collections.rxpath.linux.plugins.module_utils._plan.change import Target

from .dying import snapshot

UNIT = "/etc/systemd/system/irqbalance.service.d/50-rxpath-linux.conf"
RULE = "/etc/udev/rules.d/90-rxpath-linux.rules"
CODE = "/var/lib/rxpath-linux/code/a/b.py"


def write(host: Any, path: str, text: str | None) -> None:
    FileKnob().write(host, Target("", path), text)


def test_file_comes_back_with_bytes_mode_and_owner(make_host: Any, tmp_path: Path) -> None:
    host = make_host(files={"/etc/a.conf": ""})
    place = tmp_path / "etc/a.conf"
    place.write_bytes(b"\xff\x00 no text\r\n")
    place.chmod(0o4640)
    if os.geteuid() == 0:
        os.chown(place, 12, 34)
    before = (place.read_bytes(), place.stat()[:1], place.stat()[4:6])
    write(host, "/etc/a.conf", "new\n")
    assert (place.stat()[:1], place.stat()[4:6]) == before[1:]
    place.chmod(0o600)
    told = rollback(host, check=True)["diff"]
    assert (told["after"].split("\n")[0], told["before"].split("\n")[:2]) == (
        "file /etc/a.conf: ",
        ["file /etc/a.conf: ", "  new"],
    )
    rollback(host, check=False)
    assert (place.read_bytes(), place.stat()[:1], place.stat()[4:6]) == before


def test_removed_file_comes_back(make_host: Any, tmp_path: Path) -> None:
    host = make_host(files={"/etc/a.conf": "mine\n"})
    before = snapshot(tmp_path, "/run")
    write(host, "/etc/a.conf", None)
    assert not (tmp_path / "etc/a.conf").exists()
    rollback(host, check=False)
    assert snapshot(tmp_path, "/run") == before


def test_directories_of_ours_go_and_others_stay(make_host: Any, tmp_path: Path) -> None:
    host = make_host()
    before = snapshot(tmp_path, "/run")
    for path in (UNIT, RULE, CODE):
        write(host, path, "x\n")
    (tmp_path / CODE[1:]).with_name("__pycache__").mkdir()
    rollback(host, check=False)
    assert snapshot(tmp_path, "/run") == before
    write(host, RULE, "x\n")
    (tmp_path / "etc/udev/rules.d/10-theirs.rules").write_text("y\n")
    notes = rollback(host, check=False)["notes"]
    assert "/etc/udev/rules.d was made by us and is left: Directory not empty" in notes
    assert (tmp_path / "etc/udev/rules.d/10-theirs.rules").exists()


def test_programs_are_told_also_after_a_kill(make_host: Any) -> None:
    host = make_host(files={"/run/systemd/system/.keep": ""})
    for path in (UNIT, RULE):
        write(host, path, "x\n")
        # As if a rollback had come this far and no farther.
        files.remove_file(host, path)
    called = []

    def run(command: list[str]) -> tuple[int, str, str]:
        called.append(" ".join(command))
        return (1, "", "no bus\n") if "daemon-reload" in command else (0, "", "")

    host.run = run
    notes = rollback(host, check=False)["notes"]
    assert called == ["systemctl daemon-reload", "udevadm control --reload", "systemctl try-restart irqbalance.service"]
    assert notes == ["systemctl daemon-reload failed: no bus"]


def test_nobody_is_told_of_files_that_concern_nobody(make_host: Any) -> None:
    host = make_host(files={"/run/systemd/system/.keep": ""})
    write(host, "/etc/sysctl.d/99-udp-tuning.conf", "x\n")
    host.run = None
    assert rollback(host, check=False)["notes"] == []


def test_mask_is_not_replaced(make_host: Any, tmp_path: Path) -> None:
    host = make_host(files={"/etc/sysctl.d/.keep": ""})
    (tmp_path / "etc/sysctl.d/99-udp-tuning.conf").symlink_to("/dev/null")
    with pytest.raises(KnobError, match="it is no regular file"):
        write(host, "/etc/sysctl.d/99-udp-tuning.conf", "x\n")
    assert os.path.islink(tmp_path / "etc/sysctl.d/99-udp-tuning.conf")


def test_link_stays_a_link(make_host: Any, tmp_path: Path) -> None:
    host = make_host(files={"/etc/real.conf": "mine\n"})
    (tmp_path / "etc/a.conf").symlink_to(tmp_path / "etc/real.conf")
    before = snapshot(tmp_path, "/run")
    write(host, "/etc/a.conf", "new\n")
    assert (tmp_path / "etc/real.conf").read_text() == "new\n"
    rollback(host, check=False)
    assert snapshot(tmp_path, "/run") == before
    assert (tmp_path / "etc/a.conf").is_symlink()


@pytest.mark.parametrize(
    ("text", "error"),
    [("{", "is damaged"), ('{"schema": 2}', "version 2, and this release knows version 1"), ("[]", "damaged")],
)
def test_record_that_is_not_understood_is_left(make_host: Any, text: str, error: str) -> None:
    host = make_host(files={STATE: text})
    for attempt in (lambda: rollback(host, check=False), lambda: State.load(host).touch_file("/etc/a.conf")):
        with pytest.raises(KnobError, match=error):
            attempt()
    assert host.read_text(STATE) == text


def test_nothing_to_do(make_host: Any, tmp_path: Path) -> None:
    host = make_host()
    before = snapshot(tmp_path)
    done = rollback(host, check=False)
    assert (done["changed"], done["changes"]) == (False, [])
    assert done["notes"] == ["there is nothing to put back: nothing of this host is recorded as changed"]
    assert snapshot(tmp_path) == before
