# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Was an inventory given? Asked of sources, of where the default came from, and of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.rxpath.linux.plugins.lookup.udp_audit_hosts import is_given

DEFAULTS = ("/etc/ansible/hosts",)


@pytest.mark.parametrize(
    ("text", "given"),
    [
        pytest.param(None, False, id="missing"),
        pytest.param("", False, id="empty"),
        pytest.param("# web.example\n\n  ; db.example\n", False, id="comments"),
        pytest.param("[web]\n", True, id="an empty group"),
    ],
)
def test_default_inventory(text: str | None, given: bool, tmp_path: Path) -> None:
    path = tmp_path / "hosts"
    if text is not None:
        path.write_text(text)
    assert is_given((str(path),), (str(path),), "default", ["audit.yml"]) is given


def test_default_inventory_that_is_a_directory(tmp_path: Path) -> None:
    assert not is_given((str(tmp_path),), (str(tmp_path),), "default", [])
    (tmp_path / "hosts").touch()
    assert is_given((str(tmp_path),), (str(tmp_path),), "default", [])


@pytest.mark.parametrize("origin", ["env: ANSIBLE_INVENTORY", "/home/me/ansible.cfg"])
def test_configured(origin: str) -> None:
    assert is_given(DEFAULTS, DEFAULTS, origin, ["audit.yml"])


@pytest.mark.parametrize("words", [["-i", "x"], ["-ix"], ["--inventory=x"], ["--inventory-file", "x"]])
def test_named_on_the_command_line(words: list[str]) -> None:
    assert is_given(DEFAULTS, DEFAULTS, "default", [*words, "audit.yml"])


def test_other_sources() -> None:
    assert is_given(("/nowhere",), DEFAULTS, "default", [])
