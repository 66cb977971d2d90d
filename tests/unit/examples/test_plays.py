# Copyright (c) 2026, rxpath.linux contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The playbooks below docs/examples, by Ansible's own check; the variables that they set, by the roles' specifications."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = ROOT / "docs/examples"
ANSIBLE = Path(sys.executable).with_name("ansible-playbook")
PLAYBOOKS = sorted(
    path
    for path in EXAMPLES.rglob("*.yml")
    if (document := next(yaml.safe_load_all(path.read_text(encoding="utf-8")), None)) and isinstance(document, list)
)
# Variables of the playbooks themselves.
OF_PLAYBOOKS = {"target", "udp_audit_wave"}


def specification() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((ROOT / "roles").glob("*/meta/argument_specs.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            found.update(entry.get("options") or {})
    return found


def variables(node: Any) -> Iterator[str]:
    """Yield the names below every ``vars`` that begin as the collection's do."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "vars":
                yield from (name for name in value if name.startswith("udp_"))
            yield from variables(value)
    elif isinstance(node, list):
        for value in node:
            yield from variables(value)


def syntax(path: Path, scratch: Path) -> int:
    inventory = scratch / "hosts.ini"
    inventory.write_text("[resolvers]\ndns1\n[generators]\nload1\n", encoding="utf-8")
    environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "false"}
    command = [str(ANSIBLE), "--syntax-check", "-i", str(inventory), str(path)]
    return subprocess.run(command, capture_output=True, check=False, env=environment, cwd=ROOT).returncode


def test_there_are_playbooks() -> None:
    assert {path.name for path in PLAYBOOKS} >= {"local.yml", "audit.yml", "tune.yml", "load-test.yml"}


@pytest.mark.parametrize("path", PLAYBOOKS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_playbook_is_valid(path: Path, tmp_path: Path) -> None:
    assert syntax(path, tmp_path) == 0
    unknown = set(variables(yaml.safe_load(path.read_text(encoding="utf-8")))) - set(specification()) - OF_PLAYBOOKS
    assert not unknown


def test_mistakes_are_found(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yml"
    text = (EXAMPLES / "ansible-pull/local.yml").read_text(encoding="utf-8")
    broken.write_text(text.replace("rxpath.linux.udp_tuning", "rxpath.linux.udp_tunning"), encoding="utf-8")
    assert syntax(broken, tmp_path) != 0
    play = yaml.safe_load(text.replace("udp_tuning_profile", "udp_tunning_profile"))
    assert not set(variables(play)) <= set(specification())


def survey_faults(survey: dict[str, Any]) -> list[str]:
    """Return the questions whose answers the role would refuse, and what AWX asks of a survey."""
    known = specification()
    wrong = [key for key in ("name", "description", "spec") if key not in survey]
    for row in survey["spec"]:
        name, option = row["variable"], known.get(row["variable"], {})
        if not option:
            wrong.append(f"{name}: no such variable")
        if row["type"] not in ("text", "textarea", "password", "integer", "float", "multiplechoice", "multiselect"):
            wrong.append(f"{name}: no such type")
        if row["type"] == "integer" and option.get("type") not in ("int", "float"):
            wrong.append(f"{name}: the role takes no number")
        if row["type"] == "multiplechoice" and row["default"] not in row["choices"]:
            wrong.append(f"{name}: the default is no choice")
        if str(row["default"]).lower() != str(option.get("default")).lower():
            wrong.append(f"{name}: another default than the role's")
    return wrong


def test_survey_asks_what_the_role_takes() -> None:
    survey = yaml.safe_load((EXAMPLES / "awx/survey.yml").read_text(encoding="utf-8"))
    assert not survey_faults(survey)
    survey["spec"][0].update(variable="udp_audit_seconds")
    survey["spec"][1].update(default="none")
    assert survey_faults(survey) == [
        "udp_audit_seconds: no such variable",
        "udp_audit_seconds: the role takes no number",
        "udp_audit_seconds: another default than the role's",
        "udp_audit_namespaces: the default is no choice",
        "udp_audit_namespaces: another default than the role's",
    ]
