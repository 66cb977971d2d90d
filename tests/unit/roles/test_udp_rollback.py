# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The role's argument specification, defaults and README say the same, and each default has its reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

ROLE = Path(__file__).resolve().parents[3] / "roles/udp_rollback"


def load(path: str) -> Any:
    return yaml.safe_load((ROLE / path).read_text(encoding="utf-8"))


def test_specification_defaults_and_readme_agree() -> None:
    options = load("meta/argument_specs.yml")["argument_specs"]["main"]["options"]
    defaults = load("defaults/main.yml")
    assert {name: option.get("default") for name, option in options.items()} == defaults
    rows = re.findall(r"^\| `(udp_rollback_\w+)` \|", (ROLE / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert sorted(rows) == sorted(defaults)


def test_every_default_has_its_reason_above_it() -> None:
    lines = (ROLE / "defaults/main.yml").read_text(encoding="utf-8").splitlines()
    assert not [line for above, line in zip(lines, lines[1:]) if re.match(r"udp_", line) and above[:1] != "#"]
