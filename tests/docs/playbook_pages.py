# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The page of the playbooks, made from the playbooks themselves and from what their roles say of their variables.

Ansible has no documentation of playbooks. So the comment at the top of a playbook is its description, and the lines
of it that read ``NAME: what it is`` describe the variables that the playbook itself reads.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from antsibull_docs_parser.parser import Context, parse
from antsibull_docs_parser.rst import to_rst
from jinja2 import Environment, meta

COLLECTION = "rxpath.linux"
VARIABLE = re.compile(r"([a-z][a-z_]+): (.*)")
HEAD = """.. _playbooks:

Playbooks
=========

Each is called by its full name, and takes the variables of the roles that it runs, as ``-e`` or from the inventory.
"""


class Playbook(NamedTuple):
    """What a playbook says of itself."""

    name: str
    description: str
    # Variables that it reads outside its roles, where no role has its defaults yet.
    variables: dict[str, str]
    plays: list[dict[str, Any]]


def read(path: Path) -> Playbook:
    """Return a playbook; the variables described must be those that it reads."""
    text = path.read_text(encoding="utf-8")
    description: list[str] = []
    variables: dict[str, str] = {}
    for line in _comment(text):
        found = VARIABLE.fullmatch(line)
        if found:
            variables[found[1]] = found[2]
        elif variables:
            variables[next(reversed(variables))] += f" {line}"
        else:
            description.append(line)
    plays = yaml.safe_load(text)
    needed = {name for play in plays for name in _read_by(play)}
    if needed != set(variables) or not description:
        raise ValueError(f"{path.name}: reads {sorted(needed)}, describes {sorted(variables)} and says {description}")
    return Playbook(f"{COLLECTION}.{path.stem}", " ".join(description), variables, plays)


def _comment(text: str) -> Iterator[str]:
    """Yield the lines of the comment that the document begins with."""
    for line in text.split("---\n", 1)[1].splitlines():
        if not line.startswith("#"):
            return
        if line != "#":
            yield line.removeprefix("# ")


def _read_by(play: dict[str, Any]) -> set[str]:
    """Return the variables that the keywords of a play read."""
    environment = Environment(autoescape=True)
    words = (value for value in play.values() if isinstance(value, str))
    return {name for word in words for name in meta.find_undeclared_variables(environment.parse(word))} - {"lookup"}


def _roles(playbook: Playbook) -> list[str]:
    """Return the names of the roles that a playbook runs, without the collection's."""
    tasks = (task for play in playbook.plays for task in play["tasks"])
    names = (task["ansible.builtin.import_role"]["name"] for task in tasks if "ansible.builtin.import_role" in task)
    return [name.removeprefix(f"{COLLECTION}.") for name in dict.fromkeys(names)]


def _markup(text: str) -> str:
    return to_rst(parse(text, Context())).strip()


def _row(*cells: str) -> str:
    return "\n".join(f"   {'* -' if number == 0 else '  -'} {cell}".rstrip() for number, cell in enumerate(cells))


def _table(widths: str, *rows: str) -> str:
    return "\n".join([".. list-table::", "   :header-rows: 1", f"   :widths: {widths}", "", *rows, ""])


def _of_role(root: Path, role: str) -> str:
    """Return the table of a role's variables, each leading to its full description."""
    specs = yaml.safe_load((root / f"roles/{role}/meta/argument_specs.yml").read_text(encoding="utf-8"))
    rows = [_row("variable", "type", "meaning")]
    for name, option in specs["argument_specs"]["main"]["options"].items():
        said = option["description"]
        first = said if isinstance(said, str) else said[0]
        target = f":ansopt:`{COLLECTION}.{role}#role:main:{name}`"
        rows.append(_row(target, option.get("type", "str"), _markup(first)))
    return _table("35 15 50", *rows)


def _of_playbook(root: Path, playbook: Playbook) -> str:
    title = f"``{playbook.name}``"
    label = f".. _ansible_collections.{playbook.name}_playbook:"
    own = [_row("variable", "meaning")]
    own += [_row(f"``{name}``", text) for name, text in playbook.variables.items()]
    parts = [label, "", title, "-" * len(title), "", playbook.description, ""]
    parts += ["Of the playbook itself, as ``-e``:", "", _table("35 65", *own)]
    for role in _roles(playbook):
        parts += [f"Of the role :ansplugin:`{COLLECTION}.{role}#role`:", "", _of_role(root, role)]
    return "\n".join(parts)


def page(root: Path) -> str:
    """Return the page of all playbooks below a folder."""
    found = [read(path) for path in sorted((root / "playbooks").glob("*.yml"))]
    return "\n".join([HEAD, *(_of_playbook(root, one) for one in found)])
