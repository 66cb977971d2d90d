# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A role's argument specification, defaults, variables and README say the same."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from ansible_collections.rxpath.linux.plugins.plugin_utils.hops_settings import VARIABLES as HOPS_VARIABLES
from ansible_collections.rxpath.linux.plugins.plugin_utils.settings import VARIABLES
from ansible_collections.rxpath.linux.plugins.plugin_utils.tuning_settings import VARIABLES as TUNING_VARIABLES

ROLES = Path(__file__).resolve().parents[3] / "roles"


class Role(NamedTuple):
    """A role, and the variables that its action normalises."""

    name: str
    variables: Iterable[str]

    def load(self, path: str) -> Any:
        return yaml.safe_load(self.text(path))

    def text(self, path: str) -> str:
        return (ROLES / self.name / path).read_text(encoding="utf-8")


ROLES_WITH_SETTINGS = [
    Role("udp_audit", VARIABLES),
    Role("udp_tuning", TUNING_VARIABLES),
    Role("udp_hops", HOPS_VARIABLES),
]
each_role = pytest.mark.parametrize("role", ROLES_WITH_SETTINGS, ids=lambda role: str(role.name))


@each_role
def test_specification_has_the_defaults(role: Role) -> None:
    options = role.load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert {name: option.get("default") for name, option in options.items()} == role.load("defaults/main.yml")


@each_role
def test_every_variable_has_a_default_and_is_handed_on(role: Role) -> None:
    assert set(role.load("defaults/main.yml")) == set(role.variables)
    assert set(role.load("vars/main.yml")[f"__{role.name}_variables"]) == set(role.variables)


@each_role
def test_every_default_has_its_reason_above_it(role: Role) -> None:
    # Lines without a blank line between them share the reason above the first.
    paragraphs = role.text("defaults/main.yml").replace("---\n", "").split("\n\n")
    bare = [
        text for text in paragraphs if re.search(rf"^{role.name}_", text, re.MULTILINE) and not text.startswith("#")
    ]
    assert not bare


@each_role
def test_readme_names_every_variable(role: Role) -> None:
    rows = re.findall(rf"^\| `({role.name}_\w+)` \|", role.text("README.md"), re.MULTILINE)
    assert sorted(rows) == sorted(role.variables)
