# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's argument specification, defaults, variables and README say the same."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml
from ansible_collections.rxpath.linux.plugins.plugin_utils.settings import APPLY, VARIABLES

ROLE = Path(__file__).resolve().parents[3] / "roles/udp_audit"


def load(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


def test_specification_has_the_defaults() -> None:
    options = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    assert {name: option.get("default") for name, option in options.items()} == load("defaults/main.yml")


def test_every_variable_has_a_default_and_is_handed_on() -> None:
    assert set(load("defaults/main.yml")) == set(VARIABLES)
    assert set(load("vars/main.yml")["__udp_audit_variables"]) == {*VARIABLES, APPLY}


def test_every_default_has_its_reason_above_it() -> None:
    lines = (ROLE / "defaults/main.yml").read_text(encoding="utf-8").splitlines()
    bare = [line for above, line in zip(lines, lines[1:]) if re.match(r"udp_audit_", line) and above[:1] != "#"]
    assert not bare


def test_readme_names_every_variable() -> None:
    rows = re.findall(r"^\| `(udp_audit_\w+)` \|", (ROLE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(VARIABLES)
