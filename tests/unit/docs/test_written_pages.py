# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What programs write for the documentation is reStructuredText, with every row in its table."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import pytest
from ansible_collections.rxpath.linux.tests.bench import effect
from ansible_collections.rxpath.linux.tests.docs import playbook_pages
from ansible_collections.rxpath.linux.tests.matrix import table
from docutils import nodes
from docutils.core import publish_doctree

ROOT = Path(__file__).resolve().parents[3]
FACTS = {"date": "2026-11-21", "kernel": "6.18", "runs": 2, "seconds": 9}


def parsed(text: str) -> nodes.document:
    """Parse as strictly as the site does: a warning is an error."""
    return cast(nodes.document, publish_doctree(text, settings_overrides={"halt_level": 2}))


def cells(text: str) -> list[list[str]]:
    return [[entry.astext() for entry in row.findall(nodes.entry)] for row in parsed(text).findall(nodes.row)]


def run(name: str, outcome: str = "right") -> dict[str, object]:
    told = {
        "status": "fail",
        "findings": ["socket.receive_buffer_overflow"],
        "causes": ["arrival_burst"],
        "namespace": "dst",
        "sockets": [name],
        "share": 0.5,
        "delta": 12,
    }
    return {"outcome": outcome, "reported": told, "expected": told, "repeats": [], "wrong": []}


def test_page_of_the_matrix_has_a_row_for_each_case() -> None:
    awkward = 'a "quoted", `odd` *name*_ | \\ [::]:53'
    page = table.page({"one": [run("0.0.0.0:53"), run("0.0.0.0:53", "wrong")], "two": [run(awkward)]}, FACTS)
    head, one, two = cells(page)
    assert head == list(table.COLUMNS)
    assert one[:2] == ["one", "1/2"]
    assert two[6] == awkward
    assert "2 of 3 runs right" in parsed(page).astext()


def test_the_page_that_is_there_has_that_form() -> None:
    written = (ROOT / "docs/docsite/rst/matrix.rst").read_text(encoding="utf-8")
    assert written.startswith("\n".join(table.page({}, FACTS).splitlines()[:10]))
    assert cells(written)[0] == list(table.COLUMNS)


def test_table_of_the_effect_has_a_row_for_each_nic_and_state() -> None:
    rows = [
        effect.Row(state, nic, 3000, 2000, 0, 1000, "nic.ring_overflow (exact)")
        for state in effect.STATES
        for nic in effect.PORTS
    ]
    head, *body = cells(effect.table(rows))
    assert len(body) == len(effect.STATES) * len(effect.PORTS)
    assert {len(row) for row in body} == {len(head)}
    assert body[0][3] == "2,000"


PLAYBOOK = """# licence
---
# Does a thing, on
# several hosts.
#
# target: Which
# hosts.
- hosts: "{{ target }}"
  tasks: []
"""


def test_playbook_is_described_by_its_comment(tmp_path: Path) -> None:
    path = tmp_path / "do.yml"
    path.write_text(PLAYBOOK, encoding="utf-8")
    found = playbook_pages.read(path)
    assert (found.name, found.description) == ("rxpath.linux.do", "Does a thing, on several hosts.")
    assert found.variables == {"target": "Which hosts."}


@pytest.mark.parametrize(
    ("is_there", "instead"),
    [("# target: Which\n# hosts.\n", ""), ("{{ target }}", "all"), ("# Does a thing, on\n# several hosts.\n", "")],
)
def test_playbook_that_does_not_say_what_it_reads_is_a_fault(tmp_path: Path, is_there: str, instead: str) -> None:
    path = tmp_path / "do.yml"
    path.write_text(PLAYBOOK.replace(is_there, instead), encoding="utf-8")
    with pytest.raises(ValueError, match=r"do\.yml: reads"):
        playbook_pages.read(path)


def test_page_of_the_playbooks_has_them_all() -> None:
    page = playbook_pages.page(ROOT)
    for path in (ROOT / "playbooks").glob("*.yml"):
        assert f"``rxpath.linux.{path.stem}``\n" in page
    assert ":ansopt:`rxpath.linux.udp_tuning#role:main:udp_tuning_profile`" in page
